"""How far a mean BD figure can be trusted: intervals, influence of each sequence, sign test.

Source: Efron 1987 (bias-corrected and accelerated interval); Künsch 1989 (blocks of pictures);
ctc/conditions/conditions.md, clause 6.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, fsum
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

# Four sequences have 35 different resamples; an interval from fewer says nothing.
LEAST_SEQUENCES = 4


@dataclass(frozen=True)
class BootstrapSettings:
    """Everything that decides a resample; the same settings give the same interval."""

    resamples: int = 10_000
    level: float = 0.95
    seed: int = 1

    def signature(self, of: str, method: str) -> str:
        """Text that reproduces an interval.

        >>> BootstrapSettings().signature("sequences", "bca")
        'bootstrap|of:sequences|interval:bca|resamples:10000|level:0.95|seed:1|v:1'
        """
        return (
            f"bootstrap|of:{of}|interval:{method}|resamples:{self.resamples}"
            f"|level:{self.level}|seed:{self.seed}|v:1"
        )


@dataclass(frozen=True)
class Interval:
    """Bounds of a mean; both None with a reason when they cannot be given."""

    low: float | None
    high: float | None
    signature: str
    reason: str = ""


@dataclass(frozen=True)
class Influence:
    """The mean without one sequence, and how far the sequence moves the mean."""

    sequence: str
    mean_without: float
    shift: float


@dataclass(frozen=True)
class SignTest:
    """How many sequences gain (below 0) and lose; p of a fair coin doing as much, two-sided."""

    gains: int
    losses: int
    ties: int
    p_value: float


def resample_indices(items: int, settings: BootstrapSettings) -> npt.NDArray[np.int64]:
    """Return indices of shape (resamples, items), each uniform in 0..items - 1.

    From the raw output of PCG64, which is the same in every version of numpy.
    """
    raw = np.random.PCG64(settings.seed).random_raw(settings.resamples * items)
    indices = ((raw >> np.uint64(32)) * np.uint64(items)) >> np.uint64(32)
    return indices.astype(np.int64).reshape(settings.resamples, items)


def sequence_intervals(figures: Array, settings: BootstrapSettings | None = None) -> list[Interval]:
    """Return the interval of the mean of each row; figures: shape (rows, sequences), finite.

    All rows share their resamples, so that rows can be compared.
    """
    settings = settings or BootstrapSettings()
    signature = settings.signature("sequences", "bca")
    rows, items = figures.shape
    if items < LEAST_SEQUENCES:
        reason = f"{items} sequences: an interval needs {LEAST_SEQUENCES}"
        return [Interval(None, None, signature, reason)] * rows
    indices = resample_indices(items, settings)
    return [_bca(row, row[indices].mean(axis=1), settings.level, signature) for row in figures]


def _bca(figures: Array, means: Array, level: float, signature: str) -> Interval:
    """The bias-corrected and accelerated interval of a mean.  Source: Efron 1987, section 3."""
    count, estimate = len(figures), float(figures.mean())
    spread = figures - estimate
    if not spread.any():
        return Interval(estimate, estimate, signature)
    normal = NormalDist()
    below = float((means < estimate).mean() + (means <= estimate).mean()) / 2
    edge = 0.5 / len(means)
    bias = normal.inv_cdf(min(max(below, edge), 1 - edge))
    # The mean without one sequence differs from their average by -spread / (count - 1).
    squares, cubes = float((spread**2).sum()), float((spread**3).sum())
    acceleration = cubes / (6.0 * squares**1.5) if count > 1 else 0.0
    bounds = []
    for tail in ((1 - level) / 2, (1 + level) / 2):
        z = bias + normal.inv_cdf(tail)
        bounds.append(normal.cdf(bias + z / (1 - acceleration * z)))
    low, high = np.quantile(means, bounds)
    return Interval(float(low), float(high), signature)


def influences(figures: Sequence[tuple[str, float]]) -> tuple[Influence, ...]:
    """Return what each sequence does to the mean, strongest first; empty below two sequences.

    >>> influences([("a", -0.25), ("b", 0.0), ("c", -0.5)])[0]
    Influence(sequence='b', mean_without=-0.375, shift=0.125)
    """
    count = len(figures)
    if count < 2:
        return ()
    total = fsum(value for _, value in figures)
    found = []
    for sequence, value in figures:
        without = (total - value) / (count - 1)
        found.append(Influence(sequence, without, total / count - without))
    return tuple(sorted(found, key=lambda f: -abs(f.shift)))


def sign_test(figures: Sequence[float]) -> SignTest:
    """Return the count of gains and losses and its probability under chance.

    >>> sign_test([-0.1, -0.2, -0.1, -0.3, 0.1])
    SignTest(gains=4, losses=1, ties=0, p_value=0.375)
    """
    gains = sum(value < 0 for value in figures)
    losses = sum(value > 0 for value in figures)
    trials = gains + losses
    tail = sum(comb(trials, k) for k in range(min(gains, losses) + 1))
    p_value = min(1.0, 2 * tail / 2**trials)
    return SignTest(gains, losses, len(figures) - trials, p_value)

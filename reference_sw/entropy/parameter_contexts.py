"""Context indices of a residual's bins, from residuals that are already decoded.

Source: specification, clause 10.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from reference_sw.entropy.context_model import ContextModel

NUM_INPUTS = 5
MAGNITUDE_LIMIT = 1023
LEVEL_THRESHOLDS = (1, 2, 4, 7, 12, 20, 32, 52, 84, 136, 220)
DRIFT_THRESHOLDS = (6, 20)
NUM_LEVELS = len(LEVEL_THRESHOLDS) + 1
MAX_PREFIX = 33
CONTEXT_RATE = 8


class BinKind(IntEnum):
    """What a bin says of a residual.  Source: specification, clause 10.3."""

    SIGNIFICANT = 0
    SIGN = 1
    GREATER_1 = 2
    GREATER_2 = 3
    GREATER_3_4 = 4


GREATER_KINDS = (
    BinKind.GREATER_1,
    BinKind.GREATER_2,
    BinKind.GREATER_3_4,
    BinKind.GREATER_3_4,
)
INITIAL_PROBABILITIES = (45, 64, 32, 38, 51)
"""Initial probability, in units of 2^-7, of a 1 for the contexts of each kind of bin."""

ESCAPE_INITIAL_PROBABILITY = 64


def level(activity: int) -> int:
    """Class 0..11 of a mean magnitude in units of 1/16, in steps of a factor of about 1.6.

    >>> [level(a) for a in (0, 1, 3, 16, 219, 220)]
    [0, 1, 2, 5, 10, 11]
    """
    return sum(activity >= threshold for threshold in LEVEL_THRESHOLDS)


def sign_class(residual: int) -> int:
    """0 for zero, 1 for a positive, 2 for a negative residual."""
    return 0 if residual == 0 else 1 if residual > 0 else 2


def drift_class(drift: int) -> int:
    """Class 0..4 of a mean residual in units of 1/64: 2 none, 3 and 4 up, 1 and 0 down."""
    size = sum(abs(drift) >= threshold for threshold in DRIFT_THRESHOLDS)
    return 2 + size if drift >= 0 else 2 - size


class ResidualModel:
    """Adaptive state of one group's residuals: contexts, mixers and what past pictures held.

    A group has two, one for intra pictures (prediction from nothing) and one for others.
    """

    def __init__(self, num_values: int) -> None:
        self._contexts: dict[tuple[int, int, int], ContextModel] = {}
        self._prefix: dict[tuple[int, int], ContextModel] = {}
        self.last = [0] * num_values
        self.before_last = [0] * num_values
        self.magnitude = [0] * num_values
        self.drift = [0] * num_values
        self.activity = 0

    def contexts(self, kind: BinKind, indices: Sequence[int]) -> list[ContextModel]:
        """The context of each input for one bin; one that was not used yet is initial."""
        found = []
        for number, index in enumerate(indices):
            key = (kind, number, index)
            if key not in self._contexts:
                self._contexts[key] = ContextModel(INITIAL_PROBABILITIES[kind], CONTEXT_RATE)
            found.append(self._contexts[key])
        return found

    def prefix_context(self, level: int, prefix: int) -> ContextModel:
        """The context of one bin of an escape's prefix."""
        key = (level, prefix)
        if key not in self._prefix:
            self._prefix[key] = ContextModel(ESCAPE_INITIAL_PROBABILITY, CONTEXT_RATE)
        return self._prefix[key]

    def end_picture(self, residuals: Sequence[int]) -> None:
        """Take the residuals of a finished picture into the history.

        Source: specification, clause 10.4.4.
        """
        total = 0
        for i, residual in enumerate(residuals):
            size = min(abs(residual), MAGNITUDE_LIMIT)
            total += size
            self.magnitude[i] += ((size << 4) + (4 if size else 0) - self.magnitude[i]) >> 3
            limited = min(max(residual, -MAGNITUDE_LIMIT), MAGNITUDE_LIMIT)
            self.drift[i] += ((limited << 6) - self.drift[i]) >> 2
        self.activity = 16 * total // len(residuals)
        self.before_last = self.last
        self.last = list(residuals)


@dataclass(frozen=True)
class OtherGroup:
    """What the group before has shown in this picture: its class and each point's magnitudes."""

    level: int
    points: tuple[int, ...]


def seen_in(residuals: Sequence[int], activity: int, components: int) -> OtherGroup:
    """Return what a coded group tells the group after it; activity: its mean magnitude * 16."""
    points = tuple(
        sum(min(abs(r), 5) for r in residuals[start : start + components])
        for start in range(0, len(residuals), components)
    )
    return OtherGroup(level(activity), points)


@dataclass(frozen=True)
class ResidualContexts:
    """Contexts of the inputs for magnitude bins and the sign bin; level of the history."""

    magnitude: tuple[int, int, int, int, int]
    sign: tuple[int, int, int, int, int]
    level: int


def residual_contexts(
    model: ResidualModel, decoded: Sequence[int], so_far: int, components: int, other: OtherGroup
) -> ResidualContexts:
    """Return the contexts of the value that follows `decoded` in its group and picture.

    decoded: the group's residuals of this picture so far; so_far: the sum of their magnitudes, each
    limited to 1023.  Source: specification, clause 10.4.
    """
    i = len(decoded)
    point, component = divmod(i, components)
    west = decoded[i - 1] if component > 0 else 0
    west_2 = decoded[i - 2] if component > 1 else 0
    in_point = sum(min(abs(r), 5) for r in decoded[i - component :])
    north = decoded[i - components] if point > 0 else 0
    north_2 = decoded[i - 2 * components] if point > 1 else 0
    last, before_last = model.last[i], model.before_last[i]
    recent = 3 * min(abs(last), 2) + min(abs(before_last), 2)
    level_picture = level((16 * so_far + 4 * model.activity) // (i + 4))
    level_history = level(model.magnitude[i])
    drift = drift_class(model.drift[i])
    same_points = len(other.points) * components == len(model.last)
    matching = min(other.points[point], 5) if same_points else 0
    signs = [sign_class(r) for r in (last, before_last, north, west, north_2, west_2)]
    return ResidualContexts(
        magnitude=(
            NUM_LEVELS * level_history + level_picture,
            NUM_LEVELS * recent + level_history,
            27 * min(abs(west), 2) + 9 * min(abs(north), 2) + recent,
            NUM_LEVELS * (6 * matching + min(in_point, 5)) + other.level,
            i,
        ),
        sign=(
            15 * signs[0] + 5 * signs[1] + drift,
            9 * signs[2] + 3 * signs[3] + signs[4],
            9 * signs[0] + 3 * signs[2] + signs[3],
            9 * min(component, 11) + 3 * signs[3] + signs[5],
            i,
        ),
        level=level_history,
    )

"""BD-rate against the package bjontegaard, and the time that error bars of a report take."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from bjontegaard import bd_rate as peer_bd_rate

from ctc.bd_rate import bd_rate
from ctc.comparison import compare_configuration
from ctc.comparison_uncertainty import uncertainty_of
from ctc.rd_curve import Curve
from tests.ctc.synthetic_results import Shape, synthetic_campaign

Row = tuple[str, float, float, float, float]
PAIRS = 200
ROUNDS = 5
LEAST_RATIO = 20.0
MOST_SECONDS = 2.0


def run() -> list[Row]:
    """Return rows (name, ours, peer, ratio, target): seconds, seconds, peer / ours, at least."""
    rows = [_against_peer(method) for method in ("pchip", "akima", "cubic")]
    return [*rows, _error_bars(pictures=False), _error_bars(pictures=True)]


def _against_peer(method: str) -> Row:
    pairs = [_pair(random.Random(number)) for number in range(PAIRS)]

    def ours() -> None:
        for rates_a, anchor, rates_t, test in pairs:
            bd_rate(Curve(rates_a, anchor), Curve(rates_t, test), interpolation=method)

    def peer() -> None:
        for pair in pairs:
            peer_bd_rate(*pair, method=method, min_overlap=0)

    ours_s, peer_s = _least_seconds(ours) / PAIRS, _least_seconds(peer) / PAIRS
    target = LEAST_RATIO if method == "pchip" else 1.0
    return (f"BD-rate {method}, one pair", ours_s, peer_s, peer_s / ours_s, target)


def _pair(
    source: random.Random,
) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
    rates = tuple(100.0 * 2**i * source.uniform(0.9, 1.1) for i in range(4))
    qualities = tuple(30.0 + 2.5 * i + source.uniform(-0.5, 0.5) for i in range(4))
    factor, lift = source.uniform(0.7, 1.2), source.uniform(-0.5, 0.5)
    return rates, qualities, tuple(r * factor for r in rates), tuple(q + lift for q in qualities)


def _error_bars(*, pictures: bool) -> Row:
    """10,000 resamples of 33 sequences and 4 metrics; the peer is the allowance of 2 s."""
    shape = Shape(
        classes=(("VOXCELEB", 15), ("CFVQA", 18)),
        cards=("vtm", "gvc-face"),
        metrics=4,
        pictures=100,
    )
    configuration = synthetic_campaign(shape).configurations[0]
    comparison = compare_configuration(configuration)

    def ours() -> None:
        uncertainty_of(configuration, comparison, pictures=pictures)

    seconds = _least_seconds(ours, rounds=2)
    name = "sequences and pictures" if pictures else "sequences"
    return (f"10,000 resamples of {name}", seconds, MOST_SECONDS, MOST_SECONDS / seconds, 1.0)


def _least_seconds(work: Callable[[], None], rounds: int = ROUNDS) -> float:
    """The least time of a few rounds: the machine may be busy with other things."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)

"""What the formulas of a calculation row give: the numbers stored beside them for readers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from ctc.rd_curve import Curve

Cached = float | str


def curve_values(
    curve: Curve | None, slots: int, lower: bool, low: float, high: float
) -> list[Cached]:
    """Return the values of the columns of one curve, in order; an absent cell is empty text."""
    if curve is None:
        return [0, *[""] * (6 * slots - 2), ""]
    points = curve.by_quality(not lower)
    x = list(dict.fromkeys(quality for quality, _ in points))
    first = {quality: rate for quality, rate in reversed(_in_order(curve, lower))}
    y = [math.log10(first[quality]) for quality in x]
    faults = _unlike(curve) + sum(after <= before for before, after in pairwise(y))
    s = [(y1 - y0) / (x1 - x0) for x0, x1, y0, y1 in zip(x, x[1:], y, y[1:], strict=False)]
    d = _slopes(x, s)
    u = [sorted((low, high, value))[1] for value in x]
    i = [_integral(k, x, y, s, d, u) for k in range(len(x) - 1)]
    counts = ((x, slots), (y, slots), (s, slots - 1), (d, slots), (u, slots), (i, slots - 1))
    return [1, *(v for values, count in counts for v in _filled(values, count)), faults]


def interval(anchor: Curve | None, test: Curve | None, lower: bool) -> tuple[float, float]:
    """Return low and high as the formulas do: 0 where no quality is known."""
    ranges = [
        [quality for quality, _ in curve.by_quality(not lower)] if curve else []
        for curve in (anchor, test)
    ]
    lows = [min(values) for values in ranges if values]
    highs = [max(values) if values else 0.0 for values in ranges]
    return (max(lows) if lows else 0.0), min(highs)


def _in_order(curve: Curve, lower: bool) -> list[tuple[float, float]]:
    sign = -1.0 if lower else 1.0
    return [(sign * q, r) for q, r in zip(curve.qualities, curve.rates, strict=True)]


def _unlike(curve: Curve) -> int:
    """Points that share a quality or a rate with an earlier point, but not both."""
    pairs = zip(curve.qualities, curve.rates, strict=True)
    return sum(curve.qualities.index(q) != curve.rates.index(r) for q, r in pairs)


def _slopes(x: Sequence[float], s: Sequence[float]) -> list[float]:
    """PCHIP slopes of a rising curve; what they are for another does not matter, it is refused."""
    if len(x) < 3:
        return [s[0], s[0]] if s else []
    inner = [
        0.0
        if min(s0, s1) <= 0
        else 3 * (x2 - x0) / ((2 * x2 - x1 - x0) / s0 + (x2 + x1 - 2 * x0) / s1)
        for x0, x1, x2, s0, s1 in zip(x, x[1:], x[2:], s, s[1:], strict=False)
    ]
    first = ((x[2] + x[1] - 2 * x[0]) * s[0] - (x[1] - x[0]) * s[1]) / (x[2] - x[0])
    last = ((2 * x[-1] - x[-2] - x[-3]) * s[-1] - (x[-1] - x[-2]) * s[-2]) / (x[-1] - x[-3])
    return [max(0.0, first), *inner, max(0.0, last)]


def _filled(values: Sequence[float], count: int) -> list[Cached]:
    return [*values, *[""] * (count - len(values))]


def _integral(
    k: int,
    x: Sequence[float],
    y: Sequence[float],
    s: Sequence[float],
    d: Sequence[float],
    u: Sequence[float],
) -> float:
    h, a, b = x[k + 1] - x[k], u[k] - x[k], u[k + 1] - x[k]
    second = (3 * s[k] - 2 * d[k] - d[k + 1]) / h
    third = (d[k] + d[k + 1] - 2 * s[k]) / h**2
    return (b - a) * (
        y[k]
        + (a + b) * d[k] / 2
        + (a * a + b * b + a * b) * second / 3
        + (a + b) * (a * a + b * b) * third / 4
    )

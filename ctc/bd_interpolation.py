"""The three interpolations of Bjontegaard figures, each with its exact integral.

Own formulas, so that a figure never moves with the version of a numerical library.
Source: Fritsch and Butland 1984 (PCHIP, as in the workbook of JVET-T2010 and VCEG-AE07),
Akima 1970, and VCEG-M33 (one cubic for all points).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence

import numpy as np

Values = Sequence[float]
Integral = Callable[[Values, Values, float, float], float]

# Akima's weights are 0/0 where four secants pair up; below this share of the largest weight the
# slope is the mean of the outer secants.  Source: Akima 1970, section 2.1, case of equal slopes.
AKIMA_LEAST_WEIGHT = 1e-9


def pchip_slopes(x: Values, y: Values) -> list[float]:
    """Slopes at the points of a monotone piecewise cubic; x rises strictly, at least 2 points.

    Interior: weighted harmonic mean of the secants, 0 where they differ in sign. Ends: three-point
    formula, 0 where its sign differs from the first secant's, at most 3 secants where the secants
    differ in sign.
    """
    h0 = x[1] - x[0]
    secant0 = (y[1] - y[0]) / h0
    if len(x) == 2:
        return [secant0, secant0]
    h1 = x[2] - x[1]
    secant1 = (y[2] - y[1]) / h1
    slopes = [_end_slope(h0, h1, secant0, secant1)]
    for i in range(1, len(x) - 1):
        h1 = x[i + 1] - x[i]
        secant1 = (y[i + 1] - y[i]) / h1
        if secant0 * secant1 > 0.0:
            both = h0 + h1
            slopes.append(3.0 * both / ((both + h1) / secant0 + (both + h0) / secant1))
        else:
            slopes.append(0.0)
        before, h0, secant0, previous = h0, h1, secant1, secant0
    slopes.append(_end_slope(h0, before, secant0, previous))
    return slopes


def _end_slope(h0: float, h1: float, first: float, second: float) -> float:
    slope = ((2.0 * h0 + h1) * first - h0 * second) / (h0 + h1)
    if slope * first <= 0.0:
        return 0.0
    if first * second < 0.0 and abs(slope) > 3.0 * abs(first):
        return 3.0 * first
    return slope


def akima_slopes(x: Values, y: Values) -> list[float]:
    """Slopes at the points by Akima's rule; x rises strictly, at least 2 points (2: a line)."""
    inner = [(y[i + 1] - y[i]) / (x[i + 1] - x[i]) for i in range(len(x) - 1)]
    if len(inner) == 1:
        return [inner[0], inner[0]]
    left, right = 2 * inner[0] - inner[1], 2 * inner[-1] - inner[-2]
    m = [2 * left - inner[0], left, *inner, right, 2 * right - inner[-1]]
    change = [abs(m[i + 1] - m[i]) for i in range(len(m) - 1)]
    weights = [change[i] + change[i + 2] for i in range(len(x))]
    least = AKIMA_LEAST_WEIGHT * max(weights)
    slopes = []
    for i, weight in enumerate(weights):
        if weight > least:
            slopes.append(m[i + 1] + change[i] / weight * (m[i + 2] - m[i + 1]))
        else:
            slopes.append(0.5 * (m[i] + m[i + 3]))
    return slopes


def hermite_integral(x: Values, y: Values, slopes: Values, low: float, high: float) -> float:
    """Exact integral over [low, high], inside [x[0], x[-1]], of the piecewise cubic."""
    total = 0.0
    for i in range(len(x) - 1):
        start, end = x[i], x[i + 1]
        if low <= start and end <= high:
            h = end - start
            total += h * ((y[i] + y[i + 1]) / 2.0 + h * (slopes[i] - slopes[i + 1]) / 12.0)
        elif start < high and end > low:
            h = end - start
            secant = (y[i + 1] - y[i]) / h
            cubic = (
                y[i],
                slopes[i] / 2.0,
                (3.0 * secant - 2.0 * slopes[i] - slopes[i + 1]) / h / 3.0,
                (slopes[i] - 2.0 * secant + slopes[i + 1]) / (h * h) / 4.0,
            )
            total += _from_start(cubic, min(end, high) - start)
            if low > start:
                total -= _from_start(cubic, low - start)
    return total


def _from_start(powers: tuple[float, float, float, float], s: float) -> float:
    return s * (powers[0] + s * (powers[1] + s * (powers[2] + s * powers[3])))


def pchip_integral(x: Values, y: Values, low: float, high: float) -> float:
    """Integral of the PCHIP curve through the points."""
    return hermite_integral(x, y, pchip_slopes(x, y), low, high)


def akima_integral(x: Values, y: Values, low: float, high: float) -> float:
    """Integral of the Akima curve through the points."""
    return hermite_integral(x, y, akima_slopes(x, y), low, high)


def cubic_integral(x: Values, y: Values, low: float, high: float) -> float:
    """Integral of one least-squares cubic; exact through 4 points.  Source: VCEG-M33."""
    # Centred and scaled to [-1, 1]: powers of raw decibels lose most of the digits.
    centre, half = (x[0] + x[-1]) / 2.0, (x[-1] - x[0]) / 2.0
    scaled = (np.asarray(x, dtype=np.float64) - centre) / half
    powers = np.polyint(np.polyfit(scaled, np.asarray(y, dtype=np.float64), 3))
    ends = np.polyval(powers, (np.array([low, high]) - centre) / half)
    return float(ends[1] - ends[0]) * half


INTEGRALS: dict[str, Integral] = {
    "pchip": pchip_integral,
    "akima": akima_integral,
    "cubic": cubic_integral,
}
LEAST_POINTS = {"pchip": 2, "akima": 2, "cubic": 4}


def pchip_value(x: Values, y: Values, at: float) -> float:
    """Value at `at`, inside [x[0], x[-1]], of the PCHIP curve through the points.

    >>> pchip_value([0.0, 1.0, 2.0], [0.0, 1.0, 2.0], 0.5)
    0.5
    """
    slopes = pchip_slopes(x, y)
    i = max(0, min(bisect_right(x, at), len(x) - 1) - 1)
    h, s = x[i + 1] - x[i], at - x[i]
    secant = (y[i + 1] - y[i]) / h
    square = (3.0 * secant - 2.0 * slopes[i] - slopes[i + 1]) / h
    cube = (slopes[i] - 2.0 * secant + slopes[i + 1]) / (h * h)
    return y[i] + s * (slopes[i] + s * (square + s * cube))

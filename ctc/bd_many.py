"""PCHIP BD-rate of many pairs at once: the resamples of a bootstrap.

The same formulas as ctc/bd_interpolation.py, on arrays; a test holds the two together.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def bd_rates(
    anchor_log_rates: Array, anchor_qualities: Array, test_log_rates: Array, test_qualities: Array
) -> Array:
    """Return the BD-rate of each pair as a fraction, NaN where it is undefined.

    log_rates: shape (points,), log10 of kbit/s, rising strictly; qualities: shape (pairs, points),
    in the same order, more is better; at least 2 points. Undefined where qualities do not rise
    strictly or the curves share no interval.
    """
    low = np.maximum(anchor_qualities[:, 0], test_qualities[:, 0])
    high = np.minimum(anchor_qualities[:, -1], test_qualities[:, -1])
    undefined = high <= low
    for qualities in (anchor_qualities, test_qualities):
        undefined |= (np.diff(qualities, axis=1) <= 0).any(axis=1)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        difference = _integrals(test_qualities, test_log_rates, low, high)
        difference -= _integrals(anchor_qualities, anchor_log_rates, low, high)
        values: Array = 10.0 ** (difference / (high - low)) - 1.0
    values[undefined] = np.nan
    return values


def _integrals(x: Array, y: Array, low: Array, high: Array) -> Array:
    """Integral of each PCHIP curve over its [low, high]; x: (pairs, points), y: (points,)."""
    h = np.diff(x, axis=1)
    secant = np.diff(y)[np.newaxis, :] / h
    slopes = _slopes(h, secant)
    total = np.zeros(len(x))
    for i in range(h.shape[1]):
        start = np.maximum(low - x[:, i], 0.0)
        end = np.minimum(high - x[:, i], h[:, i])
        inside = end > start
        before, after = slopes[:, i], slopes[:, i + 1]
        square = (3.0 * secant[:, i] - 2.0 * before - after) / h[:, i] / 3.0
        cube = (before - 2.0 * secant[:, i] + after) / (h[:, i] * h[:, i]) / 4.0

        def from_start(
            s: Array, first: float = y[i], d: Array = before, c: Array = square, b: Array = cube
        ) -> Array:
            return s * (first + s * (d / 2.0 + s * (c + s * b)))

        total += np.where(inside, from_start(end) - from_start(start), 0.0)
    return total


def _slopes(h: Array, secant: Array) -> Array:
    """PCHIP slopes, shape (pairs, points), of curves that rise."""
    if h.shape[1] == 1:
        return np.repeat(secant, 2, axis=1)
    both = h[:, :-1] + h[:, 1:]
    inner = 3.0 * both / ((both + h[:, 1:]) / secant[:, :-1] + (both + h[:, :-1]) / secant[:, 1:])
    first = _end(h[:, 0], h[:, 1], secant[:, 0], secant[:, 1])
    last = _end(h[:, -1], h[:, -2], secant[:, -1], secant[:, -2])
    return np.concatenate([first[:, np.newaxis], inner, last[:, np.newaxis]], axis=1)


def _end(h0: Array, h1: Array, first: Array, second: Array) -> Array:
    slope: Array = ((2.0 * h0 + h1) * first - h0 * second) / (h0 + h1)
    return np.maximum(slope, 0.0)

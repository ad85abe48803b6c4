"""Compiled sums over features for LPIPS and DISTS, and DISTS's pooling: each value is read once.

Features are float32 of one picture on the CPU, channels last. Sums over places are float64.
Loops are shaped so that the compiler turns them into vectors: indices that it knows to be positive
(of rows and slices, never sums), few arrays each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

# Values handled in one go; whole places, so more where there are more channels.
CHUNK = 512

_plain: Callable[..., Any] = numba.njit(cache=True, nogil=True, fastmath={"contract"})
# Sums over channels may be taken in any order, which vectors need.
_reordering: Callable[..., Any] = numba.njit(
    cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"}
)


@_reordering
def unit_difference(a, b, weights, epsilon):  # type: ignore[no-untyped-def]
    """Return the mean over places of the weighted squared difference of unit-length features.

    a, b: (places, channels); weights: (channels,) float32; epsilon: added to each length.
    """
    places, channels = a.shape
    total = np.float64(0)
    for p in range(places):
        squares_a, squares_b = np.float32(0), np.float32(0)
        for c in range(channels):
            squares_a += a[p, c] * a[p, c]
            squares_b += b[p, c] * b[p, c]
        scale_a = np.float32(1) / (np.sqrt(squares_a) + np.float32(epsilon))
        scale_b = np.float32(1) / (np.sqrt(squares_b) + np.float32(epsilon))
        place = np.float32(0)
        for c in range(channels):
            difference = a[p, c] * scale_a - b[p, c] * scale_b
            place += weights[c] * (difference * difference)
        total += place
    return total / places


@_plain
def moments(a):  # type: ignore[no-untyped-def]
    """Return the means of each channel and of its squares, (2, channels), of (places, channels)."""
    places, channels = a.shape
    length = channels * max(1, CHUNK // channels)
    flat = a.reshape(-1)
    sums, squares = np.zeros(length), np.zeros(length)
    for start in range(0, len(flat), length):
        part = flat[start : start + length]
        for k in range(len(part)):
            value = np.float64(part[k])
            sums[k] += value
            squares[k] += value * value
    means = np.zeros((2, channels))
    for k in range(length):
        means[0, k % channels] += sums[k] / places
        means[1, k % channels] += squares[k] / places
    return means


@_plain
def mean_product(a, b):  # type: ignore[no-untyped-def]
    """Return the mean of each channel's products, (channels,), of two of (places, channels)."""
    places, channels = a.shape
    length = channels * max(1, CHUNK // channels)
    first, second = a.reshape(-1), b.reshape(-1)
    sums = np.zeros(length)
    for start in range(0, len(first), length):
        left, right = first[start : start + length], second[start : start + length]
        for k in range(len(left)):
            sums[k] += np.float64(left[k]) * np.float64(right[k])
    means = np.zeros(channels)
    for k in range(length):
        means[k % channels] += sums[k] / places
    return means


@_plain
def l2_pool(a, out):  # type: ignore[no-untyped-def]
    """Write roots of (1 2 1) x (1 2 1) / 16 sums of squares at every second place into out.

    a: (height, width, channels); out: half of it, odd sizes rounded up. Outside is 0.
    """
    height, width, channels = a.shape
    rows = a.reshape(height, -1)
    column = np.zeros((width + 2) * channels, np.float32)
    squares = column[channels:]
    places = column.reshape(width + 2, channels)
    for y in range(out.shape[0]):
        row = rows[2 * y]
        for k in range(len(row)):
            squares[k] = np.float32(2) * row[k] * row[k]
        for near in (2 * y - 1, 2 * y + 1):
            if 0 <= near < height:
                row = rows[near]
                for k in range(len(row)):
                    squares[k] += row[k] * row[k]
        for x in range(out.shape[1]):
            left, middle, right = places[2 * x], places[2 * x + 1], places[2 * x + 2]
            into = out[y, x]
            for c in range(channels):
                total = left[c] + np.float32(2) * middle[c] + right[c]
                into[c] = np.sqrt(total * np.float32(1 / 16) + np.float32(1e-12))

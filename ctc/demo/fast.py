"""Compiled twins of the vector arithmetic in fixed_point.py, equal to it in every value."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from ctc.demo import fixed_point
from ctc.demo.fixed_point import Ints


@numba.njit(inline="always")
def _step(value, low, high):  # type: ignore[no-untyped-def]
    if value <= low:
        return 0
    if value >= high:
        return 4096
    t = (value - low) * 4096 // (high - low)
    return (t * t * (12288 - 2 * t)) >> 24


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _steps(value, low, high, out) -> None:  # type: ignore[no-untyped-def]
    for i in range(value.shape[0]):
        out[i] = _step(value[i], low, high)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _steps_each(value, low, high, out) -> None:  # type: ignore[no-untyped-def]
    for i in range(value.shape[0]):
        out[i] = _step(value[i], low[i], high[i])


def step(value: Ints, low: int | Ints, high: int | Ints) -> Ints:
    """Return what fixed_point.step returns."""
    out = np.empty(value.shape, np.int64)
    if isinstance(low, int) and isinstance(high, int):
        _steps(value.ravel(), low, high, out.reshape(-1))
    else:
        lows, highs = (np.broadcast_to(v, value.shape).ravel() for v in (low, high))
        _steps_each(value.ravel(), lows, highs, out.reshape(-1))
    return out


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _bumps(square, radius, out) -> None:  # type: ignore[no-untyped-def]
    for i in range(square.shape[0]):
        t = np.int64(0)
        if square[i] < radius:
            t = 4096 - square[i] * 4096 // radius
        out[i] = (t * t) >> 12


def bump(square: Ints, radius_square: int) -> Ints:
    """Return what fixed_point.bump returns; square is not negative."""
    out = np.empty(square.shape, np.int64)
    _bumps(square.ravel(), radius_square, out.reshape(-1))
    return out


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _roots(value, out) -> None:  # type: ignore[no-untyped-def]
    for i in range(value.shape[0]):
        rest, root = value[i], np.int64(0)
        bit = np.int64(1)
        while bit << 2 <= rest:
            bit <<= 2
        while bit:
            if rest >= root + bit:
                rest -= root + bit
                root = (root >> 1) + bit
            else:
                root >>= 1
            bit >>= 2
        out[i] = root


def square_root(value: Ints) -> Ints:
    """Return what fixed_point.square_root returns, for 0 <= value < 2^60."""
    out = np.empty(value.shape, np.int64)
    _roots(value.ravel(), out.reshape(-1))
    return out


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _noises(x, y, bits, lattice, out) -> None:  # type: ignore[no-untyped-def]
    size = np.int64(1) << bits
    for i in range(x.shape[0]):
        left, top = x[i] >> bits, y[i] >> bits
        fx = _step(x[i] & (size - 1), 0, size)
        fy = _step(y[i] & (size - 1), 0, size)
        first, second = left & 255, (left + 1) & 255
        upper, lower = (top & 255) << 8, ((top + 1) & 255) << 8
        a, c = lattice[upper | first], lattice[lower | first]
        above = a + ((lattice[upper | second] - a) * fx >> 12)
        below = c + ((lattice[lower | second] - c) * fx >> 12)
        out[i] = above + ((below - above) * fy >> 12)


def noise(x: Ints, y: Ints, cell_bits: int, seed: int) -> Ints:
    """Return what fixed_point.noise returns."""
    x, y = np.broadcast_arrays(x, y)
    out = np.empty(x.shape, np.int64)
    _noises(x.ravel(), y.ravel(), cell_bits, fixed_point.lattice(seed), out.reshape(-1))
    return out


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _mixes(colours, other, weight, out) -> None:  # type: ignore[no-untyped-def]
    for i in range(colours.shape[0]):
        row = min(i, other.shape[0] - 1)
        for c in range(3):
            old = colours[i, c]
            out[i, c] = old + ((other[row, c] - old) * weight[i] >> 12)


def mix(colours: Ints, other: Ints | tuple[int, int, int], weight: Ints) -> Ints:
    """Return what fixed_point.mix returns."""
    out = np.empty(colours.shape, np.int64)
    _mixes(colours, np.atleast_2d(np.asarray(other, np.int64)), weight, out)
    return out


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _interpolate(values, corners, weights, out) -> None:  # type: ignore[no-untyped-def]
    for i in range(corners.shape[0]):
        a, b, c = corners[i, 0], corners[i, 1], corners[i, 2]
        u, v, w = weights[i, 0], weights[i, 1], weights[i, 2]
        area = u + v + w
        for k in range(values.shape[1]):
            out[i, k] = (values[a, k] * u + values[b, k] * v + values[c, k] * w) // area


def interpolated(values: Ints, corners: Ints, weights: Ints) -> Ints:
    """Return what fixed_point.interpolated returns."""
    out = np.empty((len(corners), values.shape[1]), np.int64)
    _interpolate(values, corners, weights, out)
    return out


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _dots(vectors, other, out) -> None:  # type: ignore[no-untyped-def]
    x, y, z = other[0], other[1], other[2]
    for i in range(vectors.shape[0]):
        out[i] = (vectors[i, 0] * x + vectors[i, 1] * y + vectors[i, 2] * z) >> 12


def dot(vectors: Ints, other: Ints) -> Ints:
    """Return what fixed_point.dot returns."""
    out = np.empty(len(vectors), np.int64)
    _dots(vectors, other, out)
    return out


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _light(a, b, c, d, colours, out) -> None:  # type: ignore[no-untyped-def]
    for i in range(a.shape[0]):
        for k in range(3):
            light = a[i] * colours[0, k] + b[i] * colours[1, k]
            out[i, k] = (light + c[i] * colours[2, k] + d[i] * colours[3, k]) >> 12


def summed_light(strengths: tuple[Ints, Ints, Ints, Ints], colours: Ints) -> Ints:
    """Return what fixed_point.summed_light returns."""
    out = np.empty((len(strengths[0]), 3), np.int64)
    _light(*strengths, colours, out)
    return out


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _turned_away(screen, corners, out) -> None:  # type: ignore[no-untyped-def]
    for i in range(corners.shape[0]):
        a, b, c = corners[i, 0], corners[i, 1], corners[i, 2]
        x, y = screen[a, 0], screen[a, 1]
        first = (screen[b, 0] - x) * (screen[c, 1] - y)
        out[i] = first > (screen[b, 1] - y) * (screen[c, 0] - x)


def turned_away(screen: Ints, corners: Ints) -> npt.NDArray[np.bool_]:
    """Return what fixed_point.turned_away returns."""
    out = np.empty(len(corners), np.bool_)
    _turned_away(screen, corners, out)
    return out

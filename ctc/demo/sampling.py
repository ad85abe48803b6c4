"""Sampling of a picture at fixed-point positions."""

from __future__ import annotations

import numba
import numpy as np

from ctc.demo.fixed_point import Ints

POSITION = 10  # positions are Q10
_PHASES = 64


def _cubic_weights() -> Ints:
    """Return the Catmull-Rom weights of 64 phases in Q12: (64, 4), each row summing to 4096."""
    rows = []
    n = _PHASES
    for t in range(n):
        cubes = (
            -t * n * n + 2 * t * t * n - t**3,
            2 * n**3 - 5 * t * t * n + 3 * t**3,
            t * n * n + 4 * t * t * n - 3 * t**3,
            -t * t * n + t**3,
        )
        row = [(c * 4096 + n**3) // (2 * n**3) for c in cubes]
        row[1] += 4096 - sum(row)
        rows.append(row)
    return np.array(rows, np.int64)


_WEIGHTS = _cubic_weights()


def sample_cubic_plain(image: Ints, x: Ints, y: Ints) -> Ints:
    """Return the colours of `image` at (x, y), bicubic, edges repeated: the definition, in numpy.

    image: (height, width, 3) 0..255; x, y: (n,) Q10 pixels, pixel centres at whole numbers;
    result: (n, 3) 0..255.
    """
    height, width, _ = image.shape
    column, row = x >> POSITION, y >> POSITION
    across = _WEIGHTS[(x & ((1 << POSITION) - 1)) >> (POSITION - 6)]
    down = _WEIGHTS[(y & ((1 << POSITION) - 1)) >> (POSITION - 6)]
    flat = image.reshape(-1, 3)
    columns = [np.clip(column + i - 1, 0, width - 1) for i in range(4)]
    total = np.zeros((*x.shape, 3), np.int64)
    for j in range(4):
        start = np.clip(row + j - 1, 0, height - 1) * width
        line = np.zeros_like(total)
        for i in range(4):
            line += across[..., i, None] * flat[start + columns[i]]
        total += down[..., j, None] * line
    colours: Ints = np.clip((total + (1 << 23)) >> 24, 0, 255)
    return colours


@numba.njit(cache=True, nogil=True)
def _sample(image, x, y, weights, out) -> None:  # type: ignore[no-untyped-def]
    height, width, channels = image.shape
    for k in range(x.shape[0]):
        column, row = (x[k] >> 10) - 1, (y[k] >> 10) - 1
        across, down = (x[k] & 1023) >> 4, (y[k] & 1023) >> 4
        for c in range(channels):
            total = np.int64(1 << 23)
            for j in range(4):
                v = min(max(row + j, 0), height - 1)
                line = np.int64(0)
                for i in range(4):
                    u = min(max(column + i, 0), width - 1)
                    line += weights[across, i] * image[v, u, c]
                total += weights[down, j] * line
            out[k, c] = min(max(total >> 24, 0), 255)


def sample_cubic(image: Ints, x: Ints, y: Ints) -> Ints:
    """Return what sample_cubic_plain returns, compiled."""
    out = np.empty((x.shape[0], image.shape[2]), np.int64)
    _sample(image, x, y, _WEIGHTS, out)
    return out

"""Integer arithmetic of the demo renderers: fixed-point profiles, square roots, sines.

A value in Q(n) is an integer that counts units of 2^-n. Arrays are int64 throughout.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

ONE = 1 << 12  # profiles and blending weights are Q12
TURN = 4096  # angles count 4096ths of a turn
TRIG = 1 << 14  # sines are Q14
_PI_Q60 = 3622009729038561421  # floor(pi * 2^60)


def step(value: Ints, low: int | Ints, high: int | Ints) -> Ints:
    """Return 0 at `low` and below, ONE at `high` and above, 3t^2 - 2t^3 between; low < high."""
    t = np.clip((value - low) * ONE // (high - low), 0, ONE)
    smooth: Ints = (t * t * (3 * ONE - 2 * t)) >> 24
    return smooth


def bump(square: Ints, radius_square: int | Ints) -> Ints:
    """Return ONE * (1 - square/radius_square)^2 inside the radius, 0 outside."""
    t = np.clip(ONE - square * ONE // radius_square, 0, ONE)
    square_falloff: Ints = (t * t) >> 12
    return square_falloff


def square_root(value: Ints) -> Ints:
    """Return floor(sqrt(value)) for 0 <= value < 2^62, by bits, so that no float takes part."""
    root = np.zeros_like(value)
    rest = value.copy()
    top = int(value.max(initial=0))
    bit = 1 << (max(top.bit_length() - 1, 0) & ~1)
    while bit:
        fits = rest >= root + bit
        rest = np.where(fits, rest - root - bit, rest)
        root = np.where(fits, (root >> 1) + bit, root >> 1)
        bit >>= 2
    return root


@lru_cache(maxsize=1)
def _sines() -> tuple[int, ...]:
    """Return round(2^14 sin(2 pi k / 4096)) for the first quarter turn, by the Taylor series."""
    quarter = []
    for k in range(TURN // 4 + 1):
        x = 2 * _PI_Q60 * k // TURN
        term = total = x
        for n in range(1, 14):
            term = -((term * x >> 60) * x >> 60) // (2 * n * (2 * n + 1))
            total += term
        quarter.append((total + (1 << 45)) >> 46)
    return tuple(quarter)


def sine(angle: int) -> int:
    """Return the sine in Q14 of an angle in 4096ths of a turn."""
    quadrant, part = divmod(angle % TURN, TURN // 4)
    table = _sines()
    value = table[part] if quadrant % 2 == 0 else table[TURN // 4 - part]
    return value if quadrant < 2 else -value


def cosine(angle: int) -> int:
    """Return the cosine in Q14 of an angle in 4096ths of a turn."""
    return sine(angle + TURN // 4)


def hashed(value: Ints, seed: int) -> Ints:
    """Return a pseudo-random integer 0..65535 for each value (a multiplicative hash, 64-bit)."""
    x = value.astype(np.uint64) + np.uint64(seed * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF)
    for multiplier in (0xBF58476D1CE4E5B9, 0x94D049BB133111EB):
        x = (x ^ (x >> np.uint64(29))) * np.uint64(multiplier)
    return ((x >> np.uint64(40)) & np.uint64(0xFFFF)).astype(np.int64)


@lru_cache(maxsize=64)
def lattice(seed: int) -> Ints:
    """Return 256 x 256 pseudo-random values 0..65535, by rows."""
    return hashed(np.arange(1 << 16, dtype=np.int64), seed)


def noise(x: Ints, y: Ints, cell_bits: int, seed: int) -> Ints:
    """Return smooth value noise 0..65535 at (x, y) with features of 2^cell_bits units.

    It repeats after 256 features.
    """
    size = 1 << cell_bits
    left, top = x >> cell_bits, y >> cell_bits
    fx = step(x & (size - 1), 0, size)
    fy = step(y & (size - 1), 0, size)
    values = lattice(seed)
    first, second = left & 255, (left + 1) & 255
    rows = []
    for row in ((top & 255) << 8, ((top + 1) & 255) << 8):
        a = values[row | first]
        rows.append(a + ((values[row | second] - a) * fx >> 12))
    value: Ints = rows[0] + ((rows[1] - rows[0]) * fy >> 12)
    return value


def mix(colours: Ints, other: Ints | tuple[int, int, int], weight: Ints) -> Ints:
    """Return colours, (n, 3), moved towards `other`, (n, 3) or (3,), by weight (n,), 0..ONE."""
    target = np.asarray(other, np.int64)
    mixed: Ints = colours + ((target - colours) * weight[:, None] >> 12)
    return mixed


def interpolated(values: Ints, corners: Ints, weights: Ints) -> Ints:
    """Return the weighted means of the values, (m, k), at three corners each: (n, k).

    corners: (n, 3) rows of values; weights: (n, 3), their sum above 0.
    """
    area = weights.sum(1)[:, None]
    total = (values[corners] * weights[:, :, None]).sum(1)
    mixed: Ints = total // area
    return mixed


def dot(vectors: Ints, other: Ints) -> Ints:
    """Return the products in Q12 of Q12 vectors (n, 3) with one more, (3,): (n,)."""
    product: Ints = vectors @ other >> 12
    return product


def summed_light(strengths: tuple[Ints, Ints, Ints, Ints], colours: Ints) -> Ints:
    """Return the light of four lamps, (n, 3): Q12 strengths (n,) of each times colours (4, 3)."""
    light: Ints = np.stack(strengths, 1) @ colours >> 12
    return light


def turned_away(screen: Ints, corners: Ints) -> npt.NDArray[np.bool_]:
    """Return which triangles, (n, 3) rows of screen places, turn their inner side to the camera."""
    a, b, c = (screen[corners[:, i], :2] for i in range(3))
    first, second = b - a, c - a
    behind: npt.NDArray[np.bool_] = first[:, 0] * second[:, 1] > first[:, 1] * second[:, 0]
    return behind

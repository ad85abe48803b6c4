"""Conversion between R, G, B and Y, Cb, Cr 4:4:4 in fixed point.

Each coefficient is the exact rational of ITU-T H.273 (MatrixCoefficients 6 or 1), times 2^24,
rounded half up; then the G coefficient of each row from RGB is set so that the row sum is exact,
which makes every grey (r, r, r) neutral. A sample is (offset + sum of products + 2^23) >> 24,
clipped to 0..2^b - 1. R, G, B are full range; Y, Cb, Cr limited or full range as the format says.

Source: ITU-T H.273, equations 23 to 37 (E'Y, E'PB, E'PR and their quantisation).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from reference_sw.video.format import (
    Matrix,
    Picture,
    Plane,
    VideoFormat,
    VideoFormatError,
)

SHIFT = 24
_WEIGHTS = {  # K_R, K_B
    Matrix.BT601: (Fraction(299, 1000), Fraction(114, 1000)),
    Matrix.BT709: (Fraction(2126, 10000), Fraction(722, 10000)),
}


@dataclass(frozen=True)
class FixedPoint:
    """out[i] = clip((offset[i] + sum over j of rows[i, j] * in[j]) >> 24); the half is in offset.

    rows: (3, 3) int64; offset: (3,) int64; maximum: largest output sample.
    """

    rows: npt.NDArray[np.int64]
    offset: npt.NDArray[np.int64]
    maximum: int


def _round(value: Fraction) -> int:
    """Return the nearest integer, a half going up."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def _ranges(bit_depth: int, full_range: bool) -> tuple[int, int, int, int]:
    """Return the luma span, luma offset, chroma span and chroma offset at a bit depth."""
    top = (1 << bit_depth) - 1
    middle = 1 << (bit_depth - 1)
    if full_range:
        return top, 0, top, middle
    unit = 1 << (bit_depth - 8)
    return 219 * unit, 16 * unit, 224 * unit, middle


@lru_cache(maxsize=64)
def from_rgb(matrix: Matrix, full_range: bool, bit_depth: int) -> FixedPoint:
    """Return the conversion from R, G, B to Y, Cb, Cr at one bit depth."""
    k_r, k_b = _WEIGHTS[matrix]
    k_g = 1 - k_r - k_b
    y_span, y_offset, c_span, c_offset = _ranges(bit_depth, full_range)
    top = (1 << bit_depth) - 1
    y_gain = Fraction(y_span, top)
    c_gain = Fraction(c_span, top)
    half_b = 1 / (2 * (1 - k_b))
    half_r = 1 / (2 * (1 - k_r))
    exact = [
        [k_r * y_gain, k_g * y_gain, k_b * y_gain],
        [-k_r * half_b * c_gain, -k_g * half_b * c_gain, c_gain / 2],
        [c_gain / 2, -k_g * half_r * c_gain, -k_b * half_r * c_gain],
    ]
    rows = [[_round(c * (1 << SHIFT)) for c in row] for row in exact]
    for row, total in zip(rows, (_round(y_gain * (1 << SHIFT)), 0, 0), strict=True):
        row[1] = total - row[0] - row[2]
    return _fixed_point(rows, [y_offset, c_offset, c_offset], (0, 0, 0), top)


@lru_cache(maxsize=64)
def to_rgb(matrix: Matrix, full_range: bool, bit_depth: int) -> FixedPoint:
    """Return the conversion from Y, Cb, Cr to R, G, B at one bit depth."""
    k_r, k_b = _WEIGHTS[matrix]
    k_g = 1 - k_r - k_b
    y_span, y_offset, c_span, c_offset = _ranges(bit_depth, full_range)
    top = (1 << bit_depth) - 1
    y_gain = Fraction(top, y_span)
    c_gain = Fraction(top, c_span)
    exact = [
        [y_gain, Fraction(0), 2 * (1 - k_r) * c_gain],
        [y_gain, -2 * k_b * (1 - k_b) / k_g * c_gain, -2 * k_r * (1 - k_r) / k_g * c_gain],
        [y_gain, 2 * (1 - k_b) * c_gain, Fraction(0)],
    ]
    rows = [[_round(c * (1 << SHIFT)) for c in row] for row in exact]
    return _fixed_point(rows, [0, 0, 0], (y_offset, c_offset, c_offset), top)


def _fixed_point(
    rows: list[list[int]], add: list[int], subtract: tuple[int, int, int], top: int
) -> FixedPoint:
    offset = [
        (extra << SHIFT)
        + (1 << (SHIFT - 1))
        - sum(c * s for c, s in zip(row, subtract, strict=True))
        for row, extra in zip(rows, add, strict=True)
    ]
    return FixedPoint(np.array(rows, np.int64), np.array(offset, np.int64), top)


def apply_plain(planes: tuple[Plane, ...], fixed: FixedPoint) -> tuple[Plane, ...]:
    """Return three converted planes: the definition, in numpy."""
    wide = [plane.astype(np.int64) for plane in planes]
    result = []
    for row, offset in zip(fixed.rows, fixed.offset, strict=True):
        total = offset + row[0] * wide[0] + row[1] * wide[1] + row[2] * wide[2]
        result.append(np.clip(total >> SHIFT, 0, fixed.maximum).astype(planes[0].dtype))
    return tuple(result)


def apply(planes: tuple[Plane, ...], fixed: FixedPoint) -> tuple[Plane, ...]:
    """Return three converted planes, equal to apply_plain in every sample."""
    from reference_sw.video.colour_compiled import apply_compiled  # numba takes long to import

    dtype = np.uint8 if fixed.maximum == 255 else np.uint16
    first, second, third = (np.ascontiguousarray(plane, dtype=dtype) for plane in planes)
    out = tuple(np.empty(plane.shape, dtype) for plane in planes)
    apply_compiled(first, second, third, fixed.rows, fixed.offset, fixed.maximum, *out)
    return out


def rgb_to_ycbcr(picture: Picture, video: VideoFormat) -> Picture:
    """Return R, G, B planes as Y, Cb, Cr 4:4:4 of the matrix, range and bit depth of `video`.

    Raises:
        VideoFormatError: not three planes of one shape.
    """
    _check_444(picture)
    return Picture(apply(picture.planes, from_rgb(video.matrix, video.full_range, video.bit_depth)))


def ycbcr_to_rgb(picture: Picture, video: VideoFormat) -> Picture:
    """Return Y, Cb, Cr 4:4:4 planes of the matrix, range and bit depth of `video` as R, G, B.

    Raises:
        VideoFormatError: not three planes of one shape.
    """
    _check_444(picture)
    return Picture(apply(picture.planes, to_rgb(video.matrix, video.full_range, video.bit_depth)))


def _check_444(picture: Picture) -> None:
    if len(picture.planes) != 3 or len({plane.shape for plane in picture.planes}) != 1:
        raise VideoFormatError("colour conversion needs three planes of one size (4:4:4)")

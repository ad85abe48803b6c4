"""Cropping and scaling of pictures in integers.

Scaling is separable. The weights of each output sample are exact or correctly rounded in Q14 and
are made to sum to 2^14; both directions are summed before the one rounding, half up. `lanczos` is
the three-lobed kernel, widened by the scale when the picture shrinks; `area` is the mean of the
covered samples. Luma keeps the picture's edges in place, chroma its siting.

Source: ctc/conditions/conditions.md, clause 3.5.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from reference_sw.video.chroma import ChromaSiting
from reference_sw.video.format import (
    ChromaFormat,
    Picture,
    Plane,
    VideoFormat,
    VideoFormatError,
    as_plane,
)

Filter = Literal["lanczos", "area"]
SHIFT = 14
LOBES = 3
MAX_SIZE = 1 << 14
_PI = Fraction(3622009729038561421, 1 << 60)
_FINE = 1 << 60


@dataclass(frozen=True)
class Crop:
    """A rectangle of luma samples: left, top, width, height."""

    x: int
    y: int
    width: int
    height: int


def crop_picture(picture: Picture, video: VideoFormat, crop: Crop) -> Picture:
    """Return the part of the picture; its planes are views.

    Raises:
        VideoFormatError: it leaves the picture, or is odd where chroma is subsampled.
    """
    cropped_format(video, crop)
    sub_w, sub_h = video.chroma_format.subsampling
    planes = []
    for index, plane in enumerate(picture.planes):
        w, h = (1, 1) if index == 0 else (sub_w, sub_h)
        bottom, right = crop.y + crop.height, crop.x + crop.width
        planes.append(plane[crop.y // h : -(-bottom // h), crop.x // w : -(-right // w)])
    return Picture(tuple(planes))


def cropped_format(video: VideoFormat, crop: Crop) -> VideoFormat:
    """Return the format of the cropped picture.

    Raises:
        VideoFormatError: as crop_picture.
    """
    inside = (
        min(crop.x, crop.y) >= 0
        and min(crop.width, crop.height) >= 1
        and crop.x + crop.width <= video.width
        and crop.y + crop.height <= video.height
    )
    if not inside:
        raise VideoFormatError(
            f"crop {crop.x},{crop.y},{crop.width},{crop.height}: shall lie within "
            f"{video.width}x{video.height}"
        )
    sub_w, sub_h = video.chroma_format.subsampling
    for name, value, step in (
        ("x", crop.x, sub_w),
        ("y", crop.y, sub_h),
        ("width", crop.width, sub_w),
        ("height", crop.height, sub_h),
    ):
        if value % step:
            raise VideoFormatError(
                f"crop {name} {value}: shall be a multiple of {step} in {video.chroma_format.value}"
            )
    return replace(video, width=crop.width, height=crop.height)


def resize_picture(
    picture: Picture,
    video: VideoFormat,
    target: VideoFormat,
    method: Filter = "lanczos",
    siting: ChromaSiting = ChromaSiting.LEFT,
) -> Picture:
    """Return the picture, of format `video`, at the size of `target`.

    Raises:
        VideoFormatError: the formats differ in more than size, or a size is above 16384.
    """
    if replace(video, width=target.width, height=target.height) != target:
        raise VideoFormatError("scaling changes nothing but width and height")
    if max(video.width, video.height, target.width, target.height) > MAX_SIZE:
        raise VideoFormatError(f"scaling is limited to {MAX_SIZE} samples in width and height")
    cosited = siting.cosited if video.chroma_format is ChromaFormat.C420 else (False, True)
    sub_w, sub_h = video.chroma_format.subsampling
    planes = []
    for index, (plane, shape) in enumerate(zip(picture.planes, target.plane_shapes, strict=True)):
        # A co-sited chroma sample lies at the first of its luma samples, else at their middle.
        offsets = (
            _offset(sub_h, cosited[0]) if index else Fraction(0),
            _offset(sub_w, cosited[1]) if index else Fraction(0),
        )
        steps = (sub_h, sub_w) if index else (1, 1)
        ratios = (Fraction(video.height, target.height), Fraction(video.width, target.width))
        tables = [
            weight_table(
                plane.shape[axis], shape[axis], ratios[axis], steps[axis], offsets[axis], method
            )
            for axis in (0, 1)
        ]
        planes.append(_filtered(plane, tables, video.bit_depth))
    return Picture(tuple(planes))


def _offset(step: int, cosited: bool) -> Fraction:
    return Fraction(0) if cosited else Fraction(step - 1, 2)


Table = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]


@lru_cache(maxsize=64)
def weight_table(
    source: int, target: int, ratio: Fraction, step: int, offset: Fraction, method: Filter
) -> Table:
    """Return source positions and Q14 weights, both (target, taps), of one axis.

    ratio: source samples per target sample, of luma; step, offset: where samples of this plane lie
    on the luma grid.
    """
    widen = max(ratio, Fraction(1))
    reach = widen * LOBES if method == "lanczos" else widen / 2 + Fraction(1, 2)
    taps = 2 * (int(reach) + 1)
    positions = np.empty((target, taps), np.int64)
    weights = np.empty((target, taps), np.int64)
    for index in range(target):
        luma = (step * index + offset + Fraction(1, 2)) * ratio - Fraction(1, 2)
        centre = (luma - offset) / step
        first = -(-(centre - reach).numerator // (centre - reach).denominator)
        raw = [_weight(centre - (first + k), widen, method) for k in range(taps)]
        weights[index] = _normalised(raw)
        positions[index] = np.clip(np.arange(first, first + taps), 0, source - 1)
    return positions, weights


def _weight(distance: Fraction, widen: Fraction, method: Filter) -> Fraction:
    """Return the kernel at a distance in source samples."""
    if method == "area":
        half = widen / 2
        low, high = max(-half, distance - Fraction(1, 2)), min(half, distance + Fraction(1, 2))
        return max(high - low, Fraction(0))
    x = abs(distance / widen)
    if x >= LOBES:
        return Fraction(0)
    return Fraction(1) if x == 0 else _sinc(x) * _sinc(x / LOBES)


def _sinc(x: Fraction) -> Fraction:
    """Return sin(pi x) / (pi x) to 50 bits, 0 < x < 3, by the Taylor series in integers."""
    angle = x * _PI
    square = angle * angle
    square_fine = square.numerator * _FINE // square.denominator
    term = total = _FINE
    for n in range(1, 30):
        term = -(term * square_fine >> 60) // (2 * n * (2 * n + 1))
        total += term
    return Fraction(total, _FINE)


def _normalised(raw: list[Fraction]) -> list[int]:
    """Return the weights in Q14; what rounding leaves over goes to the greatest."""
    total = sum(raw)
    scaled = [math.floor(w * (1 << SHIFT) / total + Fraction(1, 2)) for w in raw]
    scaled[scaled.index(max(scaled))] += (1 << SHIFT) - sum(scaled)
    return scaled


def _filtered(plane: Plane, tables: list[Table], bit_depth: int) -> Plane:
    (rows, row_weights), (columns, column_weights) = tables
    wide = np.zeros((plane.shape[0], len(columns)), np.int64)
    for k in range(columns.shape[1]):
        wide += plane[:, columns[:, k]].astype(np.int64) * column_weights[:, k]
    total = np.full((len(rows), len(columns)), 1 << (2 * SHIFT - 1), np.int64)
    for k in range(rows.shape[1]):
        total += wide[rows[:, k]] * row_weights[:, k, None]
    return as_plane(np.clip(total >> (2 * SHIFT), 0, (1 << bit_depth) - 1), bit_depth)

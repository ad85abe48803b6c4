"""Chroma resampling between 4:4:4, 4:2:2 and 4:2:0, in integers with one rounding.

Along each axis a chroma sample is either co-sited with every second luma sample or midway between
two. Co-sited: down (1 2 1)/4, up (1) and (1 1)/2. Midway: down (1 1)/2, up (3 1)/4 and (1 3)/4.
Samples beyond an edge repeat the edge. Both axes are summed before the one rounding, half up.

Source: ctc/conditions/conditions.md, clause 3.4; siting types of ITU-T H.273.
"""

from __future__ import annotations

from enum import Enum

import numpy as np
import numpy.typing as npt

from reference_sw.video.format import ChromaFormat, Picture, Plane, VideoFormatError, as_plane

Wide = npt.NDArray[np.int64]


class ChromaSiting(str, Enum):
    """Where 4:2:0 chroma lies; the values are H.273's types 0 (left), 1 (centre), 2 (top left)."""

    LEFT = "left"
    CENTRE = "centre"
    TOP_LEFT = "top-left"

    @property
    def cosited(self) -> tuple[bool, bool]:
        """Whether chroma is co-sited (vertically, horizontally)."""
        return (self is ChromaSiting.TOP_LEFT, self is not ChromaSiting.CENTRE)


def _edges(plane: Wide, axis: int) -> tuple[Wide, Wide]:
    """Return the plane moved by one sample each way along the axis: previous, next."""
    last = plane.shape[axis] - 1
    index = np.arange(plane.shape[axis])
    before = np.take(plane, np.maximum(index - 1, 0), axis)
    after = np.take(plane, np.minimum(index + 1, last), axis)
    return before, after


def _down(plane: Wide, axis: int, cosited: bool) -> Wide:
    """Halve along the axis; the result is 4 times too large."""
    before, after = _edges(plane, axis)
    summed = before + 2 * plane + after if cosited else 2 * (plane + after)
    return np.take(summed, np.arange(0, plane.shape[axis], 2), axis)


def _up(plane: Wide, axis: int, cosited: bool, size: int) -> Wide:
    """Double along the axis to `size` samples; the result is 4 times too large."""
    before, after = _edges(plane, axis)
    even = 4 * plane if cosited else before + 3 * plane
    odd = 2 * (plane + after) if cosited else 3 * plane + after
    shape = list(plane.shape)
    shape[axis] *= 2
    pairs = np.stack([even, odd], axis=axis + 1).reshape(shape)
    return np.take(pairs, np.arange(size), axis)


def resample_plane(
    plane: Plane,
    source: tuple[int, int],
    target: tuple[int, int],
    shape: tuple[int, int],
    siting: ChromaSiting,
) -> Plane:
    """Return one chroma plane at another subsampling.

    plane: (height, width); source, target: (SubWidthC, SubHeightC) before and after; shape:
    (height, width) of the result, which has the dtype and range of the plane.
    """
    wide = plane.astype(np.int64)
    shift = 0
    for axis, before, after in ((0, source[1], target[1]), (1, source[0], target[0])):
        if before == after:
            continue
        cosited = siting.cosited[axis]
        wide = (
            _down(wide, axis, cosited) if after > before else _up(wide, axis, cosited, shape[axis])
        )
        shift += 2
    if shift:
        wide = (wide + (1 << (shift - 1))) >> shift
    return as_plane(wide, 8 * plane.dtype.itemsize)


def resample_chroma(
    picture: Picture,
    source: ChromaFormat,
    target: ChromaFormat,
    bit_depth: int,
    siting: ChromaSiting = ChromaSiting.LEFT,
) -> Picture:
    """Return the YCbCr picture in another chroma format.

    4:0:0 drops chroma; from 4:0:0 chroma becomes 2^(bit_depth - 1).

    Raises:
        VideoFormatError: a number of planes that is not the source format's.
    """
    if len(picture.planes) != (1 if source is ChromaFormat.MONOCHROME else 3):
        raise VideoFormatError(f"{len(picture.planes)} planes: not {source.value}")
    if source is target:
        return picture
    luma = picture.planes[0]
    if target is ChromaFormat.MONOCHROME:
        return Picture((luma,))
    sub_w, sub_h = target.subsampling
    shape = (-(-luma.shape[0] // sub_h), -(-luma.shape[1] // sub_w))
    if source is ChromaFormat.MONOCHROME:
        grey = np.full(shape, 1 << (bit_depth - 1), dtype=luma.dtype)
        return Picture((luma, grey, grey.copy()))
    chroma = tuple(
        resample_plane(plane, source.subsampling, target.subsampling, shape, siting)
        for plane in picture.planes[1:]
    )
    return Picture((luma, *chroma))

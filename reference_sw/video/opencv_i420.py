"""8-bit R, G, B to I420 and back exactly as OpenCV does, which the GFVC common software uses.

Luma from every pixel; chroma from the top-left pixel of each 2x2 block, not their mean; back,
chroma is repeated. BT.601 limited range with 20-bit coefficients.

Source: OpenCV 4, modules/imgproc/src/color_yuv.simd.hpp (RGB2YUV_I420, YUV2RGB_I420); the GFVC
common software makes its 4:2:0 sequences with them.
"""

from __future__ import annotations

import numpy as np

from reference_sw.video.format import Picture, Plane, VideoFormatError, as_plane

SHIFT = 20
_HALF = 1 << (SHIFT - 1)
_Y = (269484, 528482, 102760)
_U = (-155188, -305135, 460324)
_V = (460324, -385875, -74448)
_LUMA_GAIN = 1220542
_U_TO_B = 2116026
_U_TO_G = -409993
_V_TO_G = -852492
_V_TO_R = 1673527


def _weighted(planes: tuple[Plane, ...], weights: tuple[int, int, int], offset: int) -> Plane:
    total = np.full(planes[0].shape, (offset << SHIFT) + _HALF, np.int32)
    for plane, weight in zip(planes, weights, strict=True):
        total += np.int32(weight) * plane.astype(np.int32)
    return as_plane(np.clip(total >> SHIFT, 0, 255), 8)


def rgb_to_i420(picture: Picture) -> Picture:
    """Return uint8 R, G, B planes of even (height, width) as Y, U, V planes 4:2:0.

    Raises:
        VideoFormatError: not three uint8 planes of one even size.
    """
    shapes = {plane.shape for plane in picture.planes}
    even = all(size % 2 == 0 for shape in shapes for size in shape)
    if len(picture.planes) != 3 or len(shapes) != 1 or not even:
        raise VideoFormatError("OpenCV's I420 needs three planes of one even width and height")
    _check_eight_bit(picture)
    corner = tuple(plane[::2, ::2] for plane in picture.planes)
    return Picture(
        (_weighted(picture.planes, _Y, 16), _weighted(corner, _U, 128), _weighted(corner, _V, 128))
    )


def i420_to_rgb(picture: Picture) -> Picture:
    """Return uint8 Y, U, V planes 4:2:0 of even luma size as R, G, B planes.

    Raises:
        VideoFormatError: not uint8 planes of that layout.
    """
    _check_eight_bit(picture)
    if len(picture.planes) != 3 or any(
        tuple(2 * size for size in plane.shape) != picture.planes[0].shape
        for plane in picture.planes[1:]
    ):
        raise VideoFormatError("OpenCV's I420 needs luma of even size and chroma of half that size")
    luma = np.maximum(picture.planes[0].astype(np.int32) - 16, 0) * _LUMA_GAIN + _HALF
    u, v = (plane.astype(np.int32) - 128 for plane in picture.planes[1:])
    terms = (_V_TO_R * v, _U_TO_G * u + _V_TO_G * v, _U_TO_B * u)
    return Picture(
        tuple(
            np.clip((luma + term.repeat(2, 0).repeat(2, 1)) >> SHIFT, 0, 255).astype(np.uint8)
            for term in terms
        )
    )


def _check_eight_bit(picture: Picture) -> None:
    if any(plane.dtype != np.uint8 for plane in picture.planes):
        raise VideoFormatError("OpenCV's I420 is 8-bit only")

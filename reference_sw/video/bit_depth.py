"""Change of bit depth of planes, in integers."""

from __future__ import annotations

import numpy as np

from reference_sw.video.format import Picture, Plane, VideoFormat, as_plane


def change_bit_depth(plane: Plane, source: int, target: int) -> Plane:
    """Return the plane at another bit depth.

    Up: x << (target - source). Down: min((x + (1 << (s - 1))) >> s, 2^target - 1) with
    s = source - target. plane: (height, width), 0..2^source - 1; result: uint8 if target is 8,
    else uint16, 0..2^target - 1.

    Source: VTM-23.13, VideoIOYuv.cpp, scalePlane (the rule of the JVET reference software).

    >>> change_bit_depth(np.array([[1, 1022, 1023]], np.uint16), 10, 8)
    array([[  0, 255, 255]], dtype=uint8)
    """
    wide = plane.astype(np.uint32)
    if target >= source:
        return as_plane(wide << np.uint32(target - source), target)
    shift = np.uint32(source - target)
    rounded = (wide + (np.uint32(1) << (shift - np.uint32(1)))) >> shift
    return as_plane(np.minimum(rounded, (1 << target) - 1), target)


def picture_at_depth(picture: Picture, video: VideoFormat, target: int) -> Picture:
    """Return the picture, which is of format `video`, with each plane at `target` bits."""
    return Picture(tuple(change_bit_depth(p, video.bit_depth, target) for p in picture.planes))

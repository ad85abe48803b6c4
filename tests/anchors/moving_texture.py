"""A clip of 32x32 samples by integer arithmetic alone: a drifting texture, a moving block."""

from __future__ import annotations

import numpy as np


def moving_texture(pictures: int) -> bytes:
    """Return 4:2:0 8-bit pictures, planar."""
    y, x = np.mgrid[0:256, 0:256].astype(np.int64)
    rough = (x * x * 7 + y * y * 13 + x * y * 5 + (x * 37 ^ y * 91)) % 251
    for _ in range(4):
        rough = (rough + np.roll(rough, 1, 0) + np.roll(rough, 1, 1) + np.roll(rough, 2, 0)) // 4
    texture = np.clip((rough - 120) * 3 + 128, 16, 235)
    made = []
    for t in range(pictures):
        luma = texture[t : t + 32, t // 2 : t // 2 + 32].copy()
        left = 2 * t % 24
        luma[10:20, left : left + 8] = 210
        chroma = (luma[::2, ::2] + 128) // 2
        made += [luma, chroma, 255 - chroma]
    return b"".join(plane.astype(np.uint8).tobytes() for plane in made)

"""The compiled twin of the fixed-point colour conversion, a module of its own for its import time.

Source: reference_sw/video/colour.py, apply_plain.
"""

from __future__ import annotations

import numba
import numpy as np

from reference_sw.video.colour import SHIFT


@numba.njit(cache=True, nogil=True)
def apply_compiled(  # type: ignore[no-untyped-def]
    first, second, third, rows, offset, maximum, out_first, out_second, out_third
) -> None:
    """Write the three converted planes, shape (height, width), into the last three arguments."""
    height, width = first.shape
    for y in range(height):
        for x in range(width):
            a = np.int64(first[y, x])
            b = np.int64(second[y, x])
            c = np.int64(third[y, x])
            p = (offset[0] + rows[0, 0] * a + rows[0, 1] * b + rows[0, 2] * c) >> SHIFT
            q = (offset[1] + rows[1, 0] * a + rows[1, 1] * b + rows[1, 2] * c) >> SHIFT
            r = (offset[2] + rows[2, 0] * a + rows[2, 1] * b + rows[2, 2] * c) >> SHIFT
            out_first[y, x] = min(max(p, 0), maximum)
            out_second[y, x] = min(max(q, 0), maximum)
            out_third[y, x] = min(max(r, 0), maximum)

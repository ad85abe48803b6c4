"""Rasterisation of triangles with a depth buffer, in integers.

A sample lies in a triangle when its three edge functions have one sign or are zero. Of all
triangles over a sample the one with the greatest depth value (nearest) wins, then the one with the
lowest number, so the order of drawing has no influence.
"""

from __future__ import annotations

import numba
import numpy as np

from ctc.demo.fixed_point import Ints

SUB = 4  # screen positions are Q4 samples
NOTHING = -1


def rasterize_plain(screen: Ints, triangles: Ints, size: int) -> tuple[Ints, Ints]:
    """Return, for each of size x size samples, the visible triangle and its barycentric weights.

    screen: (n, 3) x, y in Q4 samples and depth, greater is nearer, |depth| < 2^20; triangles:
    (m, 3) vertices. Result: (size * size,) triangle or NOTHING, and (size * size, 3) weights, not
    negative, whose sum is twice the triangle's area (zero where nothing is). The definition: every
    sample of every bounding box is tried.
    """
    corners = screen[triangles]
    low = np.clip(-(-corners[:, :, :2].min(1) >> SUB), 0, size)
    high = np.clip((corners[:, :, :2].max(1) >> SUB) + 1, 0, size)
    spans = np.maximum(high - low, 0)
    counts = spans[:, 0] * spans[:, 1]
    owner = np.repeat(np.arange(len(triangles)), counts)
    order = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    width = np.maximum(spans[owner, 0], 1)
    x, y = low[owner, 0] + order % width, low[owner, 1] + order // width
    weights, area = _weights(corners[owner], x << SUB, y << SUB)
    inside = (area > 0) & (weights.min(1) >= 0)
    owner, x, y, weights, area = (v[inside] for v in (owner, x, y, weights, area))
    depth = (weights * corners[owner][:, :, 2]).sum(1) // area
    place = y * size + x
    best = np.lexsort((owner, -depth, place))
    _, first = np.unique(place[best], return_index=True)
    chosen = best[first]
    visible = np.full(size * size, NOTHING, np.int64)
    share = np.zeros((size * size, 3), np.int64)
    visible[place[chosen]] = owner[chosen]
    share[place[chosen]] = weights[chosen]
    return visible, share


def _weights(corners: Ints, x: Ints, y: Ints) -> tuple[Ints, Ints]:
    """Return the three edge functions at (x, y), made positive inside, and their sum."""
    edges = []
    for i in range(3):
        a, b = corners[:, (i + 1) % 3], corners[:, (i + 2) % 3]
        edges.append((b[:, 0] - a[:, 0]) * (y - a[:, 1]) - (b[:, 1] - a[:, 1]) * (x - a[:, 0]))
    weights = np.stack(edges, 1)
    area = weights.sum(1)
    return weights * np.sign(area)[:, None], np.abs(area)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _fill(screen, triangles, size, visible, share, buffer) -> None:  # type: ignore[no-untyped-def]
    for t in range(triangles.shape[0]):
        i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ax, ay, bx, by = screen[i, 0], screen[i, 1], screen[j, 0], screen[j, 1]
        cx, cy = screen[k, 0], screen[k, 1]
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if area == 0:
            continue
        sign = 1 if area > 0 else -1
        area *= sign
        left = max(-(-min(ax, bx, cx) >> 4), 0)
        right = min(max(ax, bx, cx) >> 4, size - 1)
        if left > right:
            continue
        # The edge functions change by a constant from one sample to the next.
        px = left << 4
        u_step, v_step = -sign * (cy - by) * 16, -sign * (ay - cy) * 16
        za, zb, zc = screen[i, 2], screen[j, 2], screen[k, 2]
        for y in range(max(-(-min(ay, by, cy) >> 4), 0), min(max(ay, by, cy) >> 4, size - 1) + 1):
            py = y << 4
            u = sign * ((cx - bx) * (py - by) - (cy - by) * (px - bx))
            v = sign * ((ax - cx) * (py - cy) - (ay - cy) * (px - cx))
            for x in range(left, right + 1):
                w = area - u - v
                if (u | v | w) >= 0:
                    depth = (u * za + v * zb + w * zc) // area
                    place = y * size + x
                    if visible[place] < 0 or depth > buffer[place]:
                        visible[place] = t
                        buffer[place] = depth
                        share[place, 0], share[place, 1], share[place, 2] = u, v, w
                u += u_step
                v += v_step


def rasterize(screen: Ints, triangles: Ints, size: int) -> tuple[Ints, Ints]:
    """Return what rasterize_plain returns, compiled."""
    visible = np.full(size * size, NOTHING, np.int64)
    share = np.zeros((size * size, 3), np.int64)
    _fill(screen, triangles, size, visible, share, np.zeros(size * size, np.int64))
    return visible, share

"""Closed grids of vertices: directions, triangles, normals."""

from __future__ import annotations

from functools import cache

import numpy as np

from ctc.demo.fast import square_root
from ctc.demo.fixed_point import TURN, Ints, cosine, sine

UNIT = 1 << 6  # model coordinates are Q6 pixels
NORMAL = 1 << 12  # normals are Q12


@cache
def directions(rows: int, columns: int) -> tuple[Ints, Ints, Ints]:
    """Return Q14 unit directions of a sphere, each (rows, columns).

    x to the right, y up, z towards the viewer; the first row is the lower pole, column 0 the back,
    the middle column the front.
    """
    around = [TURN * i // columns - TURN // 2 for i in range(columns)]
    up = [-TURN // 4 + TURN * (2 * j + 1) // (4 * rows) for j in range(rows)]
    flat = np.array([cosine(a) for a in up])[:, None]
    x = flat * np.array([sine(a) for a in around]) >> 14
    y = np.broadcast_to(np.array([sine(a) for a in up])[:, None], x.shape)
    z = flat * np.array([cosine(a) for a in around]) >> 14
    return x, y.astype(np.int64), z


@cache
def grid_triangles(rows: int, columns: int, first: int) -> Ints:
    """Return the triangles, (m, 3), of a grid closed across its columns, from vertex `first`."""
    row, column = np.mgrid[0 : rows - 1, 0:columns].reshape(2, -1)
    after = (column + 1) % columns
    a, b = row * columns + column, row * columns + after
    c, d = a + columns, b + columns
    both = np.concatenate([np.stack([a, b, d], 1), np.stack([a, d, c], 1)])
    return (both + first).astype(np.int64)


def normals(points: Ints) -> Ints:
    """Return Q12 unit normals, pointing out, of a grid of points (rows, columns, 3)."""
    across = np.roll(points, -1, 1) - np.roll(points, 1, 1)
    along = np.empty_like(points)
    along[1:-1] = points[2:] - points[:-2]
    along[0], along[-1] = points[1] - points[0], points[-1] - points[-2]
    return unit(np.cross(across, along))


def unit(vectors: Ints) -> Ints:
    """Return vectors (..., 3) at length NORMAL; the zero vector stays zero."""
    x, y, z = (vectors[..., i] for i in range(3))
    length = square_root(x * x + y * y + z * z)
    scaled: Ints = vectors * NORMAL // np.maximum(length, 1)[..., None]
    return scaled


def rotation(yaw: int, pitch: int, roll: int) -> Ints:
    """Return the Q14 matrix, (3, 3), that turns about y, then x, then z; angles in 4096ths."""
    cy, sy, cx, sx = cosine(yaw), sine(yaw), cosine(pitch), sine(pitch)
    cz, sz = cosine(roll), sine(roll)
    about_y = np.array([[cy, 0, sy], [0, 1 << 14, 0], [-sy, 0, cy]], np.int64)
    about_x = np.array([[1 << 14, 0, 0], [0, cx, -sx], [0, sx, cx]], np.int64)
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1 << 14]], np.int64)
    turned: Ints = about_z @ (about_x @ about_y >> 14) >> 14
    return turned

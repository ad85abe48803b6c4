"""Rasterisation and meshes: the compiled fill equals the plain one, and both equal geometry."""

from __future__ import annotations

import numpy as np
import pytest

from ctc.demo.mesh import NORMAL, directions, grid_triangles, normals, rotation, unit
from ctc.demo.raster import NOTHING, rasterize, rasterize_plain


def test_compiled_equals_plain_on_random_triangles() -> None:
    random = np.random.default_rng(3)
    screen = random.integers(-200, 1200, (300, 3))
    triangles = random.integers(0, 300, (400, 3))
    triangles[5] = triangles[5, 0]  # without area
    for a, b in zip(
        rasterize(screen, triangles, 64), rasterize_plain(screen, triangles, 64), strict=True
    ):
        assert np.array_equal(a, b)


def test_one_triangle_by_hand() -> None:
    """Vertices at samples (0, 0), (3, 0), (0, 3): the ten samples on or below the diagonal."""
    screen = np.array([[0, 0, 7], [48, 0, 7], [0, 48, 7]])
    visible, share = rasterize(screen, np.array([[0, 1, 2]]), 4)
    expected = [[0, 0, 0, 0], [0, 0, 0, -1], [0, 0, -1, -1], [0, -1, -1, -1]]
    assert visible.reshape(4, 4).tolist() == expected
    assert share[0].tolist() == [48 * 48, 0, 0]
    assert share[4 + 1].tolist() == [768, 768, 768]


def test_the_nearest_wins_then_the_first() -> None:
    far = [[0, 0, 1], [160, 0, 1], [0, 160, 1]]
    near = [[0, 0, 9], [160, 0, 9], [0, 160, 9]]
    screen = np.array([*far, *near])
    a, b = [0, 1, 2], [3, 4, 5]
    assert rasterize(screen, np.array([a, b]), 4)[0][0] == 1
    assert rasterize(screen, np.array([b, a]), 4)[0][0] == 0
    assert rasterize(screen, np.array([b, b]), 4)[0][0] == 0


def test_outside_the_screen_is_nothing() -> None:
    screen = np.array([[-999, -999, 0], [-99, -999, 0], [-999, -99, 0]])
    assert set(rasterize(screen, np.array([[0, 1, 2]]), 8)[0]) == {NOTHING}


def test_a_sphere_has_radial_normals() -> None:
    x, y, z = directions(40, 60)
    points = np.stack([x, y, z], -1)
    off = np.abs(normals(points)[2:-2] - (points >> 2)[2:-2])
    assert off.max() < NORMAL // 20


def test_grid_triangles_close_around() -> None:
    triangles = grid_triangles(3, 4, 10)
    assert len(triangles) == 16
    assert triangles.min() == 10
    assert triangles.max() == 21
    edges = np.sort(
        np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    )
    _, uses = np.unique(edges, axis=0, return_counts=True)
    assert set(uses) == {1, 2}
    assert np.count_nonzero(uses == 1) == 8  # the two rims


@pytest.mark.parametrize("angles", [(0, 0, 0), (300, 0, 0), (0, -200, 0), (100, 200, -300)])
def test_rotation_keeps_lengths(angles: tuple[int, int, int]) -> None:
    turn = rotation(*angles)
    assert np.abs((turn @ turn.T >> 14) - np.eye(3, dtype=np.int64) * 16384).max() <= 8


def test_unit_of_nothing_is_nothing() -> None:
    assert unit(np.array([[0, 0, 0], [30, 0, 40]])).tolist() == [[0, 0, 0], [2457, 0, 3276]]

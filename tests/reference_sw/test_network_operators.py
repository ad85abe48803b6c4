"""Operators against values worked out by hand and against torch's float operators."""

from __future__ import annotations

import doctest

import numpy as np
import torch
from torch.nn import functional

from reference_sw.network import definition
from reference_sw.network.graph import Extent, Operator


def test_examples_of_the_definition():
    assert doctest.testmod(definition).failed == 0


def test_convolution_by_hand():
    # 1x1 kernel, weight 3, bias 5, shift 2: (3 x + 5 + 2) >> 2 for x = -3, 0, 1 gives -1, 1, 2.
    x = np.array([-3, 0, 1]).reshape(1, 1, 1, 3)
    op = Operator("conv2d", ("x",), "y", {"stride": 1, "padding": 0, "groups": 1}, {}, None)
    tensors = {
        "weight": np.array([3]).reshape(1, 1, 1, 1),
        "bias": np.array([5]),
        "shift": np.array([2]),
    }
    assert definition.conv2d(x, op, tensors).ravel().tolist() == [-1, 1, 2]


def test_warp_by_hand():
    # A motion of 2^13 / 4 half pictures is one sample of eight: 0.25 * 8 / 2 = 1.
    row = np.arange(0, 80, 10).reshape(1, 1, 1, 8).repeat(8, 2)
    motion = np.zeros((1, 2, 8, 8), np.int64)
    motion[:, 0] = 2048
    assert definition.warp(row, motion)[0, 0, 0].tolist() == [10, 20, 30, 40, 50, 60, 70, 70]
    motion[:, 0] = 1024
    assert definition.warp(row, motion)[0, 0, 0].tolist() == [5, 15, 25, 35, 45, 55, 65, 70]


def test_cubic_warp_is_close_to_the_float_one():
    rng = np.random.default_rng(8)
    x = rng.integers(60, 190, (1, 2, 32, 32))
    motion = rng.integers(-700, 700, (1, 2, 32, 32))
    found = definition.warp_cubic(x, motion)
    centres = (2 * torch.arange(32) + 1) / 32 - 1
    grid = torch.stack(torch.meshgrid(centres, centres, indexing="ij")[::-1], -1)[None].double()
    grid = grid + torch.from_numpy(motion).permute(0, 2, 3, 1) / 8192
    reference = functional.grid_sample(
        torch.from_numpy(x).double(),
        grid,
        mode="bicubic",
        padding_mode="border",
        align_corners=False,
    )
    inside = np.abs(found - reference.numpy())[..., 4:-4, 4:-4]
    # Positions are rounded to 1/32 sample and weights to 1/128: a few levels at steep edges.
    assert inside.max() <= 6
    assert inside.mean() < 1.2


def test_affine_motion_by_hand():
    # Equal matrices, the point moves by 256 / 1024: samples come from a quarter to the left.
    matrix = np.array([256, 0, 0, 256]).reshape(1, 4, 1, 1)
    key = np.array([0, 0]).reshape(1, 2, 1, 1)
    point = np.array([256, 0]).reshape(1, 2, 1, 1)
    found = definition.affine_motion(key, matrix, point, matrix, (64, 64))
    assert found.shape == (1, 4, 64, 64)
    assert not found[:, :2].any()
    assert np.all(found[:, 2] == -2048)
    assert not found[:, 3].any()


def test_affine_motion_survives_a_singular_matrix():
    zero = np.zeros((1, 4, 1, 1), np.int64)
    point = np.zeros((1, 2, 1, 1), np.int64)
    found = definition.affine_motion(point, zero, point, zero, (64, 64))
    assert np.abs(found).max() <= 1 << 15


def test_mixed_motion_by_hand():
    # Logits 4 and 3 with the table [3, 1]: weights 3 and 1, mean of 8 and -8 is 4.
    logits = np.array([4, 3]).reshape(1, 2, 1, 1)
    candidates = np.array([8, 0, -8, 0]).reshape(1, 4, 1, 1)
    found = definition.mix_motion(logits, candidates, np.array([3, 1]))
    assert found.ravel().tolist() == [4, 0]


def test_resizing_follows_the_float_operators():
    rng = np.random.default_rng(3)
    x = rng.integers(0, 1024, (1, 2, 40, 24))
    t = torch.from_numpy(x).double()
    up = definition.resize(
        x, definition.bilinear_weights(40, 88), definition.bilinear_weights(24, 56)
    )
    reference = functional.interpolate(t, (88, 56), mode="bilinear", align_corners=False)
    assert np.abs(up - reference.numpy()).max() <= 0.5 + 1e-9
    down = definition.resize(x, definition.area_weights(40, 10), definition.area_weights(24, 8))
    reference = functional.adaptive_avg_pool2d(t, (10, 8))
    assert np.abs(down - reference.numpy()).max() <= 0.5 + 1e-9


def test_shuffles_are_those_of_torch():
    x = np.arange(2 * 8 * 4 * 6).reshape(2, 8, 4, 6)
    shuffled = definition.pixel_shuffle(x)
    assert np.array_equal(shuffled, functional.pixel_shuffle(torch.from_numpy(x), 2).numpy())
    assert np.array_equal(definition.pixel_unshuffle(shuffled), x)


def test_extents():
    assert Extent(2).at(256, 128) == (128, 64)
    assert Extent(2).scaled(1, 2) == Extent(4)
    assert str(Extent(0, 64, 32)) == "32x64"

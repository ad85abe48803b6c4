"""Colour conversion against independent floating point, OpenCV's vectors, published values."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from reference_sw.video import colour, opencv_i420
from reference_sw.video.convert import convert_picture
from reference_sw.video.format import (
    ChromaFormat,
    ColourModel,
    Matrix,
    Picture,
    VideoFormat,
    VideoFormatError,
)

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "opencv_i420.json").read_text("utf-8"))
WEIGHTS = {Matrix.BT601: (0.299, 0.587, 0.114), Matrix.BT709: (0.2126, 0.7152, 0.0722)}
RGB = VideoFormat(12, 8, chroma_format=ChromaFormat.C444, colour=ColourModel.RGB)


def random_planes(bit_depth: int, shape: tuple[int, int] = (60, 80)) -> Picture:
    random = np.random.default_rng(bit_depth)
    planes = random.integers(0, 1 << bit_depth, (3, *shape))
    planes[:, :2] = random.choice([0, (1 << bit_depth) - 1], (3, 2, shape[1]))
    return Picture(tuple(planes.astype(np.uint8 if bit_depth == 8 else np.uint16)))


def float_ycbcr(
    rgb: Picture, matrix: Matrix, full: bool, depth: int
) -> list[npt.NDArray[np.float64]]:
    """E'Y, E'PB, E'PR and their quantisation written as in H.273, in float64."""
    top = float((1 << depth) - 1)
    r, g, b = (plane / top for plane in rgb.planes)
    k_r, k_g, k_b = WEIGHTS[matrix]
    y = k_r * r + k_g * g + k_b * b
    pb, pr = 0.5 * (b - y) / (1 - k_b), 0.5 * (r - y) / (1 - k_r)
    if full:
        return [top * y, top * pb + 2 ** (depth - 1), top * pr + 2 ** (depth - 1)]
    unit = 2 ** (depth - 8)
    return [unit * (219 * y + 16), unit * (224 * pb + 128), unit * (224 * pr + 128)]


@pytest.mark.parametrize("matrix", list(Matrix))
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("depth", [8, 10, 16])
def test_rgb_to_ycbcr_is_the_rounded_formula(matrix: Matrix, full: bool, depth: int) -> None:
    rgb = random_planes(depth)
    video = VideoFormat(80, 60, bit_depth=depth, matrix=matrix, full_range=full)
    exact = float_ycbcr(rgb, matrix, full, depth)
    top = (1 << depth) - 1
    for ours, value in zip(colour.rgb_to_ycbcr(rgb, video).planes, exact, strict=True):
        error = np.abs(ours - np.clip(value, 0, top))
        assert error.max() < 0.5 + 2 ** (depth - 23)


@pytest.mark.parametrize("matrix", list(Matrix))
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("depth", [8, 12])
def test_there_and_back_costs_at_most_the_rounding(matrix: Matrix, full: bool, depth: int) -> None:
    rgb = random_planes(depth)
    video = VideoFormat(80, 60, bit_depth=depth, matrix=matrix, full_range=full)
    back = colour.ycbcr_to_rgb(colour.rgb_to_ycbcr(rgb, video), video)
    for a, b in zip(rgb.planes, back.planes, strict=True):
        assert np.abs(a.astype(int) - b.astype(int)).max() <= 2


@pytest.mark.parametrize(
    ("matrix", "rgb", "ycbcr"),
    [
        # The 100 % colour bars of BT.601 and BT.709 at 8 bits, limited range (ITU-R BT.1729).
        (Matrix.BT601, (255, 255, 255), (235, 128, 128)),
        (Matrix.BT601, (255, 0, 0), (81, 90, 240)),
        (Matrix.BT601, (0, 255, 0), (145, 54, 34)),
        (Matrix.BT601, (0, 0, 255), (41, 240, 110)),
        (Matrix.BT601, (0, 0, 0), (16, 128, 128)),
        (Matrix.BT709, (255, 255, 0), (219, 16, 138)),
        (Matrix.BT709, (255, 0, 0), (63, 102, 240)),
        (Matrix.BT709, (0, 255, 0), (173, 42, 26)),
        (Matrix.BT709, (0, 0, 255), (32, 240, 118)),
    ],
)
def test_published_colour_bars(
    matrix: Matrix, rgb: tuple[int, ...], ycbcr: tuple[int, ...]
) -> None:
    picture = Picture(tuple(np.full((1, 1), v, np.uint8) for v in rgb))
    video = VideoFormat(1, 1, matrix=matrix)
    assert tuple(int(p[0, 0]) for p in colour.rgb_to_ycbcr(picture, video).planes) == ycbcr


@pytest.mark.parametrize("matrix", list(Matrix))
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("depth", [8, 10, 16])
def test_grey_is_neutral(matrix: Matrix, full: bool, depth: int) -> None:
    ramp = np.arange(0, 1 << depth, max(1, (1 << depth) >> 10), dtype=np.uint32)[None]
    plane = ramp.astype(np.uint8 if depth == 8 else np.uint16)
    video = VideoFormat(1, 1, bit_depth=depth, matrix=matrix, full_range=full)
    _, cb, cr = colour.rgb_to_ycbcr(Picture((plane, plane, plane)), video).planes
    assert set(np.unique(cb)) == set(np.unique(cr)) == {1 << (depth - 1)}


@pytest.mark.parametrize("depth", [8, 10, 16])
def test_compiled_and_plain_agree(depth: int) -> None:
    planes = random_planes(depth).planes
    for matrix in Matrix:
        for full in (False, True):
            for fixed in (
                colour.from_rgb(matrix, full, depth),
                colour.to_rgb(matrix, full, depth),
            ):
                pairs = zip(
                    colour.apply(planes, fixed), colour.apply_plain(planes, fixed), strict=True
                )
                assert all(np.array_equal(a, b) for a, b in pairs)


def test_three_equal_planes_are_needed() -> None:
    luma, chroma = np.zeros((2, 2), np.uint8), np.zeros((1, 1), np.uint8)
    with pytest.raises(VideoFormatError, match="three planes of one size"):
        colour.ycbcr_to_rgb(Picture((luma, chroma, chroma)), VideoFormat(2, 2))


def hex_planes(rows: dict[str, list[str]]) -> Picture:
    return Picture(
        tuple(
            np.array([list(bytes.fromhex(row)) for row in rows[name]], np.uint8) for name in "rgb"
        )
    )


def i420_planes(text: str) -> Picture:
    data = np.frombuffer(bytes.fromhex(text), np.uint8)
    return Picture((data[:96].reshape(8, 12), data[96:120].reshape(4, 6), data[120:].reshape(4, 6)))


def test_rgb_to_i420_equals_opencv() -> None:
    ours = opencv_i420.rgb_to_i420(hex_planes(GOLDEN["rgb"]))
    for a, b in zip(ours.planes, i420_planes(GOLDEN["i420"]).planes, strict=True):
        assert np.array_equal(a, b)


def test_i420_to_rgb_equals_opencv() -> None:
    ours = opencv_i420.i420_to_rgb(i420_planes(GOLDEN["i420_in"]))
    for a, b in zip(ours.planes, hex_planes(GOLDEN["rgb_out"]).planes, strict=True):
        assert np.array_equal(a, b)


def test_opencv_luma_is_within_one_of_bt601() -> None:
    """The independent formula: BT.601 limited range in float64."""
    rgb = random_planes(8, (64, 64))
    luma, cb, _ = opencv_i420.rgb_to_i420(rgb).planes
    exact = float_ycbcr(rgb, Matrix.BT601, False, 8)
    assert np.abs(luma - exact[0]).max() < 1
    assert np.abs(cb - exact[1][::2, ::2]).max() < 1


@pytest.mark.parametrize("shape", [(3, 4), (4, 3)])
def test_opencv_needs_even_sizes(shape: tuple[int, int]) -> None:
    plane = np.zeros(shape, np.uint8)
    with pytest.raises(VideoFormatError, match="even"):
        opencv_i420.rgb_to_i420(Picture((plane, plane, plane)))


def test_convert_takes_opencv_for_the_gfvc_pair_only() -> None:
    rgb = random_planes(8, (8, 12))
    i420 = convert_picture(rgb, RGB, VideoFormat(12, 8))
    for a, b in zip(i420.planes, opencv_i420.rgb_to_i420(rgb).planes, strict=True):
        assert np.array_equal(a, b)
    bt709 = convert_picture(rgb, RGB, VideoFormat(12, 8, matrix=Matrix.BT709))
    assert not np.array_equal(bt709.planes[1], i420.planes[1])
    back = convert_picture(i420, VideoFormat(12, 8), RGB)
    for a, b in zip(back.planes, opencv_i420.i420_to_rgb(i420).planes, strict=True):
        assert np.array_equal(a, b)


def test_convert_through_every_step() -> None:
    """10-bit limited 4:2:0 to 8-bit RGB: flat colours survive within the rounding."""
    source = VideoFormat(8, 8, bit_depth=10, matrix=Matrix.BT709)
    target = replace(RGB, width=8, height=8)
    flat = Picture(
        tuple(
            np.full(shape, value << 2, np.uint16)
            for shape, value in zip(source.plane_shapes, (63, 102, 240), strict=True)
        )
    )
    red = convert_picture(flat, source, target)
    for plane, value in zip(red.planes, (255, 0, 0), strict=True):
        assert plane.dtype == np.uint8
        assert np.abs(plane.astype(int) - value).max() <= 1


def test_convert_does_not_scale() -> None:
    plane = np.zeros((8, 12), np.uint8)
    with pytest.raises(VideoFormatError, match="does not scale"):
        convert_picture(Picture((plane,) * 3), RGB, VideoFormat(12, 10))

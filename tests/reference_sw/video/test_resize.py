"""Cropping and scaling against Pillow, exact means, and positions that must not move."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from reference_sw.video.chroma import ChromaSiting
from reference_sw.video.format import (
    ChromaFormat,
    ColourModel,
    Picture,
    VideoFormat,
    VideoFormatError,
)
from reference_sw.video.resize import (
    Crop,
    Filter,
    crop_picture,
    resize_picture,
    weight_table,
)

MONO = VideoFormat(64, 48, chroma_format=ChromaFormat.MONOCHROME)


def smooth(height: int, width: int) -> npt.NDArray[np.uint8]:
    y, x = np.mgrid[0:height, 0:width]
    wave = 120 + 70 * np.sin(x / 5.0) * np.cos(y / 7.0) + 40 * np.sin((x + y) / 3.0)
    return wave.astype(np.uint8)


@pytest.mark.parametrize("size", [(32, 24), (40, 30), (100, 75), (64, 20), (13, 48)])
def test_lanczos_agrees_with_pillow(size: tuple[int, int]) -> None:
    plane = smooth(48, 64)
    ours = resize_picture(Picture((plane,)), MONO, replace(MONO, width=size[0], height=size[1]))
    theirs = np.asarray(Image.fromarray(plane).resize(size, Image.Resampling.LANCZOS))
    # Pillow cuts the kernel at the picture's edge where we repeat the edge: compare the inside.
    inside = (slice(4, -4), slice(4, -4))
    assert np.abs(ours.planes[0][inside].astype(int) - theirs[inside]).max() <= 1


def test_area_is_the_mean_of_what_is_covered() -> None:
    plane = np.random.default_rng(2).integers(0, 1024, (48, 64)).astype(np.uint16)
    video = replace(MONO, bit_depth=10)
    half = resize_picture(Picture((plane,)), video, replace(video, width=16, height=12), "area")
    exact = plane.reshape(12, 4, 16, 4).mean((1, 3))
    assert np.array_equal(half.planes[0], np.floor(exact + 0.5))


@pytest.mark.parametrize("method", ["lanczos", "area"])
def test_same_size_is_identity(method: Filter) -> None:
    plane = np.random.default_rng(2).integers(0, 256, (48, 64)).astype(np.uint8)
    assert np.array_equal(resize_picture(Picture((plane,)), MONO, MONO, method).planes[0], plane)


@pytest.mark.parametrize("method", ["lanczos", "area"])
@pytest.mark.parametrize(("source", "target"), [(64, 23), (64, 200), (7, 7), (1000, 3)])
def test_weights_sum_to_one(method: Filter, source: int, target: int) -> None:
    positions, weights = weight_table(
        source, target, Fraction(source, target), 1, Fraction(0), method
    )
    assert set(weights.sum(1)) == {1 << 14}
    assert positions.min() >= 0
    assert positions.max() < source


@pytest.mark.parametrize("siting", list(ChromaSiting))
@pytest.mark.parametrize("size", [(32, 32), (128, 128)])
def test_chroma_keeps_its_siting(siting: ChromaSiting, size: tuple[int, int]) -> None:
    """A ramp in luma and its chroma at the siting's places stay one ramp after scaling."""
    video = VideoFormat(64, 64)
    luma = np.tile(np.arange(64) * 3, (64, 1)).astype(np.uint8)
    place = np.arange(32) * 2 + (0 if siting.cosited[1] else 0.5)
    chroma = np.tile(np.round(place * 3), (32, 1)).astype(np.uint8)
    target = replace(video, width=size[0], height=size[1])
    scaled = resize_picture(Picture((luma, chroma, chroma)), video, target, "lanczos", siting)
    y = scaled.planes[0][size[1] // 2].astype(float)
    c = scaled.planes[1][size[1] // 4].astype(float)
    at = np.arange(size[0] // 2) * 2 + (0 if siting.cosited[1] else 0.5)
    expected = np.interp(at, np.arange(size[0]), y)
    assert np.abs(c - expected)[6:-6].max() <= 1.5


def test_crop_takes_the_same_rectangle_of_all_planes() -> None:
    video = VideoFormat(8, 6)
    luma = np.arange(48, dtype=np.uint8).reshape(6, 8)
    chroma = np.arange(12, dtype=np.uint8).reshape(3, 4)
    y, cb, _ = crop_picture(Picture((luma, chroma, chroma)), video, Crop(2, 4, 4, 2)).planes
    assert y.tolist() == [[34, 35, 36, 37], [42, 43, 44, 45]]
    assert cb.tolist() == [[9, 10]]


@pytest.mark.parametrize(
    ("crop", "message"),
    [
        (Crop(0, 0, 9, 2), "shall lie within 8x6"),
        (Crop(0, 0, 0, 2), "shall lie within 8x6"),
        (Crop(-2, 0, 4, 2), "shall lie within 8x6"),
        (Crop(1, 0, 4, 2), "crop x 1: shall be a multiple of 2 in 4:2:0"),
        (Crop(0, 0, 4, 3), "crop height 3: shall be a multiple of 2"),
    ],
)
def test_bad_crops(crop: Crop, message: str) -> None:
    planes = (np.zeros((6, 8), np.uint8), *(np.zeros((3, 4), np.uint8),) * 2)
    with pytest.raises(VideoFormatError, match=message):
        crop_picture(Picture(planes), VideoFormat(8, 6), crop)


def test_scaling_refuses_other_changes_and_hostile_sizes() -> None:
    plane = np.zeros((48, 64), np.uint8)
    with pytest.raises(VideoFormatError, match="nothing but width and height"):
        resize_picture(Picture((plane,)), MONO, replace(MONO, bit_depth=10))
    with pytest.raises(VideoFormatError, match="limited to 16384"):
        resize_picture(Picture((plane,)), MONO, replace(MONO, width=1 << 20))


def test_rgb_scales_every_plane_alike() -> None:
    video = VideoFormat(64, 48, chroma_format=ChromaFormat.C444, colour=ColourModel.RGB)
    plane = smooth(48, 64)
    scaled = resize_picture(Picture((plane,) * 3), video, replace(video, width=30, height=31))
    assert np.array_equal(scaled.planes[0], scaled.planes[2])

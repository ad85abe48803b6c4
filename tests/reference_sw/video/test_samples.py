"""Bit depth and chroma resampling against worked values and an independent convolution."""

from __future__ import annotations

import numpy as np
import pytest

from reference_sw.video.bit_depth import change_bit_depth
from reference_sw.video.chroma import ChromaSiting, resample_chroma, resample_plane
from reference_sw.video.format import ChromaFormat, Picture, VideoFormatError


def test_up_is_a_shift() -> None:
    plane = np.array([[0, 1, 255]], np.uint8)
    assert change_bit_depth(plane, 8, 10).tolist() == [[0, 4, 1020]]
    assert change_bit_depth(plane, 8, 16).tolist() == [[0, 256, 65280]]


def test_down_rounds_half_up_and_clips() -> None:
    plane = np.array([[0, 1, 2, 5, 6, 1020, 1021, 1022, 1023]], np.uint16)
    assert change_bit_depth(plane, 10, 8).tolist() == [[0, 0, 1, 1, 2, 255, 255, 255, 255]]
    assert change_bit_depth(np.array([[65535]], np.uint16), 16, 8).tolist() == [[255]]


@pytest.mark.parametrize("target", range(8, 17))
def test_up_and_down_is_identity(target: int) -> None:
    plane = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert np.array_equal(change_bit_depth(change_bit_depth(plane, 8, target), target, 8), plane)


def test_down_by_hand() -> None:
    """Left siting: (1 2 1)/4 across, (1 1)/2 down; the edge repeated."""
    plane = np.array([[10, 20, 30, 40], [11, 21, 31, 41]], np.uint8)
    # column 0: 10+20+20... (10 + 2*10 + 20) + (11 + 2*11 + 21) = 50 + 54 = 104, /8 = 13
    # column 2: (20 + 60 + 40) + (21 + 62 + 41) = 120 + 124 = 244, /8 = 30.5 -> 31
    down = resample_plane(plane, (1, 1), (2, 2), (1, 2), ChromaSiting.LEFT)
    assert down.tolist() == [[13, 31]]


def test_up_by_hand() -> None:
    plane = np.array([[0, 100]], np.uint8)
    centre = resample_plane(plane, (2, 1), (1, 1), (1, 4), ChromaSiting.CENTRE)
    assert centre.tolist() == [[0, 25, 75, 100]]
    left = resample_plane(plane, (2, 1), (1, 1), (1, 4), ChromaSiting.LEFT)
    assert left.tolist() == [[0, 50, 100, 100]]
    odd = resample_plane(plane, (2, 1), (1, 1), (1, 3), ChromaSiting.LEFT)
    assert odd.tolist() == [[0, 50, 100]]


@pytest.mark.parametrize("siting", list(ChromaSiting))
def test_down_is_the_convolution(siting: ChromaSiting) -> None:
    plane = np.random.default_rng(1).integers(0, 1024, (10, 14)).astype(np.uint16)
    ours = resample_plane(plane, (1, 1), (2, 2), (5, 7), siting)
    kernels = {True: (0.25, 0.5, 0.25), False: (0.0, 0.5, 0.5)}
    down, across = (kernels[c] for c in siting.cosited)
    padded = np.pad(plane.astype(float), 1, mode="edge")
    for y in range(5):
        for x in range(7):
            window = padded[2 * y : 2 * y + 3, 2 * x : 2 * x + 3]
            assert ours[y, x] == np.floor(np.array(down) @ window @ np.array(across) + 0.5)


@pytest.mark.parametrize("siting", list(ChromaSiting))
@pytest.mark.parametrize("chroma", [ChromaFormat.C420, ChromaFormat.C422])
@pytest.mark.parametrize("shape", [(6, 8), (5, 7), (1, 1)])
def test_flat_chroma_stays_flat(
    siting: ChromaSiting, chroma: ChromaFormat, shape: tuple[int, int]
) -> None:
    flat = Picture(tuple(np.full(shape, value, np.uint8) for value in (1, 77, 255)))
    down = resample_chroma(flat, ChromaFormat.C444, chroma, 8, siting)
    assert [set(np.unique(p)) for p in down.planes] == [{1}, {77}, {255}]
    up = resample_chroma(down, chroma, ChromaFormat.C444, 8, siting)
    assert all(np.array_equal(a, b) for a, b in zip(up.planes, flat.planes, strict=True))


def test_a_ramp_keeps_its_place() -> None:
    """A siting error of half a sample would move a linear ramp; the inside must not move."""
    ramp = np.tile(np.arange(0, 160, 8, dtype=np.uint8), (8, 1))
    for siting in ChromaSiting:
        down = resample_plane(ramp, (1, 1), (2, 2), (4, 10), siting)
        up = resample_plane(down, (2, 2), (1, 1), (8, 20), siting)
        assert np.array_equal(up[:, 3:-3], ramp[:, 3:-3]), siting


def test_monochrome() -> None:
    luma = np.zeros((4, 4), np.uint16)
    grey = resample_chroma(Picture((luma,)), ChromaFormat.MONOCHROME, ChromaFormat.C420, 10)
    assert [p.shape for p in grey.planes] == [(4, 4), (2, 2), (2, 2)]
    assert set(np.unique(grey.planes[2])) == {512}
    assert len(resample_chroma(grey, ChromaFormat.C420, ChromaFormat.MONOCHROME, 10).planes) == 1
    with pytest.raises(VideoFormatError, match=r"1 planes: not 4:2:0"):
        resample_chroma(Picture((luma,)), ChromaFormat.C420, ChromaFormat.C444, 10)

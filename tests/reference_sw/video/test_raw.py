"""Raw planar files: bytes laid out by hand, refusals, and writing that never half-finishes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reference_sw.video.format import (
    ChromaFormat,
    ColourModel,
    Picture,
    VideoFormat,
    VideoFormatError,
)
from reference_sw.video.raw import VideoReader, VideoWriter

I420 = VideoFormat(4, 2)


def test_planes_follow_each_other_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.yuv"
    path.write_bytes(bytes(range(24)))
    reader = VideoReader(path, I420)
    assert len(reader) == 2
    y, cb, cr = reader.picture(1).planes
    assert y.tolist() == [[12, 13, 14, 15], [16, 17, 18, 19]]
    assert cb.tolist() == [[20, 21]]
    assert cr.tolist() == [[22, 23]]


def test_above_eight_bits_samples_are_little_endian(tmp_path: Path) -> None:
    path = tmp_path / "a.yuv"
    path.write_bytes(bytes([1, 2, 3, 0]))
    video = VideoFormat(2, 1, bit_depth=10, chroma_format=ChromaFormat.MONOCHROME)
    assert VideoReader(path, video, 1).picture(0).planes[0].tolist() == [[0x201, 3]]


def test_rgb_is_all_r_then_all_g_then_all_b(tmp_path: Path) -> None:
    path = tmp_path / "a.rgb"
    video = VideoFormat(2, 1, chroma_format=ChromaFormat.C444, colour=ColourModel.RGB)
    planes = tuple(np.array([[v, v + 1]], np.uint8) for v in (10, 20, 30))
    with VideoWriter(path, video) as writer:
        writer.write(Picture(planes))
    assert path.read_bytes() == bytes([10, 11, 20, 21, 30, 31])


@pytest.mark.parametrize("chroma", list(ChromaFormat))
@pytest.mark.parametrize("bit_depth", [8, 9, 10, 12, 16])
def test_what_is_written_is_read(tmp_path: Path, chroma: ChromaFormat, bit_depth: int) -> None:
    video = VideoFormat(7, 5, bit_depth=bit_depth, chroma_format=chroma)
    random = np.random.default_rng(bit_depth)
    pictures = [
        Picture(
            tuple(
                random.integers(0, 1 << bit_depth, shape).astype(video.sample_dtype)
                for shape in video.plane_shapes
            )
        )
        for _ in range(3)
    ]
    path = tmp_path / "a.yuv"
    with VideoWriter(path, video) as writer:
        for picture in pictures:
            writer.write(picture)
    assert path.stat().st_size == 3 * video.bytes_per_picture
    for read, written in zip(VideoReader(path, video, 3), pictures, strict=True):
        for a, b in zip(read.planes, written.planes, strict=True):
            assert np.array_equal(a, b)


@pytest.mark.parametrize(
    ("size", "frames", "message"),
    [
        (0, None, "0 bytes, not a whole number"),
        (13, None, "13 bytes, not a whole number"),
        (23, 2, "23 bytes, but 2 pictures of 4x2 8-bit YCbCr 4:2:0 are 24 bytes"),
        (36, 2, "36 bytes, but 2 pictures"),
        (24, 0, "frames 0: shall be at least 1"),
    ],
)
def test_a_wrong_size_is_refused(
    tmp_path: Path, size: int, frames: int | None, message: str
) -> None:
    path = tmp_path / "a.yuv"
    path.write_bytes(bytes(size))
    with pytest.raises(VideoFormatError, match=message) as caught:
        VideoReader(path, I420, frames)
    assert str(path) in str(caught.value)


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(VideoFormatError, match=r"none\.yuv: cannot be read"):
        VideoReader(tmp_path / "none.yuv", I420)
    with pytest.raises(VideoFormatError, match="not a plain file"):
        VideoReader(tmp_path, I420)


def test_a_huge_format_costs_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.yuv"
    path.write_bytes(b"x")
    with pytest.raises(VideoFormatError, match="not a whole number"):
        VideoReader(path, VideoFormat(1 << 40, 1 << 40, bit_depth=16))


def test_no_picture_outside_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.yuv"
    path.write_bytes(bytes(12))
    for index in (-1, 1):
        with pytest.raises(IndexError):
            VideoReader(path, I420).picture(index)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.yuv"
    path.write_bytes(b"old")
    luma, chroma = np.zeros((2, 4), np.uint8), np.zeros((1, 2), np.uint8)
    with pytest.raises(VideoFormatError, match="planes"), VideoWriter(path, I420) as writer:
        writer.write(Picture((luma, chroma, chroma)))
        writer.write(Picture((luma, chroma)))
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_samples_out_of_range_are_refused(tmp_path: Path) -> None:
    video = VideoFormat(1, 1, bit_depth=10, chroma_format=ChromaFormat.MONOCHROME)
    with (
        pytest.raises(VideoFormatError, match=r"sample 1024: shall be in 0\.\.1023"),
        VideoWriter(tmp_path / "a.yuv", video) as writer,
    ):
        writer.write(Picture((np.array([[1024]], np.uint16),)))

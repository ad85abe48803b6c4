"""Y4M: headers written by hand, files written by FFmpeg, hostile headers."""

from __future__ import annotations

import subprocess
import tempfile
from fractions import Fraction
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_sw.video.chroma import ChromaSiting
from reference_sw.video.format import (
    ChromaFormat,
    ColourModel,
    Picture,
    VideoFormat,
    VideoFormatError,
)
from reference_sw.video.raw import VideoReader
from reference_sw.video.y4m import MAX_HEADER_BYTES, Y4mReader, Y4mWriter, read_header


def header_of(tmp_path: Path, line: bytes, body: bytes = b"\nFRAME\n") -> Path:
    path = tmp_path / "a.y4m"
    path.write_bytes(line + body)
    return path


@pytest.mark.parametrize(
    ("tag", "chroma", "depth", "siting"),
    [
        (b"", ChromaFormat.C420, 8, ChromaSiting.CENTRE),
        (b" C420", ChromaFormat.C420, 8, ChromaSiting.CENTRE),
        (b" C420jpeg", ChromaFormat.C420, 8, ChromaSiting.CENTRE),
        (b" C420mpeg2", ChromaFormat.C420, 8, ChromaSiting.LEFT),
        (b" C420paldv", ChromaFormat.C420, 8, ChromaSiting.TOP_LEFT),
        (b" C422", ChromaFormat.C422, 8, ChromaSiting.LEFT),
        (b" C444", ChromaFormat.C444, 8, ChromaSiting.LEFT),
        (b" Cmono", ChromaFormat.MONOCHROME, 8, ChromaSiting.LEFT),
        (b" C420p10", ChromaFormat.C420, 10, ChromaSiting.LEFT),
        (b" C422p12", ChromaFormat.C422, 12, ChromaSiting.LEFT),
        (b" C444p16", ChromaFormat.C444, 16, ChromaSiting.LEFT),
        (b" Cmono14", ChromaFormat.MONOCHROME, 14, ChromaSiting.LEFT),
    ],
)
def test_chroma_tags(
    tmp_path: Path, tag: bytes, chroma: ChromaFormat, depth: int, siting: ChromaSiting
) -> None:
    line = b"YUV4MPEG2 W352 H288 F30000:1001 Ip A0:0" + tag + b" XYSCSS=420JPEG"
    header = read_header(header_of(tmp_path, line))
    assert header.format == VideoFormat(352, 288, Fraction(30000, 1001), depth, chroma)
    assert header.siting is siting
    assert header.length == len(line) + 1


def test_colour_range(tmp_path: Path) -> None:
    path = header_of(tmp_path, b"YUV4MPEG2 W2 H2 F25:1 XCOLORRANGE=FULL")
    assert read_header(path).format.full_range


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"RIFFxxxx", "does not start with YUV4MPEG2"),
        (b"YUV4MPEG2", "does not start with YUV4MPEG2"),
        (b"YUV4MPEG2 H2 F25:1", "no W parameter"),
        (b"YUV4MPEG2 W2 F25:1", "no H parameter"),
        (b"YUV4MPEG2 W2 H2", "no F parameter"),
        (b"YUV4MPEG2 W0 H2 F25:1", r"W0: shall be in 1\.\.65536"),
        (b"YUV4MPEG2 W-2 H2 F25:1", "W-2: shall be"),
        (b"YUV4MPEG2 W99999 H2 F25:1", "W99999: shall be"),
        (b"YUV4MPEG2 W2 H" + b"9" * 500 + b" F25:1", "H99999999999999999999: shall be"),
        ("YUV4MPEG2 W٣ H2 F25:1".encode(), "not ASCII"),
        (b"YUV4MPEG2 W2 H2 F0:0", "F0:0: shall be two numbers above 0"),
        (b"YUV4MPEG2 W2 H2 F25:0", "F25:0: shall be"),
        (b"YUV4MPEG2 W2 H2 F25", "F25: shall be"),
        (b"YUV4MPEG2 W2 H2 F25:1 It", "interlacing It: shall be progressive"),
        (b"YUV4MPEG2 W2 H2 F25:1 C411", "C411: shall be 420"),
        (b"YUV4MPEG2 W2 H2 F25:1 C420p8", "C420p8: shall be"),
        (b"YUV4MPEG2 W2 H2 F25:1 C420p17", "C420p17: shall be"),
        (b"YUV4MPEG2 W2 H2 F25:1 Cmonop10", "Cmonop10: shall be"),
        (b"YUV4MPEG2 W2 H2 F25:1 C42010", "C42010: shall be"),
        (b"YUV4MPEG2 W2 W2 H2 F25:1", "parameter W given twice"),
        (b"YUV4MPEG2 W2 H2 F25:1 Q7", "unknown parameter 'Q7'"),
        (b"YUV4MPEG2 W2 H2 F25:1 X" + b"x" * MAX_HEADER_BYTES, "longer than"),
    ],
)
def test_malformed_headers(tmp_path: Path, line: bytes, message: str) -> None:
    path = header_of(tmp_path, line)
    with pytest.raises(VideoFormatError, match=message) as caught:
        Y4mReader(path)
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < 300 + len(str(path))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"\n", "without a picture"),
        (b"\nFRAME\n12345", "picture 0 is cut short: 5 of 6 bytes"),
        (b"\nFRAME\n123456FRAME", "no FRAME header at byte 37, picture 1"),
        (b"\nFRAMES\n123456", "no FRAME header at byte 25, picture 0"),
        (b"\nFRAME\n123456\n", "no FRAME header at byte 37, picture 1"),
    ],
)
def test_damaged_pictures(tmp_path: Path, body: bytes, message: str) -> None:
    with pytest.raises(VideoFormatError, match=message):
        Y4mReader(header_of(tmp_path, b"YUV4MPEG2 W2 H2 F25:1 Ip", body))


def test_a_hostile_size_is_refused_without_memory(tmp_path: Path) -> None:
    path = header_of(tmp_path, b"YUV4MPEG2 W65536 H65536 F25:1 C444p16")
    with pytest.raises(VideoFormatError, match="cut short: 0 of 25769803776 bytes"):
        Y4mReader(path)


def test_frame_parameters_are_passed_over(tmp_path: Path) -> None:
    body = b"\nFRAME Ip\n123456FRAME\nabcdef"
    reader = Y4mReader(header_of(tmp_path, b"YUV4MPEG2 W2 H2 F25:1", body), 2)
    assert [plane.tobytes() for plane in reader.picture(1).planes] == [b"abcd", b"e", b"f"]


def test_rgb_is_refused(tmp_path: Path) -> None:
    rgb = VideoFormat(2, 2, chroma_format=ChromaFormat.C444, colour=ColourModel.RGB)
    with pytest.raises(VideoFormatError, match="not RGB"):
        Y4mWriter(tmp_path / "a.y4m", rgb)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("pixel_format", "chroma", "depth"),
    [
        ("yuv420p", ChromaFormat.C420, 8),
        ("yuv422p", ChromaFormat.C422, 8),
        ("yuv444p", ChromaFormat.C444, 8),
        ("gray", ChromaFormat.MONOCHROME, 8),
        ("yuv420p10le", ChromaFormat.C420, 10),
        ("yuv422p12le", ChromaFormat.C422, 12),
        ("yuv444p16le", ChromaFormat.C444, 16),
        ("gray12le", ChromaFormat.MONOCHROME, 12),
    ],
)
def test_agrees_with_ffmpeg(
    tmp_path: Path, pixel_format: str, chroma: ChromaFormat, depth: int
) -> None:
    """Our Y4M file, rewritten by FFmpeg both as raw video and as Y4M, is read back the same."""
    video = VideoFormat(10, 6, Fraction(24000, 1001), depth, chroma)
    random = np.random.default_rng(depth)
    ours, raw, theirs = (tmp_path / name for name in ("ours.y4m", "raw.yuv", "theirs.y4m"))
    with Y4mWriter(ours, video) as writer:
        for _ in range(2):
            writer.write(
                Picture(
                    tuple(
                        random.integers(0, 1 << depth, shape).astype(video.sample_dtype)
                        for shape in video.plane_shapes
                    )
                )
            )
    program = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-i", str(ours)]
    keep = ["-pix_fmt", pixel_format, "-noauto_conversion_filters", "-strict", "-1"]
    subprocess.run([*program, *keep, "-f", "rawvideo", str(raw), *keep, str(theirs)], check=True)
    reader = Y4mReader(theirs, 2)
    assert reader.format == video
    for a, b, c in zip(Y4mReader(ours), VideoReader(raw, video, 2), reader, strict=True):
        for p, q, r in zip(a.planes, b.planes, c.planes, strict=True):
            assert np.array_equal(p, q)
            assert np.array_equal(p, r)


@settings(max_examples=150, deadline=None)
@given(
    words=st.lists(
        st.tuples(st.sampled_from("WHFICAXQ"), st.text(alphabet="0123456789:pmono-C", max_size=12)),
        max_size=7,
    ),
    rest=st.binary(max_size=60),
)
def test_any_header_is_read_or_refused(words: list[tuple[str, str]], rest: bytes) -> None:
    line = "YUV4MPEG2 W2 H2 " + " ".join(letter + text for letter, text in words)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.y4m"
        path.write_bytes(line.encode() + b"\n" + rest)
        try:
            reader = Y4mReader(path)
        except VideoFormatError as problem:
            assert "\n" not in str(problem)
        else:
            assert len(reader) * reader.format.bytes_per_picture < len(rest)


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=200))
def test_any_bytes_are_refused_in_one_line(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.y4m"
        path.write_bytes(data)
        with pytest.raises(VideoFormatError, match="not a Y4M file"):
            Y4mReader(path)

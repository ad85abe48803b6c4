"""What is read from FFmpeg's description of a stream, on lines as FFmpeg prints them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from ctc import clip_probe
from ctc.errors import SequenceError
from reference_sw.video.format import Matrix

CLIP = Path("clip.mp4")


@pytest.mark.parametrize(
    ("line", "pixel", "size", "rate", "full", "matrix"),
    [
        (
            "h264 (High) (avc1 / 0x31637661), yuv420p(tv, bt709, progressive), "
            "1920x1080 [SAR 1:1 DAR 16:9], 5001 kb/s, 29.97 fps, 29.97 tbr, 30k tbn (default)",
            "yuv420p",
            (1920, 1080),
            Fraction(30000, 1001),
            False,
            Matrix.BT709,
        ),
        (
            "mjpeg (Baseline), yuvj420p(pc, bt470bg/unknown/unknown), 256x256 [SAR 1:1], 25 fps",
            "yuvj420p",
            (256, 256),
            Fraction(25),
            True,
            Matrix.BT601,
        ),
        (
            "hevc (Main 10), yuv420p10le(tv), 1280x720, 50 fps, 50 tbr, 1k tbn",
            "yuv420p10le",
            (1280, 720),
            Fraction(50),
            False,
            Matrix.BT709,
        ),
        ("rawvideo, gray, 64x48, 23.98 tbr", "gray", (64, 48), Fraction(24000, 1001), False, None),
        (
            "ffv1, gbrp12le(pc, gbr/unknown/unknown), 64x48, 1k fps",
            "gbrp12le",
            (64, 48),
            1000,
            True,
            None,
        ),
        ("png, rgb24(pc), 64x48", "rgb24", (64, 48), None, True, None),
    ],
)
def test_fields(
    line: str,
    pixel: str,
    size: tuple[int, int],
    rate: Fraction | None,
    full: bool,
    matrix: Matrix | None,
) -> None:
    info = clip_probe.parse_stream(CLIP, line)
    assert (info.pixel_format, info.width, info.height) == (pixel, *size)
    assert (info.frame_rate, info.full_range) == (rate, full)
    assert info.matrix is (matrix or Matrix.BT601)
    assert info.is_rgb == pixel.startswith(("gbr", "rgb"))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("h264, yuv420p(tv, bt2020nc/bt2020/smpte2084), 3840x2160, 60 fps", "matrix bt2020"),
        ("h264, nv12, 64x64, 25 fps", "pixel format nv12 cannot be taken over exactly"),
        ("rawvideo, bgra, 64x64, 25 fps", "pixel format bgra"),
        ("h264, yuv411p, 64x64", "pixel format yuv411p"),
        ("h264, yuv420p17le, 64x64", "pixel format yuv420p17le"),
        ("h264, none, 64x64", "pixel format none"),
        ("h264", "unknown kind of video"),
        ("h264, yuv420p, big", "the size of its pictures is unknown"),
    ],
)
def test_refusals(line: str, message: str) -> None:
    with pytest.raises(SequenceError, match=f"clip.mp4: .*{message}|clip.mp4: {message}"):
        clip_probe.parse_stream(CLIP, line)

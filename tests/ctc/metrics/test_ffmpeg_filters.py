"""VMAF and XPSNR through the ffmpeg program: exact input, known values, honest absence."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from ctc.errors import MetricError
from ctc.metrics import VideoFile, ffmpeg_program, metric_by_name
from reference_sw.video.format import ChromaFormat, ColourModel, VideoFormat
from tests.ctc.metrics.clips import noisy, smooth_planes, write

VIDEO = VideoFormat(176, 176)


def measure(name: str, original: VideoFile, decoded: VideoFile) -> float | None:
    return metric_by_name(name).measure(original, [decoded])[0].sequence


def test_libvmaf_reads_our_files_unconverted(tmp_path: Path) -> None:
    """Its SSIM is close to ours and its VMAF is the same at 8 and 10 bits for the same picture."""
    clip = smooth_planes(VIDEO, 3)
    worse = noisy(clip, VIDEO, 12)
    original, decoded = write(tmp_path / "o", clip, VIDEO), write(tmp_path / "d", worse, VIDEO)
    theirs, ours = (measure(n, original, decoded) for n in ("ms-ssim-y-libvmaf", "ms-ssim-y"))
    assert theirs == pytest.approx(ours, abs=2e-3)  # another window and another decimation
    eight = measure("vmaf", original, decoded)
    ten = VideoFormat(176, 176, bit_depth=10)
    lifted = [[[p * 4 for p in planes] for planes in c] for c in (clip, worse)]
    files = [write(tmp_path / f"ten{i}", c, ten) for i, c in enumerate(lifted)]
    assert eight is not None
    assert 0 < eight < 97
    assert measure("vmaf", files[0], files[1]) == pytest.approx(eight, abs=0.05)


def test_vmaf_neg_gives_no_reward_for_sharpening(tmp_path: Path) -> None:
    clip = smooth_planes(VIDEO, 3)
    sharp = [[np.clip(p + (p - p.mean()) * 0.2, 0, 255).astype(int) for p in f] for f in clip]
    original, decoded = write(tmp_path / "o", clip, VIDEO), write(tmp_path / "d", sharp, VIDEO)
    scores = metric_by_name("vmaf-neg").measure(original, [decoded])[0]
    plain = measure("vmaf", original, decoded)
    assert scores.sequence is not None and plain is not None
    assert scores.sequence < plain
    assert scores.sequence == pytest.approx(sum(v or 0 for v in scores.pictures) / 3)


def test_xpsnr_of_one_flat_offset_by_hand(tmp_path: Path) -> None:
    """Without activity every weight is the same least one, so an offset of 2 costs what 4 costs
    less 20 log10(2)."""
    planes = [[np.full(s, 100) for s in VIDEO.plane_shapes]] * 2
    original = write(tmp_path / "o", planes, VIDEO)
    by_two, by_four = (
        measure(
            "xpsnr-y",
            original,
            write(tmp_path / f"d{k}", [[p + k for p in f] for f in planes], VIDEO),
        )
        for k in (2, 4)
    )
    assert by_two is not None and by_four is not None
    assert by_two - by_four == pytest.approx(20 * math.log10(2), abs=0.02)  # integer weights
    same = metric_by_name("xpsnr-y").measure(original, [original])[0]
    assert same.sequence is None
    assert "identical" in same.reason


def test_signatures_name_the_program() -> None:
    for name in ("vmaf", "xpsnr-y"):
        assert f"ffmpeg:{ffmpeg_program.program_version()}" in metric_by_name(name).signature()
    assert "libvmaf:" in metric_by_name("vmaf").signature()


@pytest.mark.parametrize(
    "video",
    [
        VideoFormat(64, 64, chroma_format=ChromaFormat.C444, colour=ColourModel.RGB),
        VideoFormat(64, 64, bit_depth=9),
        VideoFormat(64, 64, chroma_format=ChromaFormat.MONOCHROME),
    ],
)
def test_formats_that_would_need_conversion_are_refused(video: VideoFormat) -> None:
    for name in ("vmaf", "xpsnr-y"):
        assert "defined for Y'CbCr" in metric_by_name(name).applies_to(video)


def test_a_conversion_before_the_filter_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = smooth_planes(VIDEO, 1)
    original = write(tmp_path / "o", clip, VIDEO)
    monkeypatch.setattr(ffmpeg_program, "pixel_format", lambda _: "nv12")
    with pytest.raises(MetricError, match="ffmpeg put a conversion before"):
        measure("vmaf", original, original)


def test_a_program_without_the_filter_says_how_to_mend_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ffmpeg_program, "_filters", lambda: frozenset(["psnr"]))
    assert "has no filter libvmaf; run: pip install" in metric_by_name("vmaf").unavailable()
    monkeypatch.setattr(ffmpeg_program, "program", lambda: "")
    assert metric_by_name("xpsnr-y").unavailable().startswith("no ffmpeg program; run: pip install")

"""PSNR against hand-worked values, exact integers, ffmpeg's psnr filter, and edge cases."""

from __future__ import annotations

import math
import re
import subprocess
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

from ctc.metrics import VideoFile, class_average, measure_all, metric_by_name
from ctc.metrics.psnr import Psnr, WeightedPsnr
from reference_sw.video.format import ChromaFormat, ColourModel, VideoFormat
from tests.ctc.metrics.clips import noisy, smooth_planes, write

TINY = VideoFormat(4, 2)


def flat(path: Path, video: VideoFormat, values: list[tuple[int, ...]]) -> VideoFile:
    clip = [
        [np.full(shape, value) for shape, value in zip(video.plane_shapes, planes, strict=True)]
        for planes in values
    ]
    return write(path, clip, video)


def score(name: str, original: VideoFile, decoded: VideoFile) -> float | None:
    return metric_by_name(name).measure(original, [decoded])[0].sequence


def test_hand_worked_values(tmp_path: Path) -> None:
    original = flat(tmp_path / "o", TINY, [(100, 90, 80), (100, 90, 80)])
    decoded = flat(tmp_path / "d", TINY, [(101, 92, 80), (105, 90, 83)])
    peak = 20 * math.log10(255)  # 48.1308 dB at an MSE of 1
    assert peak == pytest.approx(48.1308, abs=5e-5)
    assert score("psnr-y", original, decoded) == pytest.approx(peak - 5 * math.log10(25))
    assert score("apsnr-y", original, decoded) == pytest.approx(peak - 10 * math.log10(13))
    first = (6 * peak + (peak - 10 * math.log10(4)) + 999.99) / 8
    second = (6 * (peak - 10 * math.log10(25)) + 999.99 + (peak - 10 * math.log10(9))) / 8
    assert score("psnr-yuv-611", original, decoded) == pytest.approx((first + second) / 2)
    mse = [(4 * 1 + 4 + 0) / 6, (4 * 25 + 0 + 9) / 6]
    expected = peak - 5 * math.log10(mse[0] * mse[1])
    assert score("psnr-yuv-411-mse", original, decoded) == pytest.approx(expected)
    assert score("psnr-yuv-samples-mse", original, decoded) == pytest.approx(expected)
    of_mean = peak - 10 * math.log10(sum(mse) / 2)
    assert score("apsnr-yuv-samples-mse", original, decoded) == pytest.approx(of_mean)


def test_sample_weights_follow_the_chroma_format(tmp_path: Path) -> None:
    video = VideoFormat(4, 2, chroma_format=ChromaFormat.C444)
    original = flat(tmp_path / "o", video, [(100, 90, 80)])
    decoded = flat(tmp_path / "d", video, [(103, 90, 80)])
    expected = 20 * math.log10(255) - 10 * math.log10(9 / 3)
    assert score("psnr-yuv-samples-mse", original, decoded) == pytest.approx(expected)


def test_rgb_mean_is_of_the_three_figures(tmp_path: Path) -> None:
    video = VideoFormat(4, 2, chroma_format=ChromaFormat.C444, colour=ColourModel.RGB)
    original = flat(tmp_path / "o", video, [(10, 20, 30)])
    decoded = flat(tmp_path / "d", video, [(11, 22, 34)])
    peak = 20 * math.log10(255)
    parts = [peak, peak - 10 * math.log10(4), peak - 10 * math.log10(16)]
    assert score("psnr-rgb", original, decoded) == pytest.approx(sum(parts) / 3)
    assert score("psnr-rgb-mse", original, decoded) == pytest.approx(peak - 10 * math.log10(7))
    assert score("psnr-g", original, decoded) == pytest.approx(parts[1])
    reason = metric_by_name("psnr-y").applies_to(video)
    assert reason == "needs plane Y; files hold R/G/B"


def test_peaks_differ_by_the_known_amount_at_ten_bits(tmp_path: Path) -> None:
    video = VideoFormat(4, 2, bit_depth=10)
    original = flat(tmp_path / "o", video, [(100, 90, 80)])
    decoded = flat(tmp_path / "d", video, [(104, 90, 80)])
    usual, maximum = (score(n, original, decoded) for n in ("psnr-y", "psnr-y-maxpeak"))
    assert usual == pytest.approx(20 * math.log10(1020 / 4))
    assert maximum is not None
    assert maximum - 20 * math.log10(1020 / 4) == pytest.approx(0.0255, abs=5e-5)


def test_identical_pictures_take_the_zero_rule_that_the_signature_names(tmp_path: Path) -> None:
    original = flat(tmp_path / "o", TINY, [(1, 2, 3)])
    for name in ("psnr-y", "apsnr-y", "psnr-yuv-611", "psnr-yuv-411-mse"):
        assert score(name, original, original) == pytest.approx(999.99)
    assert Psnr().signature() == (
        "psnr|plane:y|peak:255<<(b-8)|zero_mse:999.99|average:mean of pictures|v:1"
    )
    assert (
        WeightedPsnr().signature().startswith("psnr-weighted|planes:yuv|weights:6:1:1|weighted:dB")
    )


def test_extreme_16_bit_differences_are_exact(tmp_path: Path) -> None:
    video = VideoFormat(64, 64, bit_depth=16)
    original = flat(tmp_path / "o", video, [(0, 0, 0)])
    decoded = flat(tmp_path / "d", video, [(65535, 65535, 65535)])
    assert score("psnr-y", original, decoded) == pytest.approx(20 * math.log10(65280 / 65535))
    assert score("psnr-y-maxpeak", original, decoded) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("bits", [8, 10])
def test_agrees_with_the_psnr_filter_of_ffmpeg(tmp_path: Path, bits: int) -> None:
    video = VideoFormat(64, 48, bit_depth=bits)
    clip = smooth_planes(video, 3)
    original = write(tmp_path / "o.yuv", clip, video)
    decoded = write(tmp_path / "d.yuv", noisy(clip, video, 6), video)
    theirs = ffmpeg_psnr(original, decoded)
    for plane in "yuv":
        ours = metric_by_name(f"psnr-{plane}-maxpeak").measure(original, [decoded])[0].pictures
        assert ours == pytest.approx(theirs[plane], abs=0.006)  # the filter prints two decimals


def ffmpeg_psnr(original: VideoFile, decoded: VideoFile) -> dict[str, list[float]]:
    pixel_format = "yuv420p" if original.format.bit_depth == 8 else "yuv420p10le"
    raw = ["-f", "rawvideo", "-pix_fmt", pixel_format, "-s", "64x48"]
    log = original.path.with_suffix(".log")
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *raw, "-i", str(decoded.path)]
    command += [
        *raw,
        "-i",
        str(original.path),
        "-lavfi",
        f"psnr=stats_file={log}",
        "-f",
        "null",
        "-",
    ]
    subprocess.run(command, check=True, timeout=60)
    text = log.read_text()
    return {p: [float(v) for v in re.findall(rf"psnr_{p}:([\d.]+)", text)] for p in "yuv"}


def test_class_average_is_withheld_when_a_sequence_is_missing() -> None:
    assert class_average([30.0, 33.0]) == 31.5
    assert class_average([30.0, None]) is None


def test_measuring_together_gives_the_single_figures(tmp_path: Path) -> None:
    video = VideoFormat(64, 48)
    clip = smooth_planes(video, 20)
    original = write(tmp_path / "o", clip, video)
    decoded = [write(tmp_path / f"d{s}", noisy(clip, video, s, s), video) for s in (2, 5)]
    metrics = [metric_by_name(n) for n in ("psnr-y", "psnr-r", "ssim-y", "psnr-yuv-611")]
    together = measure_all(metrics, original, decoded)
    for metric, scores in zip(metrics, together, strict=True):
        if metric.applies_to(video):
            assert all(s.sequence is None and "needs plane R" in s.reason for s in scores)
        else:
            assert scores == [metric.measure(original, [d])[0] for d in decoded]
            assert len(scores[0].pictures) == 20

"""Wrong files are refused; a shift, swapped planes, a wrong range and a frozen picture show."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ctc.errors import MetricError
from ctc.metrics import VideoFile, metric_by_name
from reference_sw.video.format import ChromaFormat, VideoFormat
from tests.ctc.metrics.clips import noisy, smooth_planes, write
from tests.ctc.metrics.oracles import available, figure, rgb_file

VIDEO = VideoFormat(64, 48)


def measure(name: str, original: VideoFile, decoded: VideoFile) -> float:
    value = metric_by_name(name).measure(original, [decoded])[0].sequence
    assert value is not None
    return value


@pytest.fixture
def clip() -> list[list[np.ndarray]]:
    return smooth_planes(VIDEO, 4)


@pytest.fixture
def original(tmp_path: Path, clip: list[list[np.ndarray]]) -> VideoFile:
    return write(tmp_path / "original.yuv", clip, VIDEO)


def test_a_dropped_frame_is_refused(tmp_path: Path, original: VideoFile, clip) -> None:  # type: ignore[no-untyped-def]
    short = write(tmp_path / "short.yuv", clip[:-1], VIDEO)
    with pytest.raises(MetricError, match=r"short\.yuv: 3 pictures: shall be 4"):
        measure("psnr-y", original, short)
    claimed = VideoFile(short.path, VIDEO, 4)
    with pytest.raises(MetricError, match=r"short\.yuv: 13824 bytes: shall be 4 pictures"):
        measure("psnr-y", original, claimed)


def test_a_missing_file_is_named(tmp_path: Path, original: VideoFile) -> None:
    with pytest.raises(MetricError, match=r"decoded .*gone\.yuv: cannot be read: No such file"):
        measure("psnr-y", original, VideoFile(tmp_path / "gone.yuv", VIDEO, 4))


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (VideoFormat(48, 64), "width = 48: shall be 64"),
        (VideoFormat(64, 24, chroma_format=ChromaFormat.C444), "height = 24: shall be 48"),
        (VideoFormat(64, 48, full_range=True), "full_range = True: shall be False"),
    ],
)
def test_another_format_is_refused(
    tmp_path: Path, original: VideoFile, other: VideoFormat, message: str
) -> None:
    decoded = write(tmp_path / "d", smooth_planes(other, 4), other)
    with pytest.raises(MetricError, match=message):
        measure("psnr-y", original, decoded)


def test_a_sample_above_the_bit_depth_is_refused(tmp_path: Path) -> None:
    video = VideoFormat(64, 48, bit_depth=10)
    clip = smooth_planes(video, 3)
    original = write(tmp_path / "o", clip, video)
    clip[1][0][5, 5] = 1024
    with pytest.raises(MetricError, match=r"picture 1: sample 1024: shall be in 0\.\.1023"):
        measure("psnr-y", original, write(tmp_path / "d", clip, video))


@pytest.mark.parametrize("name", ["psnr-y", "ssim-y", "psnr-yuv-611"])
def test_damage_changes_the_figure(tmp_path: Path, original: VideoFile, clip, name: str) -> None:  # type: ignore[no-untyped-def]
    decoded = noisy(clip, VIDEO, 3)
    good = measure(name, original, write(tmp_path / "good", decoded, VIDEO))
    shifted = [[np.roll(p, 1, axis=1) for p in planes] for planes in decoded]
    limited = [[p * 219 // 255 + 16 for p in planes] for planes in decoded]
    repeated = [decoded[0], decoded[0], *decoded[2:]]
    for label, bad in (("shift", shifted), ("range", limited), ("repeat", repeated)):
        assert measure(name, original, write(tmp_path / label, bad, VIDEO)) < good, label


def test_swapped_chroma_planes_change_the_figures_that_look_at_chroma(
    tmp_path: Path,
    original: VideoFile,
    clip,  # type: ignore[no-untyped-def]
) -> None:
    good = write(tmp_path / "good", noisy(clip, VIDEO, 3), VIDEO)
    swapped = write(tmp_path / "s", [[p[0], p[2], p[1]] for p in clip], VIDEO)
    assert measure("psnr-y", original, swapped) == 999.99
    for name in ("psnr-u", "psnr-v", "psnr-yuv-411-mse", "ssim-u"):
        assert measure(name, original, swapped) < measure(name, original, good), name


def test_learned_metrics_see_swapped_channels_a_shift_and_a_wrong_range(tmp_path: Path) -> None:
    metric = available("lpips-alex")
    rng = np.random.default_rng(3)
    y, x = np.mgrid[0:64, 0:64]
    planes = [120 + 60 * np.sin(x / (4 + c)) * np.cos(y / (6 - c)) for c in range(3)]
    picture = np.stack(planes)[None].repeat(2, axis=0)
    decoded = np.clip(picture + rng.normal(0, 2, picture.shape), 0, 255)
    damaged = {
        "good": decoded,
        "swapped": decoded[:, ::-1],
        "shifted": np.roll(decoded, 2, axis=3),
        "range": decoded * 219 / 255 + 16,
    }
    original = rgb_file(tmp_path / "o", picture.astype(np.uint8))
    found = {
        name: figure(metric, original, rgb_file(tmp_path / name, clip.astype(np.uint8)))
        for name, clip in damaged.items()
    }
    assert all(found[name] > 1.5 * found["good"] for name in ("swapped", "shifted", "range")), found

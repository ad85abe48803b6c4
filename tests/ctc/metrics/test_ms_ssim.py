"""MS-SSIM against pytorch-msssim, and its edges."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from pytorch_msssim import ms_ssim as other_ms_ssim

from ctc.metrics import metric_by_name
from reference_sw.video.format import ChromaFormat, VideoFormat
from tests.ctc.metrics.clips import noisy, smooth_planes, write


@pytest.mark.parametrize(("width", "height"), [(176, 176), (183, 165)])
def test_agrees_with_pytorch_msssim(tmp_path: Path, width: int, height: int) -> None:
    video = VideoFormat(width, height, chroma_format=ChromaFormat.MONOCHROME)
    clip = smooth_planes(video, 2)
    worse = noisy(clip, video, 25)
    original, decoded = write(tmp_path / "o", clip, video), write(tmp_path / "d", worse, video)
    ours = metric_by_name("ms-ssim-y").measure(original, [decoded])[0].pictures
    for value, a, b in zip(ours, clip, worse, strict=True):
        tensors = [torch.tensor(p[0], dtype=torch.float64)[None, None] for p in (a, b)]
        # its window is built in float32
        theirs = other_ms_ssim(*tensors, data_range=255).item()
        assert value == pytest.approx(theirs, abs=2e-6)
    assert max(v for v in ours if v is not None) < 0.98


def test_anticorrelated_pictures_give_zero_not_nan(tmp_path: Path) -> None:
    video = VideoFormat(176, 176, chroma_format=ChromaFormat.MONOCHROME)
    clip = smooth_planes(video, 1)
    original = write(tmp_path / "o", clip, video)
    inverted = write(tmp_path / "d", [[255 - np.asarray(clip[0][0])]], video)
    assert metric_by_name("ms-ssim-y").measure(original, [inverted])[0].sequence == 0.0
    assert metric_by_name("ms-ssim-y").measure(original, [original])[0].sequence == pytest.approx(1)


def test_small_pictures_are_refused_with_the_reason() -> None:
    reason = metric_by_name("ms-ssim-y").applies_to(VideoFormat(160, 400))
    assert reason == "needs planes of at least 161 samples a side"

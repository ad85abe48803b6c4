"""SSIM against pytorch-msssim, scikit-image and a direct two-dimensional evaluation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from pytorch_msssim import ssim as other_ssim
from skimage.metrics import structural_similarity

from ctc.metrics import metric_by_name
from ctc.metrics.ssim import downsampled
from reference_sw.video.format import VideoFormat
from tests.ctc.metrics.clips import noisy, smooth_planes, write


@pytest.mark.parametrize("bits", [8, 10])
def test_agrees_with_two_other_implementations(tmp_path: Path, bits: int) -> None:
    video = VideoFormat(80, 64, bit_depth=bits)
    clip = smooth_planes(video, 2)
    worse = noisy(clip, video, 9)
    original, decoded = write(tmp_path / "o", clip, video), write(tmp_path / "d", worse, video)
    ours = metric_by_name("ssim-y").measure(original, [decoded])[0].pictures
    peak = (1 << bits) - 1
    for value, a, b in zip(ours, clip, worse, strict=True):
        tensors = [torch.tensor(p[0], dtype=torch.float64)[None, None] for p in (a, b)]
        # its window is built in float32
        assert value == pytest.approx(other_ssim(*tensors, data_range=peak).item(), abs=2e-6)
        theirs = structural_similarity(
            a[0].astype(float), b[0].astype(float), data_range=peak, gaussian_weights=True,
            sigma=1.5, use_sample_covariance=False, win_size=11,
        )  # fmt: skip
        assert value == pytest.approx(theirs, abs=1e-9)


def test_constant_pictures_by_hand(tmp_path: Path) -> None:
    video = VideoFormat(24, 24)
    planes = [[np.full(s, 100) for s in video.plane_shapes]]
    other = [[np.full(s, 110) for s in video.plane_shapes]]
    original, decoded = write(tmp_path / "o", planes, video), write(tmp_path / "d", other, video)
    c1 = (0.01 * 255) ** 2
    expected = (2 * 100 * 110 + c1) / (100**2 + 110**2 + c1)
    assert metric_by_name("ssim-y").measure(original, [decoded])[0].sequence == pytest.approx(
        expected, abs=1e-12
    )
    assert metric_by_name("ssim-y").measure(original, [original])[0].sequence == pytest.approx(1.0)


def test_small_planes_are_refused_with_the_reason() -> None:
    reason = metric_by_name("ssim-u").applies_to(VideoFormat(20, 40))
    assert reason == ""
    assert "smaller than 11x11" in metric_by_name("ssim-y").applies_to(VideoFormat(10, 40))


def test_downsampling_averages_blocks_by_hand() -> None:
    plane = np.arange(16.0).reshape(1, 4, 4)
    # A 2x2 mean whose window reaches one sample up and left, mirrored at the edge.
    expected = [[0.0, 1.5], [6.0, 7.5]]
    assert downsampled(plane, 2)[0].tolist() == expected

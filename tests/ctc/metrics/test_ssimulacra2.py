"""SSIMULACRA 2 against the authors' program, and its parts by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ctc.metrics import metric_by_name
from ctc.metrics.ssimulacra2 import blur_taps, halved, positive_xyb, scale_errors
from ctc.metrics.ssimulacra2_weights import WEIGHTS
from reference_sw.video.format import VideoFormat
from tests.ctc.metrics.clips import noisy, smooth_planes, write
from tests.ctc.metrics.oracles import IQA, figure, oracle_picture, rgb_file

# The program ssimulacra2 (cloudinary/ssimulacra2, version 2.1) on the same pictures.
PROGRAM = (-69.75291088, 30.69327140, 63.22070816, -54.33218556, -60.55240463)


@pytest.mark.parametrize(("picture", "score"), list(zip(IQA, PROGRAM, strict=True)))
def test_scores_of_the_authors_program(tmp_path: Path, picture: str, score: float) -> None:
    pair = [
        rgb_file(tmp_path / side, oracle_picture(f"iqa_{picture}_{side}.png"))
        for side in ("ref", "dist")
    ]
    # The program works in float32, whose rounding counts as error where pictures are nearly equal.
    tolerance = 0.15 if picture == "I06" else 0.01
    assert figure(metric_by_name("ssimulacra2"), *pair) == pytest.approx(score, abs=tolerance)


def test_the_blur_is_a_gaussian_of_sigma_1_5() -> None:
    taps = blur_taps()
    offsets = np.arange(-4, 5)
    assert len(taps) == 9
    assert taps.sum() == pytest.approx(1, abs=1e-12)
    assert (taps * offsets**2).sum() == pytest.approx(1.5**2, abs=1e-9)
    gaussian = np.exp(-(offsets**2) / (2 * 1.5**2))
    np.testing.assert_allclose(taps, gaussian / gaussian.sum(), atol=4e-3)


def test_white_and_black_in_xyb_by_hand() -> None:
    """Black is the offsets alone; grey has no X; white has Y = cbrt(1.00379) - cbrt(.00379)."""
    black, white = (positive_xyb(np.full((1, 3, 1, 1), v))[0, :, 0, 0] for v in (0.0, 1.0))
    assert black.tolist() == pytest.approx([0.42, 0.01, 0.55], abs=1e-12)
    y = np.cbrt(1.0037930732552754) - np.cbrt(0.0037930732552754)
    assert white.tolist() == pytest.approx([0.42, y + 0.01, 0.55], abs=1e-9)
    assert y + 0.01 == pytest.approx(0.855308, abs=3e-3)  # the range the program states


def test_edges_count_as_new_or_as_lost_by_hand() -> None:
    a = np.zeros((1, 3, 9, 9))
    b = a.copy()
    b[0, 1, 4, 4] = 1.0
    from ctc.metrics.ssimulacra2 import blur

    moments = blur(a), blur(a * a)
    new = scale_errors(a, b, moments)[0, 1, 0]
    lost = scale_errors(b, a, (blur(b), blur(b * b)))[0, 1, 0]
    expected = np.abs(b[0, 1] - blur(b)[0, 1])
    assert new[1] == pytest.approx(expected.mean())
    assert new[2] == 0
    assert lost[1] == 0
    assert lost[2] == pytest.approx((1 - 1 / (1 + expected)).mean())
    assert scale_errors(a, a, moments).max() == 0


def test_halving_repeats_the_odd_edge() -> None:
    plane = np.arange(9.0).reshape(1, 1, 3, 3).repeat(3, axis=1)
    assert halved(plane)[0, 0].tolist() == [[2.0, 3.5], [6.5, 8.0]]


def test_identity_order_and_size(tmp_path: Path) -> None:
    metric = metric_by_name("ssimulacra2")
    assert len(WEIGHTS) == 108
    video = VideoFormat(72, 56)
    clip = smooth_planes(video, 2)
    original = write(tmp_path / "o", clip, video)
    files = [write(tmp_path / f"d{s}", noisy(clip, video, s), video) for s in (2, 8)]
    little, much = (figure(metric, original, f) for f in files)
    assert figure(metric, original, original) == pytest.approx(100)
    assert 100 > little > much
    assert metric.applies_to(VideoFormat(6, 64)) == "needs pictures of at least 8x8"

"""Figures of sets: closed forms, scipy's matrix root, least sizes and their reasons."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.linalg import sqrtm

from ctc.__main__ import main
from ctc.errors import MetricError
from ctc.metrics.set_figures import (
    clip_features,
    frechet_distance,
    kernel_distance,
    set_figures,
)
from reference_sw.video.format import VideoFormat
from tests.ctc.metrics.clips import noisy, smooth_planes, write
from tests.ctc.metrics.oracles import available


def test_frechet_distance_against_the_textbook_formula() -> None:
    rng = np.random.default_rng(1)
    a = rng.normal(size=(300, 6)) @ rng.normal(size=(6, 6))
    b = rng.normal(size=(300, 6)) @ rng.normal(size=(6, 6)) + 1
    ca, cb = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = np.real(sqrtm(ca @ cb))
    expected = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(ca + cb - 2 * root)
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-8)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)


def test_frechet_distance_of_two_gaussians_by_hand() -> None:
    """Deviations 1 and 3, means 2 apart: 4 + (3 - 1)^2."""
    unit = np.array([[-1.0], [1.0]]) / np.sqrt(2)
    assert frechet_distance(unit, unit * 3 + 2) == pytest.approx(8)


def test_kernel_distance_by_hand() -> None:
    """One value, two samples a side: (0*0 + 1)^3 within the first, (2*2 + 1)^3 in the second."""
    first, second = np.zeros((2, 1)), np.full((2, 1), 2.0)
    assert kernel_distance(first, second) == pytest.approx(1 + 125 - 2 * 1)


def test_clip_features_see_held_pictures() -> None:
    moving = np.arange(40.0)[:, None]
    held = np.zeros((40, 1))
    assert clip_features(moving).tolist() == [[7.5, 1.0], [23.5, 1.0]]
    assert clip_features(held)[:, 1].tolist() == [0, 0]


def test_small_sets_have_no_figure_but_a_reason_and_always_a_warning(tmp_path: Path) -> None:
    available("lpips-squeeze")
    video = VideoFormat(64, 64)
    clip = smooth_planes(video, 34)
    pair = write(tmp_path / "o", clip, video), write(tmp_path / "d", noisy(clip, video, 9), video)
    figures = {f.name: f for f in set_figures([pair])}
    assert figures["frechet-squeezenet"].reason == "34 pictures: needs at least 2048"
    reason = figures["frechet-video-squeezenet"].reason
    assert reason == "2 clips of 16 pictures: needs at least 256"
    allowed = {f.name: f for f in set_figures([pair], least=(2, 2))}
    for figure in allowed.values():
        assert figure.value is not None and figure.value > 0
        assert "not comparable with FID" in figure.warning
        assert "|of set-features|" in figure.signature
        assert "weights:squeezenet=324233e6" in figure.signature
    same = set_figures([(pair[0], pair[0])], least=(2, 2))
    assert same[0].value == pytest.approx(0, abs=1e-6)


def test_an_empty_set_is_refused() -> None:
    with pytest.raises(MetricError, match="needs at least one pair"):
        set_figures([])


def test_the_command_withholds_and_explains(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    available("lpips-squeeze")
    video = VideoFormat(64, 64)
    file = write(tmp_path / "o.yuv", smooth_planes(video, 2), video)
    assert main(["setfigures", "--size", "64x64", f"{file.path}={file.path}"]) == 1
    text = capsys.readouterr().out
    assert text.startswith("warning: a figure of the whole set on SqueezeNet features")
    assert "fvd                        not available: is defined on the I3D network" in text
    assert "frechet-squeezenet" in text and "absent: 2 pictures: needs at least 2048" in text


@pytest.mark.parametrize(
    ("size", "pair", "message"),
    [
        ("64", "a=b", "--size 64: shall be WIDTHxHEIGHT"),
        ("64x64", "ab", "'ab': shall be ORIGINAL=DECODED"),
        ("64x64", "/nowhere/a=b", "/nowhere/a: cannot be read"),
    ],
)
def test_wrong_arguments_give_one_line(
    capsys: pytest.CaptureFixture[str], size: str, pair: str, message: str
) -> None:
    assert main(["setfigures", "--size", size, pair]) == 2
    assert message in capsys.readouterr().err

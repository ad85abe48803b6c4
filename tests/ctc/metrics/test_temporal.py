"""Temporal differences, flow and warped error: known motion, frozen pictures, batch borders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import map_coordinates
from skimage.registration import optical_flow_ilk

from ctc.metrics import VideoFile, metric_by_name
from ctc.metrics.optical_flow import flow_between, warped
from reference_sw.video.format import ChromaFormat, VideoFormat
from tests.ctc.metrics.clips import noisy, write

VIDEO = VideoFormat(64, 48, chroma_format=ChromaFormat.MONOCHROME)
NAMES = ("temporal-difference", "warped-error", "flow-error")


def texture(height: int, width: int) -> np.ndarray:
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:height, 0:width]
    waves = sum(
        np.sin(fx * x + fy * y + p) for fx, fy, p in rng.uniform(-0.5, 0.5, (12, 3)) * (1, 1, 6)
    )
    return 128 + 25 * np.asarray(waves)


def moving(frames: int, dx: float, dy: float) -> list[list[np.ndarray]]:
    big = texture(140, 160)
    y, x = np.mgrid[0:48, 0:64].astype(float)
    clip = []
    for t in range(frames):
        plane = map_coordinates(big, [y + 40 + t * dy, x + 40 + t * dx], order=3)
        clip.append([np.clip(np.rint(plane), 0, 255).astype(np.int64)])
    return clip


def measure(name: str, original: VideoFile, decoded: VideoFile) -> float:
    value = metric_by_name(name).measure(original, [decoded])[0].sequence
    assert value is not None
    return value


@pytest.mark.parametrize(("dx", "dy"), [(1.0, 0.0), (-0.5, 0.75), (3.0, -2.0)])
def test_flow_finds_a_known_translation(dx: float, dy: float) -> None:
    """A texture read at +d a picture moves by -d; the interior is found to a tenth of a sample."""
    first, second = (np.asarray(p[0], float)[None] for p in moving(2, dx, dy))
    flow = flow_between(first, second)[0, :, 8:-8, 8:-8]
    assert np.abs(np.median(flow[0]) + dx) < 0.05
    assert np.abs(np.median(flow[1]) + dy) < 0.05
    assert np.abs(flow - np.array([-dx, -dy])[:, None, None]).mean() < 0.12


def test_flow_agrees_with_scikit_image() -> None:
    first, second = (np.asarray(p[0], float) for p in moving(2, 1.5, 0.5))
    ours = flow_between(first[None], second[None])[0, :, 8:-8, 8:-8]
    rows, columns = optical_flow_ilk(first, second, radius=5)
    theirs = np.stack([columns, rows])[:, 8:-8, 8:-8]
    assert np.abs(ours - theirs).mean() < 0.15


def test_warping_by_whole_samples_is_exact() -> None:
    plane = np.arange(30.0).reshape(1, 5, 6)
    flow = np.zeros((1, 2, 5, 6))
    flow[:, 0], flow[:, 1] = 1, -1
    out = warped(plane, flow)[0]
    np.testing.assert_array_equal(out[1:, :-1], plane[0, :-1, 1:])
    np.testing.assert_array_equal(out[:, -1], np.r_[5.0, plane[0, :-1, -1]])


def test_temporal_difference_by_hand(tmp_path: Path) -> None:
    """Original 100, 110, 104; decoded 100, 105, 105: changes 10, -6 against 5, 0."""

    def flat(name: str, *values: int) -> VideoFile:
        return write(tmp_path / name, [[np.full((48, 64), v)] for v in values], VIDEO)

    original, decoded = flat("o", 100, 110, 104), flat("d", 100, 105, 105)
    score = metric_by_name("temporal-difference").measure(original, [decoded])[0]
    assert score.pictures == (None, 5.0, 6.0)
    assert score.sequence == 5.5


@pytest.mark.parametrize("name", NAMES)
def test_a_frozen_picture_is_the_worst_though_noise_is_visible(tmp_path: Path, name: str) -> None:
    clip = moving(10, 1.5, 0.5)
    original = write(tmp_path / "o", clip, VIDEO)
    frozen = write(tmp_path / "f", [clip[0]] * 10, VIDEO)
    coarse = write(tmp_path / "n", noisy(clip, VIDEO, 3), VIDEO)
    same, worse, worst = (measure(name, original, d) for d in (original, coarse, frozen))
    assert same <= worse < worst / 2
    if name != "warped-error":  # the original itself is not perfectly predicted by warping
        assert same == 0


def test_a_frozen_picture_errs_by_the_length_of_the_flow(tmp_path: Path) -> None:
    clip = moving(4, 2.0, 0.0)
    original = write(tmp_path / "o", clip, VIDEO)
    frozen = write(tmp_path / "f", [clip[0]] * 4, VIDEO)
    # the edges, where half the window sees nothing, err more
    assert measure("flow-error", original, frozen) == pytest.approx(2.0, abs=0.3)


@pytest.mark.parametrize("name", NAMES)
def test_batches_do_not_show(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = moving(9, 1.0, 0.25)
    pair = write(tmp_path / "o", clip, VIDEO), write(tmp_path / "n", noisy(clip, VIDEO, 4), VIDEO)
    metric = metric_by_name(name)
    whole = metric.measure(pair[0], [pair[1]])[0]
    monkeypatch.setattr("ctc.metrics.pictures.BATCH_SAMPLES", 2 * 64 * 48)
    parts = metric.measure(pair[0], [pair[1]])[0]
    assert parts.pictures[1:] == pytest.approx(whole.pictures[1:], rel=1e-9)
    assert whole.pictures[0] is None


def test_one_picture_has_no_change(tmp_path: Path) -> None:
    one = write(tmp_path / "o", moving(1, 0, 0), VIDEO)
    score = metric_by_name("temporal-difference").measure(one, [one])[0]
    assert (score.sequence, score.reason) == (None, "undefined in 1 of 1 pictures")

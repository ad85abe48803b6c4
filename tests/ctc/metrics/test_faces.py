"""Face networks against their ONNX exports and against geometry; measures by hand."""

from __future__ import annotations

import math
import os
import subprocess
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
import torch
from skimage import data

from ctc.metrics import VideoFile, measure_all, metric_by_name
from ctc.metrics.face_analysis import points_of, similarity_transform
from ctc.metrics.face_motion import (
    MOVING,
    OUTER_EYES,
    LandmarkTrajectory,
    OpeningError,
    rotation_angle,
)
from ctc.metrics.learned import tensors_of
from ctc.metrics.networks import face_detector, face_identity
from ctc.metrics.pictures import PictureBatch, read_batches
from reference_sw.video.format import VideoFormat
from tests.ctc.metrics.oracles import available, figure, rgb_file

NAMES = (
    "landmark-distance",
    "landmark-trajectory",
    "landmark-trajectory-relative",
    "mouth-opening-error",
    "eye-opening-error",
    "head-pose-error",
    "identity-similarity",
)


def portrait(dx: int = 0, dy: int = 0) -> np.ndarray:
    """The astronaut's head, (3, 256, 256); moved right by dx and down by dy."""
    picture = np.asarray(data.astronaut())[0:280, 60:380]
    return np.ascontiguousarray(picture[12 - dy : 268 - dy, 36 - dx : 292 - dx].transpose(2, 0, 1))


def points(picture: np.ndarray, path: Path) -> np.ndarray:
    available("landmark-distance")
    batch: PictureBatch = next(iter(read_batches(rgb_file(path, picture))))
    return points_of(batch, batch)[0]


def test_the_detector_is_that_of_the_onnx_export() -> None:
    """version-RFB-320.onnx by onnxruntime 1.x on the same input: box 82.606, 69.039, 175.978,
    175.420, probability 0.9999968; scores agree to 6e-7."""
    available("landmark-distance")
    picture = np.asarray(data.astronaut())[0:256, 96:352].transpose(2, 0, 1)
    tensor = torch.from_numpy(picture.astype(np.float32) / 255)[None]
    box, probability = face_detector.detect(tensors_of("ultraface-rfb320"), tensor)
    expected = [82.60629, 69.038635, 175.97806, 175.42049]
    assert box[0].tolist() == pytest.approx(expected, abs=1e-3)
    assert probability.item() == pytest.approx(0.99999678, abs=1e-6)


def test_the_identity_network_is_that_of_the_onnx_export() -> None:
    """MobileFaceNet.onnx by onnxruntime, first values of the unit vector."""
    available("identity-similarity")
    picture = np.asarray(data.astronaut())[0:256, 96:352].transpose(2, 0, 1)
    tensor = torch.from_numpy(picture.astype(np.float32) / 255)[None]
    small = torch.nn.functional.interpolate(
        tensor, (112, 112), mode="bilinear", align_corners=False
    )
    vector = face_identity.embedding(tensors_of("mobilefacenet"), small)[0]
    assert vector.norm().item() == pytest.approx(1)
    assert vector[:6].tolist() == pytest.approx(
        [0.01910003, -0.0174196, -0.01866073, -0.12988609, 0.0440977, 0.05900516], abs=1e-5
    )


def test_points_lie_on_the_face_and_follow_it(tmp_path: Path) -> None:
    """Known places in the astronaut's portrait, to 4 samples; then moved by exactly (8, -6)."""
    found = points(portrait(), tmp_path / "a")
    # eyes, nose tip and mouth of skimage's picture, read off by eye, in this crop
    known = {(33, 133): (107.0, 88.7), (362, 263): (151.7, 91.0), (61, 291): (128.0, 130.0)}
    for pair, place in known.items():
        middle = found[list(pair), :2].mean(axis=0)
        assert np.linalg.norm(middle - place) < 4, pair
    moved = points(portrait(8, -6), tmp_path / "b")
    shift = (moved - found)[:, :2]
    assert np.abs(shift - [8, -6]).mean() < 0.5


def test_a_mirrored_face_has_mirrored_points(tmp_path: Path) -> None:
    """Left and right swap: 33 with 263, 133 with 362, 61 with 291; the nose stays the nose."""
    plain = points(portrait(), tmp_path / "a")
    mirrored = points(np.ascontiguousarray(portrait()[:, :, ::-1]), tmp_path / "b")
    for here, there in ((33, 263), (133, 362), (61, 291), (1, 1), (152, 152)):
        reflected = np.array([255 - mirrored[there, 0], mirrored[there, 1]])
        assert np.linalg.norm(plain[here, :2] - reflected) < 3.5


@pytest.fixture
def moving(tmp_path: Path) -> tuple[VideoFile, VideoFile]:
    """A head that moves over six pictures, and its first picture repeated."""
    clip = np.stack([portrait(2 * t, -t) for t in range(6)])
    return rgb_file(tmp_path / "o", clip), rgb_file(tmp_path / "f", np.repeat(clip[:1], 6, axis=0))


def test_frozen_pictures_err_by_the_motion(moving: tuple[VideoFile, VideoFile]) -> None:
    original, frozen = moving
    metrics = [available(name) for name in NAMES]
    scores = dict(zip(NAMES, measure_all(metrics, original, [original, frozen]), strict=True))
    for name in NAMES:
        same, still = (s.sequence for s in scores[name])
        best = 1.0 if name == "identity-similarity" else 0.0
        assert same == pytest.approx(best, abs=1e-6), name
        assert still is not None
        assert abs(still - best) > 0 or name == "eye-opening-error"
    assert scores["landmark-trajectory-relative"][1].sequence == pytest.approx(1, abs=0.1)
    # positions 0..5 of steps (2, -1) about their mean: 2.236 x 1.708 samples
    points = scores["landmark-trajectory"][1].sequence
    eyes = scores["landmark-distance"][1]
    assert points is not None and eyes.sequence is not None
    # mean distance over 0..5 steps is 2.5 steps; the root mean square about the mean is 1.708
    assert points / eyes.sequence == pytest.approx(1.708 / 2.5, rel=0.1)
    assert scores["identity-similarity"][1].sequence is not None


def first_picture(name: str, path: Path) -> VideoFile:
    source = Path(os.environ.get("GVC_DATA", "/nowhere")) / "sequences" / "test" / f"{name}.mp4"
    if not source.is_file():
        pytest.skip(f"GVC_DATA is not set, or holds no sequences/test/{name}.mp4")
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(source)]
    command += ["-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "yuv420p", str(path)]
    subprocess.run(command, check=True, timeout=60)
    return VideoFile(path, VideoFormat(256, 256), 1)


def test_other_people_are_others(tmp_path: Path) -> None:
    """The published separation: other people below 0.411, the same person above 0.556."""
    metric = available("identity-similarity")
    names = ("grid_s1_bbaf2n", "lp_d19", "vidtimit_fadg0_sa1")
    files = [first_picture(name, tmp_path / name) for name in names]
    for first in files:
        for second in files:
            found = figure(metric, first, second)
            assert found == pytest.approx(1) if first is second else found < 0.411
    light = (portrait().astype(int) * 3 // 4 + 30).astype(np.uint8)
    pair = [rgb_file(tmp_path / str(i), p) for i, p in enumerate((portrait(), light))]
    assert figure(metric, *pair) > 0.9


def test_no_face_gives_no_figure_but_the_reason(tmp_path: Path) -> None:
    metric = available("landmark-distance")
    grey = rgb_file(tmp_path / "o", np.full((2, 3, 128, 128), 90, np.uint8))
    score = metric.measure(grey, [grey])[0]
    assert score.sequence is None
    assert score.reason == "no face found in 2 of 2 pictures of the original"


def test_opening_error_by_hand() -> None:
    """Eyes 200 apart; the mouth opens to 30 in the original and 24 in the decoded: 3 %."""
    original = np.zeros((1, 468, 3))
    original[0, OUTER_EYES[1], 0] = 200
    original[0, 14, 1] = 30
    decoded = original.copy()
    decoded[0, 14, 1] = 24
    assert OpeningError("mouth").of_points(original, decoded).tolist() == [3.0]
    assert OpeningError("eye").of_points(original, decoded).tolist() == [0.0]


def test_trajectory_by_hand() -> None:
    """All points go 0, 3, 6 to the right, about their mean -3, 0, 3; decoded stands still."""
    original = np.zeros((3, 468, 3))
    original[:, OUTER_EYES[1], 0] = 100
    original[:, MOVING, 0] += np.array([0, 3, 6])[:, None]
    decoded = np.full((3, 468, 3), 50.0)
    eyes = 100.0  # both corners move alike
    for relative, pictures, sequence in (
        (False, [3.0, 0.0, 3.0], math.sqrt(6)),
        (True, [3 / math.sqrt(6), 0.0, 3 / math.sqrt(6)], 1.0),
    ):
        metric = LandmarkTrajectory(relative)
        found = metric.picture_scores(metric.of_points(original, decoded))
        assert found.tolist() == pytest.approx(
            [p * 100 / eyes if not relative else p for p in pictures]
        )
        assert metric.sequence_score(found) == pytest.approx(sequence)


def test_rotation_angle_by_hand() -> None:
    rng = np.random.default_rng(4)
    cloud = rng.normal(size=(20, 3))
    for degrees in (0.0, 7.0, 120.0):
        c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        turned = cloud @ np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) * 1.7 + 5
        assert rotation_angle(cloud, turned) == pytest.approx(degrees, abs=1e-5)


def test_alignment_undoes_a_similarity() -> None:
    template = np.array(face_identity.TEMPLATE)
    turn = np.array([[0.8, -0.6], [0.6, 0.8]]) * 1.5
    matrix = similarity_transform(template @ turn.T + [7, -2])
    np.testing.assert_allclose(matrix, np.column_stack([turn, [7, -2]]), atol=1e-9)


def test_signatures_name_every_network() -> None:
    text = metric_by_name("identity-similarity").signature()
    for name in ("ultraface-rfb320=", "facemesh468=", "mobilefacenet="):
        assert name in text

"""Key points taught by the face mesh, networks that grow, and values at rest."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reference_sw.bitstream.code_points import PredictionMode
from reference_sw.encoder.analysis import KeypointDetector
from reference_sw.encoder.motion_parameters import Keypoints
from reference_sw.encoder.quantise import Steps
from reference_sw.encoder.twin import keypoint_twin
from reference_sw.training.dataset import (
    DatasetError,
    PairSampler,
    TrainingSequence,
    load_sequences,
    mirrored,
)
from reference_sw.training.grow import GrowthError, grow
from reference_sw.training.objective import taught_loss
from reference_sw.training.recipe import Sampling

LEFT_MOUTH, RIGHT_MOUTH, CHIN = 61, 291, 152


def test_mirrored_points_change_names_and_sides():
    points = torch.tensor([[-0.25, 0.5], [0.5, 0.625], [0.0, 0.75]])
    found = mirrored(points, (LEFT_MOUTH, RIGHT_MOUTH, CHIN))
    assert found.tolist() == [[-0.5, 0.625], [0.25, 0.5], [0.0, 0.75]]


def test_a_taught_point_stays_on_its_mark_through_augmentation():
    """A bright spot is where its label says, whatever was done to the picture."""
    pictures = np.zeros((1, 3, 64, 64), np.uint8)
    pictures[:, :, 38:43, 18:23] = 250
    face = np.full((1, 468, 2), np.nan, np.float32)
    face[0, CHIN] = (2 * 20 + 1) / 64 - 1, (2 * 40 + 1) / 64 - 1
    rules = Sampling(affine_share=1.0, coded_share=0.0)
    sampler = PairSampler([TrainingSequence("spot", pictures, None, face)], rules, 5, (CHIN,))
    seen = 0
    for _ in range(20):
        batch = sampler.batch(1)
        light = batch.current[0].mean(0) - batch.current.min()
        x, y = batch.taught[0, 0].tolist()
        if max(abs(x), abs(y)) > 0.8:
            continue
        seen += 1
        axis = (2 * torch.arange(64) + 1) / 64 - 1
        weight = torch.where(light > light.max() / 2, light, 0.0)
        assert x == pytest.approx(float((weight.sum(0) * axis).sum() / weight.sum()), abs=0.02)
        assert y == pytest.approx(float((weight.sum(1) * axis).sum() / weight.sum()), abs=0.02)
    assert seen > 5


def test_taught_loss_by_hand():
    points = torch.tensor([[[9.0, 9.0], [0.25, 0.0], [0.5, 0.5]]])
    taught = torch.tensor([[[0.0, 0.5], [torch.nan, torch.nan]]])
    assert float(taught_loss(points, taught)) == pytest.approx((0.25 + 0.5) / 2)
    assert float(taught_loss(points, torch.full((1, 2, 2), torch.nan))) == 0.0


def test_face_points_of_another_length_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((4, 3, 16, 16), np.uint8))
    (tmp_path / "face").mkdir()
    np.save(tmp_path / "face" / "a.npy", np.zeros((3, 468, 2), np.float32))
    with pytest.raises(DatasetError, match=r"face/a\.npy: float32 \(3, 468, 2\): shall be"):
        load_sequences(tmp_path)


def test_a_grown_network_knows_what_the_smaller_one_knew():
    torch.manual_seed(2)
    old, few = KeypointDetector(3), keypoint_twin(3, 8, 8, 8)
    new, many = KeypointDetector(5, matrices=False), keypoint_twin(5, 8, 8, 8)
    grow(old, few, new, many)
    pictures = torch.rand(1, 3, 64, 64) * 255
    with torch.no_grad():
        assert torch.allclose(new(pictures).points[:, :3], old(pictures).points, atol=1e-5)
        many.motion.enter.weight[:, 12:18] = 0
        many.motion.enter.weight[:, 21:] = 0
        x = torch.rand(1, 3 * 6 + 5, 64, 64)
        kept = torch.cat([x[:, :12], x[:, 18:21]], 1)
        grown, small = many.motion.run(x)[1], few.motion.run(kept)[1]
    assert torch.allclose(grown[:, :4], small[:, :4], atol=1e-5)
    assert torch.allclose(grown[:, 6:], small[:, 4:], atol=1e-5)


def test_networks_of_other_widths_do_not_grow():
    with pytest.raises(GrowthError, match="do not grow into"):
        grow(KeypointDetector(3), keypoint_twin(3, 8), KeypointDetector(5), keypoint_twin(5, 16))


def test_values_rest_until_they_move_three_quarters_of_a_step():
    steps = Steps({"points": 2})
    x = torch.tensor([0.0, 0.17, 0.19, 0.20, 0.13, 0.0])
    points = torch.stack([x, -x], 1)[:, None]
    unused = torch.eye(2).expand(6, 1, 2, 2)
    rows = steps.quantised(Keypoints(points, unused))
    assert [row[0].tolist() for row in rows] == [[0, 0], [0, 0], [1, -1], [1, -1], [1, -1], [0, 0]]
    later = steps.quantised(Keypoints(points[1:2], unused[:1]), rows[2])
    assert later[0][0].tolist() == [1, -1]
    assert len(steps.codings(PredictionMode.PREVIOUS)) == 1

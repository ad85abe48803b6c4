"""Decoding pictures of the keypoint families with a shipped model."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest
import torch

from reference_sw.decoder import keypoint_synthesis
from reference_sw.decoder.keypoint_synthesis import KeypointSynthesis, Parameters, dequantise
from reference_sw.encoder.analysis import MotionParameters
from reference_sw.encoder.twin_of_model import load_twin
from reference_sw.network.errors import ModelError
from reference_sw.network.runtime import load_model
from tests.reference_sw import network_models, training_data

MODEL = Path(__file__).parents[2] / "reference_sw" / "models" / "face-keypoints-10.safetensors"


@pytest.fixture(scope="module")
def model():
    return load_model(MODEL)


def face(size: tuple[int, int]) -> torch.Tensor:
    picture = torch.from_numpy(training_data.pictures(4)[0]).float()[None]
    return torch.nn.functional.interpolate(picture, size)[0].to(torch.uint8)


def parameters(seed: int, matrices: bool = True) -> Parameters:
    generator = torch.Generator().manual_seed(seed)
    points = torch.randint(-700, 700, (10, 2), generator=generator)
    noise = torch.randint(-20, 21, (10, 2, 2), generator=generator)
    return Parameters(points, 256 * torch.eye(2, dtype=torch.int64) + noise if matrices else None)


def test_examples():
    assert doctest.testmod(keypoint_synthesis).failed == 0
    assert dequantise(10**9, 1, 0, 1024, 1536) == 1536


@pytest.mark.parametrize("size", [(128, 128), (256, 256), (136, 200), (512, 512)])
def test_sizes(model, size):
    decoder = KeypointSynthesis(model)
    decoder.set_key(face(size), parameters(1))
    picture = decoder.picture(parameters(2))
    assert picture.shape == (3, *size)
    assert picture.dtype == torch.uint8


def test_equal_parameters_leave_the_key_picture_alone(model):
    decoder = KeypointSynthesis(model)
    key = face((128, 128))
    decoder.set_key(key, parameters(1))
    assert torch.equal(decoder.picture(parameters(1)), key)
    assert not torch.equal(decoder.picture(parameters(2)), key)


def test_no_matrices_means_the_identity(model):
    decoder = KeypointSynthesis(model)
    decoder.set_key(face((128, 128)), parameters(1, matrices=False))
    plain = parameters(2, matrices=False)
    identity = (256 * torch.eye(2, dtype=torch.int64)).repeat(10, 1, 1)
    assert torch.equal(decoder.picture(plain), decoder.picture(Parameters(plain.points, identity)))


def test_refusals(model):
    decoder = KeypointSynthesis(model)
    with pytest.raises(ModelError, match="before its key picture"):
        decoder.picture(parameters(1))
    with pytest.raises(ModelError, match="has 10 points"):
        decoder.set_key(face((128, 128)), Parameters(torch.zeros(3, 2, dtype=torch.int64)))
    with pytest.raises(ModelError, match="no graph key"):
        KeypointSynthesis(network_models.model())


def test_the_twin_of_a_model_follows_it(model):
    twin = load_twin(model)
    key, first, second = face((256, 256)), parameters(1), parameters(2)
    second = Parameters(first.points + second.points // 12, second.matrices)
    decoder = KeypointSynthesis(model)
    decoder.set_key(key, first)
    pair = [
        MotionParameters(p.points[None] / 1024, p.matrices[None] / 256) for p in (first, second)
    ]
    with torch.no_grad():
        made = twin(key[None].float(), *pair).output[0]
    difference = (made - decoder.picture(second)).abs()
    assert float(difference.mean()) < 0.6
    assert float(difference.max()) <= 16

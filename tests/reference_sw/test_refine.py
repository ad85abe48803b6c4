"""Refinement of parameters through the twin of a shipped model."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from reference_sw.encoder.motion_parameters import Keypoints, integer_parameters
from reference_sw.encoder.refine import (
    RateTerm,
    Task,
    lpips_distance,
    refine,
    structure_distance,
)
from reference_sw.encoder.twin_of_model import load_twin
from reference_sw.network.errors import ModelError
from reference_sw.network.runtime import load_model
from tests.reference_sw import network_models, training_data

STEPS = {"points": 1 / 128, "matrices": 1 / 32}
MODEL = Path(__file__).parents[2] / "reference_sw" / "models" / "face-keypoints-10.safetensors"


@pytest.fixture(scope="module")
def model():
    return load_model(MODEL)


def picture(size: tuple[int, int], time: int = 0) -> torch.Tensor:
    blobs = torch.from_numpy(training_data.pictures(4)[time : time + 1]).float()
    return torch.nn.functional.interpolate(blobs, size, mode="bilinear", align_corners=False)


def parameters(seed: int, count: int = 1) -> Keypoints:
    generator = torch.Generator().manual_seed(seed)
    points = torch.randint(-700, 700, (count, 10, 2), generator=generator) / 1024
    noise = torch.randint(-20, 21, (count, 10, 2, 2), generator=generator) / 256
    return Keypoints(points, torch.eye(2) + noise)


def test_the_twin_of_a_model_follows_it(model):
    twin, key, first = load_twin(model), picture((256, 256)).round(), parameters(1)
    second = Keypoints(first.points + parameters(2).points / 12, parameters(2).matrices)
    values = integer_parameters(second)
    second = Keypoints(
        values["points"].reshape(1, 10, 2) / 1024, values["matrices"].reshape(1, 10, 2, 2) / 256
    )
    with torch.no_grad():
        made = twin(key, first, second).output
    whole = key.to(torch.int32)
    inputs = {"key": whole, **model.run("key", {"key": whole}, (256, 256)), **values}
    inputs |= {f"key_{name}": value for name, value in integer_parameters(first).items()}
    exact = model.run("picture", inputs, (256, 256))["output"]
    difference = (made - exact).abs()
    assert float(difference.mean()) < 0.6
    assert float(difference.max()) <= 16


def test_the_twin_refuses_another_family():
    with pytest.raises(ModelError, match="not a network of this family"):
        load_twin(network_models.model())


def test_distance_is_zero_for_equal_pictures_and_grows_with_noise():
    clean = picture((64, 64))
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(1))
    distances = [float(structure_distance(clean + s * noise, clean)) for s in (0, 2, 8, 32)]
    assert distances[0] == pytest.approx(0, abs=1e-6)
    assert distances == sorted(distances)


def test_refinement_finds_known_parameters_again(model):
    twin, key, own = load_twin(model), picture((128, 128)), parameters(1)
    truth = Keypoints(own.points.clone(), own.matrices)
    truth.points[:, :, 0] += 0.06
    with torch.no_grad():
        original = twin(key, own, truth).output
    found = refine(Task(twin, key, own, own, original), steps=8)
    assert float(found.distance) < 0.75 * float(found.before)
    error = (found.parameters.points - truth.points).abs().mean()
    assert error < (own.points - truth.points).abs().mean()


def test_refinement_never_worsens_a_picture(model):
    twin, key = load_twin(model), picture((128, 128))
    originals = torch.cat([picture((128, 128), time) for time in (0, 4)])
    start = parameters(3, 2)
    task = Task(twin, key, parameters(3), start, originals)
    found = refine(task, steps=2, coded=("points",))
    assert torch.all(found.distance <= found.before)
    assert torch.equal(found.parameters.matrices, start.matrices)
    with torch.no_grad():
        made = task.made(found.parameters)
    assert torch.allclose(structure_distance(made, originals), found.distance, atol=1e-4)


def test_lpips_is_a_distance_too(tmp_path, model):
    weights = training_data.write_weights(tmp_path / "w") / "lpips_alex_v0.1.npz"
    twin, key, own = load_twin(model), picture((128, 128)), parameters(1)
    distance = lpips_distance(weights)
    found = refine(Task(twin, key, own, own, picture((128, 128), 5)), 1, distance)
    assert torch.all(found.distance <= found.before)


def test_rate_by_hand():
    # One coordinate changes by three steps, nothing else: log2(1 + 3.0017) + 59 log2(1.1).
    first = Keypoints(torch.zeros(1, 10, 2), torch.eye(2).expand(1, 10, 2, 2))
    moved = Keypoints(first.points.clone(), first.matrices)
    moved.points[0, 3, 1] = 3 / 128
    bits = RateTerm(1.0, STEPS, previous=first).bits(moved)
    assert float(bits) == pytest.approx(2.0006 + 59 * 0.1375, abs=2e-3)


def test_rate_holds_parameters_back(model):
    twin, key, own = load_twin(model), picture((128, 128)), parameters(1)
    task = Task(twin, key, own, own, picture((128, 128), 6))
    changes = []
    for weight in (0.0, 1.0):
        rate = RateTerm(weight, STEPS, previous=own)
        found = refine(task, steps=3, rate=rate).parameters
        changes.append(float((found.points - own.points).abs().sum()))
    assert changes[0] > changes[1]

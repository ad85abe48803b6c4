"""Training on tiny data: gradients, resume, export, commands."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from reference_sw.encoder.analysis import KeypointDetector
from reference_sw.encoder.analysis_file import AnalysisError, load_detector, save_detector
from reference_sw.encoder.lpips import LossWeightsError, LpipsAlex
from reference_sw.encoder.motion_parameters import (
    Keypoints,
    float_parameters,
    integer_parameters,
)
from reference_sw.encoder.quantised_layers import weight_exponents
from reference_sw.encoder.twin import FaceTwin, keypoint_twin
from reference_sw.network.inference import FLOAT32_EXACT
from reference_sw.network.model_file import parse_model
from reference_sw.network.runtime import compile_model
from reference_sw.training.__main__ import main
from reference_sw.training.dataset import PairSampler, load_sequences
from reference_sw.training.discriminator import PatchDiscriminator, discriminator_loss
from reference_sw.training.equivariance import equivariance_loss, inverse
from reference_sw.training.export import compare, model_bytes
from reference_sw.training.identity import FaceEmbedding
from reference_sw.training.objective import IDENTITY_FILE, Objective, round_parameters
from reference_sw.training.recipe import Losses, Network, load_recipe
from reference_sw.training.trainer import RunFolder, Trainer, scheduled_rate
from tests.reference_sw import training_data as tiny
from tests.reference_sw.training_data import folder

__all__ = ["folder"]


def trainer_in(folder: Path, run: Path, **changes) -> Trainer:
    recipe = load_recipe(folder / "tiny.yaml").model_copy(update=changes)
    data = load_sequences(folder / "data", folder / "data" / "coded")
    chosen = [s for s in data if s.name not in recipe.held_out]
    return Trainer(recipe, chosen, folder / "weights", RunFolder(run, log_every=1))


TERMS = ("lpips_output", "lpips_warped", "l1_output", "l1_warped", "l1_synthesised")
TERMS += ("vgg", "identity", "temporal", "adversarial", "equivariance", "taught")


@pytest.mark.parametrize("term", TERMS)
def test_each_loss_reaches_the_networks(folder, tmp_path, term):
    weights = dict.fromkeys(TERMS, 0.0) | {term: 1.0}
    network = {"network": Network(num_points=3, width=8, low=8, high=8, taught_points=(61, 291))}
    trainer = trainer_in(folder, tmp_path, losses=Losses(**weights), **network)
    batch = PairSampler(trainer.sequences, trainer.recipe.sampling, 4, (61, 291)).batch(2)
    values = trainer.train_step(batch, 5, 0)
    assert set(values) - {"blend", "gradient", "discriminator"} == {term}
    assert values["gradient"] > 0
    reached = {
        name
        for name, p in [*trainer.detector.named_parameters(), *trainer.twin.named_parameters()]
        if p.grad is not None and bool(p.grad.abs().sum() > 0)
    }
    if term in ("equivariance", "taught"):
        assert "stem.0.weight" in reached
    elif term in ("lpips_warped", "l1_warped"):
        assert {"motion.enter.weight", "motion.head.weight", "stem.0.weight"} <= reached
    else:
        assert {"synthesis.exit.weight", "synthesis.key_high.weight"} <= reached


def test_the_discriminator_learns_to_tell(folder, tmp_path):
    torch.manual_seed(0)
    network = PatchDiscriminator(8)
    real, made = torch.full((2, 3, 64, 64), 200.0), torch.full((2, 3, 64, 64), 50.0)
    optimiser = torch.optim.Adam(network.parameters(), 1e-2)
    first = float(discriminator_loss(network, real, made).detach())
    for _ in range(20):
        optimiser.zero_grad()
        loss = discriminator_loss(network, real, made)
        loss.backward()
        optimiser.step()
    assert float(loss.detach()) < 0.7 * first


def test_a_run_resumes_where_it_stopped(folder, tmp_path):
    trainer_in(folder, tmp_path / "short", steps=2).run()
    again = trainer_in(folder, tmp_path / "short")
    assert int(again.step) == 2
    state = again.optimisers["adam"].state[next(again.twin.parameters())]
    assert int(state["step"]) == 2
    assert float(state["exp_avg_sq"].sum()) > 0
    again.run()
    with (tmp_path / "short" / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["1", "2", "3", "4"]
    assert all(float(row["lpips_output"]) > 0 for row in rows)


def test_one_worker_repeats_itself(folder, tmp_path):
    states = []
    for name in ("one", "two"):
        trainer = trainer_in(folder, tmp_path / name, steps=2)
        trainer.run()
        states.append(torch.cat([p.detach().flatten() for p in trainer.twin.parameters()]))
    assert torch.equal(*states)


def test_a_recipe_names_the_run_it_begins_with(folder, tmp_path, capsys):
    wanted = tmp_path / "grown.yaml"
    wanted.write_text(
        tiny.RECIPE.replace("name: tiny", "name: grown\nstart: tiny").replace(
            "num_points: 3", "num_points: 4, matrices: false"
        )
    )
    common = ["run", "--data", str(folder / "data"), "--weights", str(folder / "weights")]
    grown = [*common, "--recipe", str(wanted), "--run", str(tmp_path / "grown")]
    assert main(grown) == 1
    assert "recipe grown: needs --start with a run of tiny" in capsys.readouterr().err
    first = ["--recipe", str(folder / "tiny.yaml"), "--run", str(tmp_path / "tiny")]
    assert main([*common, *first]) == 0
    assert main([*grown, "--start", str(folder / "tiny.yaml"), str(tmp_path / "tiny")]) == 0
    assert (tmp_path / "grown" / "checkpoint.safetensors").exists()
    wrong = [*common, *first[:3], str(tmp_path / "other"), "--start", str(wanted), str(tmp_path)]
    assert main(wrong) == 1
    assert "recipe grown: shall be absent" in capsys.readouterr().err


def test_workers_share_the_weights(folder, tmp_path):
    trainer = trainer_in(folder, tmp_path, workers=2, steps=4)
    before = trainer.twin.motion.enter.weight.clone()
    trainer.run()
    assert int(trainer.step) >= 4
    assert not torch.equal(before, trainer.twin.motion.enter.weight)


def test_learning_rate_by_hand(folder):
    recipe = load_recipe(folder / "tiny.yaml").model_copy(update={"steps": 1200, "decay_from": 200})
    assert scheduled_rate(recipe, 0) == pytest.approx(1e-5)
    assert scheduled_rate(recipe, 150) == pytest.approx(1e-3)
    assert scheduled_rate(recipe, 700) == pytest.approx(0.5e-3)
    assert scheduled_rate(recipe, 1200) == pytest.approx(0.05e-3)


def test_sampler_draws_coded_keys_near_their_picture(folder):
    sequences = load_sequences(folder / "data", folder / "data" / "coded")
    coded = next(s for s in sequences if s.name == "a")
    rules = load_recipe(folder / "tiny.yaml").sampling.model_copy(
        update={"coded_share": 1.0, "affine_share": 0.0, "still_share": 0.0, "distance": 1}
    )
    sampler = PairSampler([coded], rules, 0)
    for _ in range(20):
        key, current = sampler._pair(coded)
        at = [
            int(i)
            for i in coded.coded.index
            if any(
                np.array_equal(key, q)
                for q in coded.coded.pictures[:, list(coded.coded.index).index(i)]
            )
        ]
        assert at
        assert abs(current - at[0]) <= 1


def test_half_size_batches(folder):
    sequences = load_sequences(folder / "data")
    rules = load_recipe(folder / "tiny.yaml").sampling.model_copy(update={"half_share": 1.0})
    assert PairSampler(sequences, rules, 0).batch(3).key.shape == (3, 3, 32, 32)


def test_inverse_is_the_inverse():
    matrices = torch.eye(2) + 0.2 * torch.randn(5, 2, 2, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(inverse(matrices) @ matrices, torch.eye(2).expand(5, 2, 2), atol=1e-5)


def test_a_detector_that_ignores_the_picture_is_punished():
    torch.manual_seed(1)
    detector = KeypointDetector(4)
    pictures = torch.from_numpy(tiny.pictures(1)[:2]).float()
    fixed = Keypoints(torch.zeros(2, 4, 2), torch.eye(2).expand(2, 4, 2, 2))
    assert float(equivariance_loss(detector, pictures, fixed).detach()) > 0.05


def test_rounding_is_to_the_grid():
    parameters = Keypoints(torch.tensor([[[0.13, -0.26]]]), torch.full((1, 1, 2, 2), 0.9))
    found = round_parameters(parameters, 3, 2, still=False)
    assert found.points.tolist() == [[[0.125, -0.25]]]
    assert found.matrices.flatten().tolist() == [1.0] * 4
    still = round_parameters(parameters, 3, 2, still=True)
    assert torch.equal(still.matrices[0, 0], torch.eye(2))
    integers = integer_parameters(found)
    assert integers["points"].flatten().tolist() == [128, -256]
    assert torch.equal(float_parameters(integers).points, found.points)


def trained_like(seed: int) -> FaceTwin:
    """A twin with weights large enough that every branch matters."""
    torch.manual_seed(seed)
    twin = keypoint_twin(3, 8, 8, 8)
    with torch.no_grad():
        twin.motion.head.weight.normal_(std=0.1)
        twin.synthesis.exit.weight.normal_(std=0.1)
    return twin


@pytest.mark.parametrize("seed", [1, 2])
def test_integer_model_follows_the_simulated_one(seed):
    twin = trained_like(seed)
    model = compile_model(parse_model(model_bytes(twin, "tiny")))
    pictures = torch.from_numpy(tiny.pictures(seed))
    key = pictures[:1]
    generator = torch.Generator().manual_seed(seed)
    points = torch.rand(2, 3, 2, generator=generator) - 0.5
    points[1] = points[0] + 0.1
    matrices = torch.eye(2).expand(2, 3, 2, 2) + 0.1 * torch.randn(2, 3, 2, 2, generator=generator)
    rounded = round_parameters(Keypoints(points, matrices), 7, 5, still=False)
    mean, maximum = compare(model, twin, key, rounded.rows(0, 1), rounded.rows(1, 2))
    assert mean < 0.6
    assert maximum <= 12


def test_identity_weights_that_lack_something_are_named(folder, tmp_path):
    with np.load(folder / "weights" / IDENTITY_FILE) as file:
        arrays = dict(file)
    del arrays["features.3.conv.2.weight"]
    np.savez(tmp_path / "lacking.npz", **arrays)
    with pytest.raises(LossWeightsError, match=r"lacking\.npz: .*features\.3\.conv\.2\.weight"):
        FaceEmbedding(tmp_path / "lacking.npz")


def test_a_convolution_is_simulated_to_the_bit():
    twin = trained_like(3)
    layer = twin.motion.enter
    layer.quantise = True
    model = compile_model(parse_model(model_bytes(twin, "tiny")))
    names = {key: f"motion.enter.{key}" for key in ("weight", "bias", "shift")}
    weight, bias, shift = (torch.from_numpy(model.tensors[n]) for n in names.values())
    x = torch.randint(-128, 256, (1, layer.in_channels, 12, 12), generator=torch.manual_seed(2))
    total = torch.nn.functional.conv2d(x.double(), weight.double(), padding=1).long()
    total = total + bias[:, None, None]
    half = 1 << (shift - 1).clamp_min(0)
    expected = ((total + half[:, None, None]) >> shift[:, None, None]).clamp(0, 1023)
    simulated = layer(x.float() / 128) * 128
    assert torch.equal(simulated.long(), expected)
    assert torch.equal(simulated, simulated.round())


def test_exponents_keep_float32_exact():
    torch.manual_seed(5)
    for scale in (0.01, 1.0, 30.0):
        weight, bias = scale * torch.randn(6, 64, 3, 3), scale * torch.randn(6)
        p = weight_exponents(weight, bias)
        rounded = torch.round(weight.double() * 2 ** p[:, None, None, None])
        total = rounded.abs().flatten(1).sum(1) * 1023 + bias.double().abs() * 128 * 2**p + 2**p
        assert torch.all((total < FLOAT32_EXACT) | (p == 0))
        assert torch.all(rounded.abs() <= 127) or scale > 20


def test_detector_file_round_trip_and_refusal(tmp_path):
    detector = KeypointDetector(5).eval()
    path = tmp_path / "d.safetensors"
    save_detector(detector, path)
    pictures = torch.from_numpy(tiny.pictures(1)[:1]).float()
    assert torch.equal(load_detector(path)(pictures).points, detector(pictures).points)
    path.write_bytes(b"\x80\x04K\x01.")
    with pytest.raises(AnalysisError, match=r"d\.safetensors"):
        load_detector(path)


DATA = Path(os.environ.get("GVC_DATA", ""))


@pytest.mark.skipif("GVC_DATA" not in os.environ, reason="GVC_DATA is not set")
def test_lpips_and_embedding_against_published_values():
    from PIL import Image

    def read(name: str) -> torch.Tensor:
        path = next((DATA / "oracles").rglob(name))
        array = np.asarray(Image.open(path).convert("RGB"))
        return torch.from_numpy(array.copy()).permute(2, 0, 1)[None].float()

    lpips = LpipsAlex(DATA / "weights" / "lpips_alex_v0.1.npz")
    reference = lpips.features(read("ex_ref.png"))
    assert float(lpips(read("ex_p0.png"), reference)) == pytest.approx(0.722, abs=5e-4)
    assert float(lpips(read("ex_p1.png"), reference)) == pytest.approx(0.138, abs=5e-4)
    losses = Losses(identity=1.0, vgg=1.0)
    objective = Objective(losses, DATA / "weights")
    assert objective.identity is not None
    picture = read("ex_ref.png")
    assert float(objective.identity(picture, picture)) == pytest.approx(0, abs=1e-6)

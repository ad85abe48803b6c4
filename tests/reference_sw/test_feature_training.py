"""Training of the compact-feature family: its terms, its teacher, and where it begins."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from reference_sw.encoder.analysis import KeypointDetector
from reference_sw.encoder.motion_network import MotionField
from reference_sw.encoder.motion_parameters import FeatureGrid
from reference_sw.encoder.twin import keypoint_twin
from reference_sw.network.runtime import load_model
from reference_sw.training.__main__ import main
from reference_sw.training.curves import CurveLog, plot_curves
from reference_sw.training.dataset import PairSampler, load_sequences
from reference_sw.training.grow import GrowthError, grow
from reference_sw.training.motion_teacher import MotionTeacher, motion_loss
from reference_sw.training.networks import new_networks
from reference_sw.training.objective import Analysed, round_grid
from reference_sw.training.recipe import RecipeError, load_recipe
from reference_sw.training.trainer import RunFolder, Trainer
from tests.reference_sw import training_data as tiny

RECIPE = tiny.RECIPE.replace("name: tiny", "name: grid\nstart: tiny\nmotion_until: 2")
RECIPE = RECIPE.replace("num_points: 3", "num_points: 3, channels: 2")
RECIPE = RECIPE.replace(
    "points: [7], matrices: [5], still: 0.2, from_step: 1", "features: [3], from_step: 0"
)
RECIPE = RECIPE.replace("vgg: 0.1", "equivariance: 0.0, rate: 0.1, motion: 1.0")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("features")
    tiny.write_data(root / "data")
    tiny.write_weights(root / "weights")
    (root / "tiny.yaml").write_text(tiny.RECIPE)
    (root / "grid.yaml").write_text(RECIPE)
    return root


def trainer_in(folder: Path, run: Path) -> Trainer:
    data = load_sequences(folder / "data", folder / "data" / "coded")
    recipe = load_recipe(folder / "grid.yaml")
    trainer = Trainer(recipe, data, folder / "weights", RunFolder(run, log_every=1))
    teacher = new_networks(load_recipe(folder / "tiny.yaml").network)
    trainer.teacher = MotionTeacher(*teacher)
    return trainer


def reached(trainer: Trainer) -> set[str]:
    named = [*trainer.detector.named_parameters(), *trainer.twin.named_parameters()]
    return {n for n, p in named if p.grad is not None and bool(p.grad.abs().sum() > 0)}


def test_motion_comes_first_then_everything(folder: Path, tmp_path: Path) -> None:
    trainer = trainer_in(folder, tmp_path)
    batch = PairSampler(trainer.sequences, trainer.recipe.sampling, 4).batch(2)
    values = trainer.train_step(batch, 1, 0)
    assert set(values) == {"motion", "rate", "gradient"}
    assert all(value > 0 for value in values.values())
    names = reached(trainer)
    assert {"place.weight", "look3.weight", "points.stem.0.weight"} <= names
    assert {"motion.code_in.weight", "motion.coarse.weight", "motion.head.weight"} <= names
    assert not any(name.startswith("synthesis.") for name in names)
    values = trainer.train_step(batch, 2, 1)
    assert {"lpips_output", "l1_output", "rate", "blend"} <= set(values)
    assert "motion" not in values
    assert {"synthesis.exit.weight", "motion.coarse.weight", "place.weight"} <= reached(trainer)


def test_motion_loss_by_hand() -> None:
    zero = torch.zeros(1, 64, 64, 2), torch.zeros(1, 1, 64, 64), torch.zeros(1, 2, 64, 64)
    other = MotionField(zero[0] + 0.25, zero[1] + 0.5, zero[2] - 0.125)
    assert float(motion_loss(MotionField(*zero), other)) == pytest.approx(5 + 0.5 + 0.125)


def test_rate_by_hand() -> None:
    # One of 32 features changes by four steps: log2(1 + 4.00125) + 31 log2(1.1).
    before = FeatureGrid(torch.zeros(1, 2, 4, 4))
    now = FeatureGrid(torch.zeros(1, 2, 4, 4))
    now.features[0, 1, 2, 3] = -0.5
    analysed = Analysed(now, before, now, now, before, {"features": 1 / 8})
    assert float(analysed.rate()) == pytest.approx(2.3223 + 31 * 0.1375, abs=1e-3)
    assert round_grid(FeatureGrid(torch.tensor([[[[0.19, -0.3]]]])), 3).features.tolist() == [
        [[[0.25, -0.25]]]
    ]


def test_a_new_family_keeps_the_synthesis_and_the_points(folder: Path) -> None:
    torch.manual_seed(1)
    network = load_recipe(folder / "grid.yaml").network
    old, points = KeypointDetector(3, matrices=False), keypoint_twin(3, 8, 8, 8)
    analysis, twin = new_networks(network)
    grow(old, points, analysis, twin)
    assert torch.equal(twin.synthesis.exit.weight, points.synthesis.exit.weight)
    assert torch.equal(twin.motion.down2.weight, points.motion.down2.weight)
    pictures = torch.rand(1, 3, 64, 64) * 255
    assert torch.equal(analysis.points(pictures).points, old(pictures).points)
    again, other = new_networks(network)
    grow(analysis, twin, again, other)
    assert torch.equal(again.place.weight, analysis.place.weight)
    assert torch.equal(other.motion.enter.weight, twin.motion.enter.weight)
    with pytest.raises(GrowthError, match="features do not grow into points"):
        grow(analysis, twin, old, points)
    with pytest.raises(GrowthError, match="5 points: the new network shall have as many"):
        grow(KeypointDetector(5), points, analysis, twin)


def test_commands_train_on_from_points_and_export(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    common = ["--data", str(folder / "data"), "--weights", str(folder / "weights")]
    first = ["--recipe", str(folder / "tiny.yaml"), "--run", str(tmp_path / "tiny")]
    assert main(["run", *common, *first]) == 0
    second = ["--recipe", str(folder / "grid.yaml"), "--run", str(tmp_path / "grid"), *common]
    assert main(["run", *second]) == 1
    assert "needs --start with a run of tiny" in capsys.readouterr().err
    start = ["--start", str(folder / "tiny.yaml"), str(tmp_path / "tiny")]
    assert main(["run", *second, *start]) == 0
    assert main(["export", *second, "--models", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "integer against simulated" in said
    inputs = load_model(tmp_path / "grid.safetensors").graphs["picture"].graph.inputs
    assert inputs["features"].channels == inputs["key_features"].channels == 2


def test_a_log_begun_earlier_keeps_its_columns(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("step,seconds,l1_output\n1,2.0,0.5\n")
    log = CurveLog(tmp_path)
    log.add({"l1_output": 0.25, "rate": 0.125})
    log.write(2)
    rows = (tmp_path / "log.csv").read_text().splitlines()
    assert rows[1:] == ["1,2.0,0.5", rows[2]]
    assert rows[2].startswith("2,")
    assert rows[2].endswith(",0.25000")
    plot_curves(tmp_path / "log.csv", tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("equivariance: 0.0", "equivariance: 1.0", "equivariance and taught are of keypoints"),
        ("motion: 1.0", "motion: 0.0", "motion_until needs start and the loss motion"),
        ("channels: 2", "channels: 65", "network.channels = 65"),
    ],
)
def test_recipes_that_do_not_fit_the_family(tmp_path: Path, old: str, new: str, words: str) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(RECIPE.replace(old, new))
    with pytest.raises(RecipeError, match=words):
        load_recipe(path)

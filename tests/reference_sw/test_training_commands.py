"""Recipes, commands, prepared data and cards of training, on tiny data."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import yaml

from reference_sw.network.runtime import load_model
from reference_sw.training.__main__ import main
from reference_sw.training.dataset import load_sequences
from reference_sw.training.provenance import training_seconds
from reference_sw.training.recipe import RecipeError, load_recipe
from tests.reference_sw import training_data as tiny
from tests.reference_sw.training_data import folder

__all__ = ["folder"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("batch: 2", "batch: 0", "batch = 0"),
        ("batch: 2", "batch: '2'", "batch = '2'"),
        ("seed: 3", "sed: 3", "sed = 3"),
        ("seed: 3", "seed: 3\nseed: 4", "given twice"),
        ("vgg: 0.1", "vgg: -1.0", "losses.vgg = -1.0"),
        ("name: tiny", "name: [", "not YAML"),
    ],
)
def test_bad_recipes_name_the_element(tmp_path, old, new, words):
    path = tmp_path / "r.yaml"
    path.write_text(tiny.RECIPE.replace(old, new))
    with pytest.raises(RecipeError) as caught:
        load_recipe(path)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_shipped_recipes_load():
    recipes = sorted((Path(__file__).parents[2] / "reference_sw/training/recipes").glob("*.yaml"))
    assert recipes
    for path in recipes:
        assert load_recipe(path).name == path.stem


def test_commands_train_export_and_measure(folder, tmp_path, capsys):
    run, models = tmp_path / "run", tmp_path / "models"
    common = ["--recipe", str(folder / "tiny.yaml"), "--data", str(folder / "data")]
    weights = ["--weights", str(folder / "weights")]
    assert main(["run", *common, *weights, "--run", str(run)]) == 0
    assert (run / "curves.png").read_bytes()[:4] == b"\x89PNG"
    assert main(["export", *common, *weights, "--run", str(run), "--models", str(models)]) == 0
    card = yaml.safe_load((models / "tiny.yaml").read_text())
    assert card["sha256"] == load_model(models / "tiny.safetensors").sha256
    assert card["data"] == {"train": ["a", "b"], "held_out": ["held"]}
    assert card["samples"] == 8
    assert list(card["held_out_lpips_alex"]["sequences"]) == ["held"]
    assert "integer against simulated" in capsys.readouterr().out
    assert load_model(models / "tiny.safetensors").name == "tiny"
    assert main(["measure", *common, *weights, "--models", str(models)]) == 0
    assert "held" in capsys.readouterr().out


def test_commands_refuse_in_one_line(folder, tmp_path, capsys):
    common = ["--data", str(tmp_path), "--weights", str(tmp_path), "--run", str(tmp_path / "r")]
    assert main(["run", "--recipe", str(folder / "tiny.yaml"), *common]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert main(["run", "--recipe", str(tmp_path / "gone.yaml"), *common]) == 1
    assert "cannot be read" in capsys.readouterr().err


def test_prepare_decodes_and_codes(tmp_path, capsys):
    from reference_sw.training.prepare import run_program

    clips, data = tmp_path / "clips", tmp_path / "data"
    clips.mkdir()
    source = ["-f", "lavfi", "-i", "testsrc2=size=128x128:rate=25:duration=0.2"]
    run_program([*source, "-pix_fmt", "yuv420p", str(clips / "one.y4m")])
    assert main(["prepare", "--clips", str(clips), "--data", str(data)]) == 0
    (sequence,) = load_sequences(data, data / "coded")
    assert sequence.pictures.shape == (5, 3, 256, 256)
    assert sequence.coded is not None
    originals = sequence.pictures[sequence.coded.index].astype(float)
    errors = [float(np.mean((q - originals) ** 2)) for q in sequence.coded.pictures]
    assert errors == sorted(errors)
    assert 0 < errors[0] < errors[-1]
    (clips / "bad.mp4").write_bytes(b"no video")
    assert main(["prepare", "--clips", str(clips), "--data", str(data)]) == 1
    assert "ffmpeg" in capsys.readouterr().err


def test_wall_time_adds_sessions(tmp_path):
    log = tmp_path / "log.csv"
    log.write_text("step,seconds\n1,10.0\n2,20.0\n3,5.0\n4,9.0\n")
    assert training_seconds(log) == 29.0


def test_shipped_cards_name_their_files():
    models = Path(__file__).parents[2] / "reference_sw" / "models"
    cards = sorted(models.glob("*.yaml"))
    assert len(cards) == len([p for p in models.glob("*.safetensors") if ".analysis" not in p.name])
    for path in cards:
        card = yaml.safe_load(path.read_text(encoding="utf-8"))
        for key, suffix in (("sha256", ""), ("analysis_sha256", ".analysis")):
            file = models / f"{path.stem}{suffix}.safetensors"
            assert hashlib.sha256(file.read_bytes()).hexdigest() == card[key]
            assert file.stat().st_size <= 8 << 20
        model = load_model(models / f"{path.stem}.safetensors")
        assert card["complexity"]["parameters"] == model.parameters <= 3_000_000
        assert card["complexity"]["kmac_per_pixel_each_picture"] <= 15
        assert card["integer_against_simulated"]["maximum"] <= 16

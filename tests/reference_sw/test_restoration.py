"""Restoration of key pictures: integers as simulated, in the decoder, in training."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from reference_sw.decoder.decode_command import main as decode
from reference_sw.decoder.synthesis import changed, key_inputs
from reference_sw.encoder.encode_command import main as encode
from reference_sw.encoder.restoration import restored
from reference_sw.encoder.twin import keypoint_twin
from reference_sw.network.errors import ModelError
from reference_sw.network.model_file import parse_model
from reference_sw.network.runtime import compile_model
from reference_sw.training.__main__ import main as train
from reference_sw.training.checkpoint import CheckpointError
from reference_sw.training.dataset import load_sequences
from reference_sw.training.export import model_bytes
from reference_sw.training.recipe import Recipe, Restoration, load_recipe
from reference_sw.training.restore import (
    PieceSampler,
    RestorationTrainer,
    _network,
    trained_restoration,
)
from reference_sw.training.trainer import RunFolder
from reference_sw.video.format import ChromaFormat, Picture, VideoFormat
from tests.reference_sw.face_networks import small_restoration, write_networks
from tests.reference_sw.training_data import RECIPE, folder

__all__ = ["folder"]
RULES = Restoration(
    width=16,
    half=8,
    steps=3,
    batch=2,
    piece=64,
    decay_from=2,
    quantise_from=2,
    vgg=0.1,
    lpips_half=0.0,
)


def random_keys(seed: int) -> torch.Tensor:
    draw = np.random.default_rng(seed).integers(0, 256, (2, 3, 16, 24))
    return torch.from_numpy(draw.repeat(8, 2).repeat(8, 3).astype(np.int32))


def small_model(network):
    torch.manual_seed(2)
    return compile_model(parse_model(model_bytes(keypoint_twin(3, 8, 8, 8), "small", network)))


def test_integer_restoration_equals_the_simulated_one():
    torch.manual_seed(5)
    network = small_restoration()
    key = random_keys(6)
    found = key_inputs(small_model(network), key, (128, 192))["key"]
    assert torch.equal(found.float(), restored(network, key.float()))
    assert (found - key).abs().float().mean() > 3, "hardly changes: the test would prove little"


def test_what_follows_sees_the_restored_picture():
    torch.manual_seed(5)
    network = small_restoration()
    with_it, without = small_model(network), small_model(None)
    seen = key_inputs(with_it, random_keys(6), (128, 192))
    assert set(seen) == {"key", "small", "high", "low"}
    alone = key_inputs(without, seen["key"], (128, 192))
    for name, value in seen.items():
        assert torch.equal(value, alone[name]), name


def coded(tmp_path: Path, model: Path, frames: int) -> np.ndarray:
    """Decoded RGB of a still picture, after the command lines checked their hashes."""
    still = random_keys(8)[:1, :, :64, :64].numpy().astype(np.uint8)
    source, stream, out = (tmp_path / name for name in ("s.rgb", "s.gvc", "s.out"))
    source.write_bytes(still.tobytes() * frames)
    options = ["--size", "64x64", "--format", "rgb", "--key-qp", "42", "--preset", "fast"]
    assert encode([str(source), "-o", str(stream), "--model", str(model), "--quiet", *options]) == 0
    assert decode([str(stream), "-o", str(out), "--model", str(model)]) == 0
    return np.frombuffer(out.read_bytes(), np.uint8).reshape(frames, 3, 64, 64)


def test_pictures_left_alone_are_the_restored_key_picture(tmp_path):
    plain = write_networks(tmp_path, 1)
    before = coded(tmp_path, plain, 2)
    after = coded(tmp_path, write_networks(tmp_path, 1, restores=True), 2)
    torch.manual_seed(1)
    network = small_restoration()
    expected = restored(network, torch.from_numpy(before[:1].copy()).float())
    assert np.array_equal(after[0], after[1])
    assert np.array_equal(after[:1], expected.numpy().astype(np.uint8))
    assert not np.array_equal(after, before)


def test_a_picture_that_is_none_is_refused():
    data = model_bytes(keypoint_twin(3, 8, 8, 8), "small", small_restoration())
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    graphs = json.loads(header["__metadata__"]["graphs"])
    for operator in graphs["key"]["operators"]:
        if operator["out"] == "restored":
            operator["high"] = 400
    header["__metadata__"]["graphs"] = json.dumps(graphs)
    text = json.dumps(header).encode()
    body = data[8 + int.from_bytes(data[:8], "little") :]
    model = compile_model(parse_model(len(text).to_bytes(8, "little") + text + body))
    with pytest.raises(ModelError, match=r"output restored: .*0\.\.400: shall be 3 channels"):
        model.check_picture("key", "restored")
    model.check_picture("picture", "output")
    with pytest.raises(ModelError, match="graph picture: no output sharp"):
        model.check_picture("picture", "sharp")


def training_sequences(folder: Path):
    return load_sequences(folder / "data", folder / "data" / "coded")


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_pieces_are_of_one_place(folder, share):
    rules = RULES.model_copy(update={"uncoded_share": share, "batch": 8})
    pieces, originals = PieceSampler(training_sequences(folder), rules, 4).batch()
    assert pieces.shape == originals.shape == (8, 3, 64, 64)
    error = (pieces - originals).abs().mean((1, 2, 3))
    # The coded pictures of the folder are rounded to multiples of 16 and 32.
    assert (error == 0).all() if share else ((error > 1) & (error < 20)).all()


def trainer_in(folder: Path, run: Path, **changes) -> RestorationTrainer:
    rules = RULES.model_copy(update=changes)
    run.mkdir(exist_ok=True)
    torch.manual_seed(7)
    network = _network(rules)
    weights = folder / "weights"
    return RestorationTrainer(network, rules, training_sequences(folder), weights, RunFolder(run))


def test_training_lowers_the_error_of_coded_pictures(folder, tmp_path):
    trainer = trainer_in(
        folder, tmp_path / "run", steps=60, decay_from=60, quantise_from=60, lpips=0.0, vgg=0.0,
        lpips_half=0.0, uncoded_share=0.0, learning_rate=0.003,
    )  # fmt: skip
    values = [trainer.train_step()["l1_output"] for _ in range(60)]
    assert sum(values[-10:]) < 0.8 * sum(values[:10])


def test_a_stopped_run_goes_on(folder, tmp_path):
    first = trainer_in(folder, tmp_path / "run")
    first.run()
    again = trainer_in(folder, tmp_path / "run", steps=5)
    assert again.step == 3
    for name, value in first.network.state_dict().items():
        assert torch.equal(value, again.network.state_dict()[name]), name
    again.run()
    assert again.step == 5


@pytest.fixture(scope="module")
def recipe(folder) -> Path:
    path = folder / "restoring.yaml"
    section = yaml.safe_dump({"restoration": RULES.model_dump()}, default_flow_style=None)
    path.write_text(RECIPE.replace("name: tiny", "name: tiny-restored") + section)
    return path


def test_commands_train_and_export_a_restoring_model(folder, recipe, tmp_path, capsys):
    where = ["--data", str(folder / "data"), "--weights", str(folder / "weights")]
    run = ["--recipe", str(recipe), "--run", str(tmp_path / "run")]
    assert train(["run", *where, *run]) == 0
    assert "tiny-restored: restoration from step 0" in capsys.readouterr().out
    assert train(["run", *where, *run]) == 0
    assert "restoration from" not in capsys.readouterr().out
    held = recipe.read_text().replace("held_out: [held]", "held_out: [a]")
    recipe.write_text(held)
    models = tmp_path / "models"
    assert train(["export", *where, *run, "--models", str(models)]) == 0
    card = yaml.safe_load((models / "tiny-restored.yaml").read_text())
    found = card["held_out_restoration_lpips_alex"]
    assert set(found) == {"pictures", "QP 32", "QP 42"}
    assert 0 < found["QP 32"][0] < found["QP 42"][0]
    assert card["complexity"]["kmac_per_pixel_each_key_picture"] > 1


def test_an_unfinished_restoration_is_not_exported(folder, recipe, tmp_path):
    trainer = trainer_in(folder, tmp_path / "run")
    wanted: Recipe = load_recipe(recipe)
    with pytest.raises(CheckpointError, match="cannot be read"):
        trained_restoration(wanted, tmp_path)
    trainer.folder = RunFolder(tmp_path / "restoration")
    trainer.folder.path.mkdir()
    trainer.step = 2
    trainer.save()
    with pytest.raises(CheckpointError, match="step 2 of 3: not finished"):
        trained_restoration(wanted, tmp_path)


def test_a_change_is_added_to_the_samples_there_are():
    video = VideoFormat(2, 1, bit_depth=10, chroma_format=ChromaFormat.C444)
    planes = [np.array([[row]], np.uint16).reshape(1, 2) for row in ([3, 1000], [512, 1], [7, 7])]
    before = Picture(tuple(np.array([[64, 100]], np.uint16) for _ in range(3)))
    after = Picture(tuple(np.array([[64, 130]], np.uint16) for _ in range(3)))
    found = changed(Picture(tuple(planes)), before, after, video)
    # By hand: +0 and +30, at most 1023; the first samples lie below the legal range and stay.
    assert [plane.tolist() for plane in found.planes] == [[[3, 1023]], [[512, 31]], [[7, 37]]]
    assert all(plane.dtype == np.uint16 for plane in found.planes)

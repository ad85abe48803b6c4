"""The compact-feature family: from the grid to pictures, exactly, and back."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from reference_sw.bitstream.code_points import CodecFamily
from reference_sw.bitstream.native_stream import read_native_stream
from reference_sw.bitstream.parameter_layout import ParameterLayout
from reference_sw.bitstream.parameter_set import GroupCoding, ParameterSet
from reference_sw.decoder.decode_command import main as decode
from reference_sw.decoder.errors import DecodingError
from reference_sw.decoder.model_store import ANALYSIS_SUFFIX
from reference_sw.decoder.parameters import face_parameters
from reference_sw.decoder.synthesis import FaceSynthesis
from reference_sw.encoder.analysis import FeatureAnalysis
from reference_sw.encoder.analysis_file import AnalysisError, load_detector, save_detector
from reference_sw.encoder.convert_command import main as convert
from reference_sw.encoder.encode_command import load_networks
from reference_sw.encoder.encode_command import main as encode
from reference_sw.encoder.motion_parameters import FeatureGrid, integer_parameters
from reference_sw.encoder.refine import RateTerm, Task, refine
from reference_sw.encoder.twin_of_model import load_twin
from reference_sw.network import definition
from reference_sw.network.errors import ModelError
from reference_sw.network.model_file import parse_model
from reference_sw.network.runtime import IntegerModel, compile_model, load_model
from reference_sw.training.export import compare, model_bytes
from tests.reference_sw import training_data as tiny
from tests.reference_sw.face_networks import (
    CHANNELS,
    NUM_POINTS,
    feature_twin,
    write_feature_networks,
    write_networks,
)
from tests.reference_sw.test_face_codec import moving_disc

SIZE = (64, 72)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_feature_networks(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def model(path: Path) -> IntegerModel:
    return load_model(path)


def grid(seed: int, count: int = 1) -> FeatureGrid:
    """Features on the grid of 1/128."""
    generator = torch.Generator().manual_seed(seed)
    values = torch.randint(-300, 301, (count, CHANNELS, 4, 4), generator=generator)
    return FeatureGrid(values / 128)


def gps_of_features(channels: int = CHANNELS, shift: int = 3) -> ParameterSet:
    layout = ParameterLayout(
        pl_num_channels_minus1=channels - 1, pl_grid_height_minus1=3, pl_grid_width_minus1=3
    )
    return ParameterSet(
        gps_codec_family=CodecFamily.COMPACT_FEATURE_GRID,
        gps_pic_width_minus1=63,
        gps_pic_height_minus1=63,
        layout=layout,
        groups=[GroupCoding(2, shift)],
    )


def inputs_of(model: IntegerModel, count: int) -> dict[str, torch.Tensor]:
    """Inputs of the graph `picture`: a random key picture and `count` grids."""
    key = torch.randint(0, 256, (1, 3, *SIZE), generator=torch.Generator().manual_seed(3))
    state = {"key": key, **model.run("key", {"key": key}, SIZE)}
    state["key_features"] = integer_parameters(grid(1))["features"]
    spread = {name: t.expand(count, -1, -1, -1) for name, t in state.items()}
    return spread | integer_parameters(grid(2, count))


def test_features_enter_in_units_of_a_128th() -> None:
    """Step 3 / 8: 1 is 48 / 128, -1000 is clipped; values are ordered by channel, row, column."""
    coded = np.arange(2 * 16)
    coded[5] = -1000
    found = face_parameters(gps_of_features(), (coded,)).tensors["features"]
    assert found.shape == (2, 4, 4)
    assert found[0, 0, :4].tolist() == [0, 48, 96, 144]
    assert found[1, 0, 0] == 16 * 48
    assert found[0, 1, 1] == -1023
    # RoundShift: 3 / 512 of a unit of 1 / 128 is 3/4, half up.
    fine = face_parameters(gps_of_features(shift=9), (np.array([1, -1, 2] + [0] * 29),)).tensors
    assert fine["features"][0, 0, :3].tolist() == [1, -1, 2]


def test_runtime_equals_definition_whatever_batch_and_threads(model: IntegerModel) -> None:
    inputs = inputs_of(model, 3)
    arrays = {name: value.numpy().astype(np.int64) for name, value in inputs.items()}
    graph = model.graphs["picture"].graph
    expected = definition.run_graph(graph, model.tensors, arrays, SIZE)
    assert len(np.unique(expected["output"])) > 100
    before = torch.get_num_threads()
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            found = model.run("picture", inputs, SIZE)
            for name, array in expected.items():
                assert np.array_equal(found[name].numpy(), array)
            alone = model.run("picture", {n: t[1:2] for n, t in inputs.items()}, SIZE)
            assert np.array_equal(alone["output"][0].numpy(), expected["output"][1])
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("seed", [1, 2])
def test_integer_model_follows_the_simulated_one(seed: int) -> None:
    twin = feature_twin(seed)
    exported = compile_model(parse_model(model_bytes(twin, "tiny")))
    key = torch.from_numpy(tiny.pictures(seed)[:1])
    mean, maximum = compare(exported, twin, key, grid(seed), grid(seed + 5))
    assert mean < 0.6
    assert maximum <= 12


def test_grids_move_the_picture(model: IntegerModel) -> None:
    inputs = inputs_of(model, 1)
    moved = model.run("picture", inputs, SIZE)["warped"]
    assert float((moved - inputs["key"]).abs().float().mean()) > 1


def test_the_twin_of_a_model_has_its_weights_and_refinement_finds_a_grid(
    path: Path, model: IntegerModel
) -> None:
    twin = load_twin(model)
    key = torch.from_numpy(tiny.pictures(1)[:1]).float()
    own, truth = grid(1), FeatureGrid(grid(1).features + 0.3)
    with torch.no_grad():
        original = twin(key, own, truth).output
    found = refine(Task(twin, key, own, own, original), steps=6)
    assert float(found.distance) < 0.9 * float(found.before)
    rate = RateTerm(1.0, {"features": 1 / 8}, previous=own)
    held = refine(Task(twin, key, own, own, original), steps=6, rate=rate).parameters
    moved = found.parameters.tensors["features"] - own.features
    assert (held.tensors["features"] - own.features).abs().sum() < moved.abs().sum()


def run_encode(folder: Path, model: Path, *options: str, frames: int = 5) -> tuple[int, Path]:
    source, stream = folder / "source.yuv", folder / "s.gvc"
    source.write_bytes(moving_disc(64, 64, frames).tobytes())
    arguments = [str(source), "--size", "64x64", "-o", str(stream), "--model", str(model)]
    arguments += ["--key-qp", "40", "--quiet", "--preset", "fast"]
    return encode([*arguments, *options]), stream


@pytest.mark.parametrize("preset", ["fast", "default", "slow"])
def test_streams_decode_alone_and_their_hash_agrees(
    tmp_path: Path, path: Path, preset: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, stream = run_encode(tmp_path, path, "--preset", preset)
    assert code == 0
    gps = next(iter(read_native_stream(stream.read_bytes()))).body
    assert isinstance(gps, ParameterSet)
    assert gps.gps_codec_family == CodecFamily.COMPACT_FEATURE_GRID
    assert [group.size for group in gps.parameter_groups] == [CHANNELS * 16]
    out = tmp_path / "out.yuv"
    assert decode([str(stream), "-o", str(out), "--model", str(path)]) == 0
    assert "5 pictures of 64x64" in (said := capsys.readouterr().err)
    assert "1 picture hashes agree" in said
    assert out.stat().st_size == 5 * 64 * 64 * 3 // 2


def test_the_same_pictures_from_messages(tmp_path: Path, path: Path) -> None:
    code, stream = run_encode(tmp_path, path)
    assert code == 0
    messages = tmp_path / "s.vvc"
    assert convert([str(stream), str(messages)]) == 0
    decoded = []
    for each in (stream, messages):
        out = tmp_path / f"{each.suffix}.yuv"
        assert decode([str(each), "-o", str(out), "--model", str(path), "--quiet"]) == 0
        decoded.append(out.read_bytes())
    assert decoded[0] == decoded[1]


def test_wrong_combinations_are_one_line(
    tmp_path: Path, path: Path, model: IntegerModel, capsys: pytest.CaptureFixture[str]
) -> None:
    points = load_model(write_networks(tmp_path))
    with pytest.raises(DecodingError) as caught:
        FaceSynthesis(gps_of_features(), points)
    assert str(caught.value) == (
        "model small1 takes points (6 x 1 x 1), matrices (12 x 1 x 1); "
        "family COMPACT_FEATURE_GRID gives features (2 x 4 x 4)"
    )
    with pytest.raises(DecodingError, match=r"features \(2 x 4 x 4\).*gives features \(5 x 4 x 4"):
        FaceSynthesis(gps_of_features(channels=5), model)
    key_points = replace(
        gps_of_features(),
        gps_codec_family=CodecFamily.KEYPOINTS_2D,
        layout=ParameterLayout(pl_num_points_minus1=2),
    )
    with pytest.raises(DecodingError, match=r"takes features .* KEYPOINTS_2D gives points \(6 x"):
        FaceSynthesis(key_points, model)
    alien = tmp_path / "alien.safetensors"
    shutil.copyfile(path, alien)
    beside = f"small1{ANALYSIS_SUFFIX}"
    shutil.copyfile(tmp_path / beside, tmp_path / f"alien{ANALYSIS_SUFFIX}")
    code, stream = run_encode(tmp_path, alien)
    assert code == 1
    assert not stream.exists()
    assert capsys.readouterr().err.count("\n") == 1
    assert run_encode(tmp_path, path, "--point-shift", "6")[0] == 1
    assert "--point-shift 6: this model has no points" in capsys.readouterr().err


def test_shipped_models_go_by_name() -> None:
    model, analysis = load_networks(Path("face-keypoints-10"))
    assert model.name == "face-keypoints-10"
    assert analysis.coded == ("points", "matrices")
    with pytest.raises(ModelError, match="face-keypoints-11: cannot be read"):
        load_networks(Path("face-keypoints-11"))


def test_analysis_file_round_trip_and_refusal(tmp_path: Path) -> None:
    analysis = FeatureAnalysis(CHANNELS, NUM_POINTS).eval()
    file = tmp_path / "a.safetensors"
    save_detector(analysis, file)
    pictures = torch.from_numpy(tiny.pictures(1)[:1]).float()
    loaded = load_detector(file)
    assert torch.equal(loaded(pictures).features, analysis(pictures).features)
    assert loaded(pictures).features.shape == (1, CHANNELS, 4, 4)
    data = file.read_bytes().replace(b'channels\\": 2', b'channels\\": 0')
    file.write_bytes(data)
    with pytest.raises(AnalysisError, match=r"layout.channels = 0: shall be in 1..64"):
        load_detector(file)

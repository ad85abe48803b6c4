"""Rendered heads as training data: other people than the demonstration's, prepared like clips."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from ctc.demo.head_scenes import presenter, reporter
from reference_sw.training.__main__ import main
from reference_sw.training.dataset import (
    DatasetError,
    PairSampler,
    draw_weights,
    load_sequences,
)
from reference_sw.training.face_points import FaceTeacher
from reference_sw.training.prepare import prepare_rendered
from reference_sw.training.recipe import Sampling, load_recipe
from reference_sw.training.rendered_heads import drawn_scene, rendered_clip
from tests.reference_sw import training_data as tiny


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with two rendered heads beside three real sequences."""
    folder = tmp_path_factory.mktemp("data")
    tiny.write_data(folder)
    prepare_rendered(2, folder, pictures=2, qps=(32, 42))
    return folder


def test_heads_are_many_people_and_none_of_the_demonstration() -> None:
    speakers = [drawn_scene(number, 4).speaker for number in range(16)]
    shown = [presenter(), reporter()]
    assert len(set(speakers)) == 16
    assert not {scene.speaker for scene in shown} & set(speakers)
    assert not {scene.speaker.palette for scene in shown} & {s.palette for s in speakers}
    tracks = {drawn_scene(number, 50).jaw for number in range(16)}
    assert len(tracks) == 16
    assert not {scene.jaw for scene in shown} & tracks


def test_a_head_is_a_function_of_its_number_and_moves() -> None:
    first = rendered_clip(5, 3)
    assert first.shape == (3, 3, 256, 256)
    assert first.dtype == np.uint8
    assert np.array_equal(first, rendered_clip(5, 3))
    changed = np.abs(first[2].astype(int) - first[0]).mean()
    other = np.abs(first[0].astype(int) - rendered_clip(6, 1)[0]).mean()
    assert 0 < changed < other


def test_rendered_heads_are_prepared_like_clips(data: Path) -> None:
    heads = [s for s in load_sequences(data, data / "coded", rendered=True) if s.rendered]
    assert [s.name for s in heads] == ["rendered_00", "rendered_01"]
    for number, head in enumerate(heads):
        assert np.array_equal(head.pictures, rendered_clip(number, 2))
        assert head.coded is not None
        originals = head.pictures[head.coded.index].astype(float)
        fine, coarse = (float(np.mean((q - originals) ** 2)) for q in head.coded.pictures)
        assert 0 < fine < coarse
    assert not any(s.rendered for s in load_sequences(data, data / "coded"))


def test_the_share_of_a_recipe_is_what_is_drawn(data: Path) -> None:
    sequences = load_sequences(data, rendered=True)
    rules = Sampling(rendered_share=0.25)
    weights = draw_weights(sequences, rules)
    assert weights.sum() == pytest.approx(1)
    assert weights[[s.rendered for s in sequences]].tolist() == pytest.approx([0.125, 0.125])
    assert draw_weights(load_sequences(data), Sampling()).tolist() == pytest.approx([1 / 3] * 3)
    only = [s for s in sequences if s.rendered]
    assert PairSampler(only, Sampling(rendered_share=1.0), 0).batch(2).key.shape[2:] == (256, 256)
    with pytest.raises(DatasetError, match=r"rendered_share = 0\.25: no other clip"):
        draw_weights(only, rules)
    with pytest.raises(DatasetError, match=r"rendered_share = 0\.25: no rendered clip"):
        draw_weights(load_sequences(data), rules)


def test_a_recipe_with_a_share_needs_the_heads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny.write_data(tmp_path / "data")
    recipe = tmp_path / "r.yaml"
    recipe.write_text(tiny.RECIPE.replace("affine_share: 0.5", "rendered_share: 0.5"))
    assert load_recipe(recipe).sampling.rendered_share == 0.5
    arguments = ["--data", str(tmp_path / "data"), "--weights", str(tmp_path)]
    assert main(["run", "--recipe", str(recipe), *arguments, "--run", str(tmp_path / "run")]) == 1
    said = capsys.readouterr().err
    assert "rendered: no NAME.npy in this folder" in said
    assert said.count("\n") == 1


def test_prepare_renders_on_request_and_says_what_it_needs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["prepare", "--data", str(tmp_path)]) == 1
    assert "needs --clips FOLDER, --rendered N or both" in capsys.readouterr().err
    arguments = ["prepare", "--data", str(tmp_path), "--rendered", "1", "--pictures", "1"]
    assert main(arguments) == 0
    assert (tmp_path / "rendered" / "coded" / "rendered_00.npz").is_file()
    with pytest.raises(SystemExit):
        main([*arguments[:-1], "0"])
    assert "0: shall be in 1..1000" in capsys.readouterr().err


@pytest.mark.skipif("GVC_DATA" not in os.environ, reason="GVC_DATA is not set")
def test_the_teacher_finds_rendered_faces_and_none_on_black() -> None:
    teacher = FaceTeacher(Path(os.environ["GVC_DATA"]) / "weights")
    pictures = np.concatenate([rendered_clip(1, 1), np.zeros((1, 3, 256, 256), np.uint8)])
    found = teacher.points(pictures)
    assert found.shape == (2, 468, 2)
    brow, nose, lip, chin = (float(found[0, k, 1]) for k in (9, 1, 13, 152))
    assert brow < nose < lip < chin
    assert np.isnan(found[1]).all()

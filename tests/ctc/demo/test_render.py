"""The demo class: the md5s of sequences.yaml hold, and the compiled paths equal the plain ones."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path

import numpy as np
import pytest

from ctc.demo import fixed_point, portrait
from ctc.demo.motion import Track, blinks, speech
from ctc.demo.portrait import Pose, View, portrait_picture
from ctc.demo.render import FORMAT, FRAMES, RENDERERS, demo_picture, render, renderer
from ctc.demo.sampling import sample_cubic, sample_cubic_plain
from ctc.errors import SequenceError
from ctc.sequence_list import load_sequences
from reference_sw.video.raw import VideoReader

ROOT = Path(__file__).parents[3]


def test_every_demo_sequence_is_listed_as_it_is_rendered() -> None:
    listed = load_sequences(ROOT / "sequences.yaml").of_class("DEMO")
    assert {s.name for s in listed} == set(RENDERERS)
    assert all((s.format, s.frames, s.storage) == (FORMAT, FRAMES, "generated") for s in listed)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(RENDERERS))
def test_md5_is_that_of_the_list(name: str, tmp_path: Path) -> None:
    path = tmp_path / "demo.yuv"
    render(name, path)
    assert len(VideoReader(path, FORMAT, FRAMES)) == FRAMES
    expected = load_sequences(ROOT / "sequences.yaml").find(name).md5
    assert hashlib.md5(path.read_bytes()).hexdigest() == expected


@pytest.mark.parametrize("name", list(RENDERERS))
def test_pictures_move_and_are_pictures(name: str) -> None:
    picture = renderer(name)
    first, later = (demo_picture(picture(frame)).planes[0].astype(int) for frame in (0, 12))
    assert first.std() > 25
    change = np.abs(first - later)
    assert 1 < change.mean() < 40
    assert np.array_equal(demo_picture(picture(0)).planes[0], first)


def test_unknown_name() -> None:
    with pytest.raises(SequenceError, match="did you mean 'demo_portrait_1'"):
        renderer("demo_portrait1")


def test_compiled_sampling_equals_plain() -> None:
    random = np.random.default_rng(5)
    image = random.integers(0, 256, (40, 50, 3))
    x = random.integers(-(5 << 10), 55 << 10, 4000)
    y = random.integers(-(5 << 10), 45 << 10, 4000)
    assert np.array_equal(sample_cubic(image, x, y), sample_cubic_plain(image, x, y))


def test_sampling_at_whole_pixels_is_the_picture() -> None:
    image = np.random.default_rng(6).integers(0, 256, (8, 9, 3))
    y, x = (axis.ravel() << 10 for axis in np.mgrid[0:8, 0:9])
    assert np.array_equal(sample_cubic(image, x, y).reshape(8, 9, 3), image)


def test_portrait_at_rest_is_the_photograph() -> None:
    still = portrait_picture(View(98 << 10, 2 << 10, 1 << 10), Pose())
    assert np.array_equal(still, portrait.photograph()[2:258, 98:354])
    mirrored = portrait_picture(View(98 << 10, 2 << 10, 1 << 10, mirrored=True), Pose())
    assert np.array_equal(mirrored, still[:, ::-1])


def test_sines_are_the_rounded_sines() -> None:
    for angle in range(-5000, 5000, 7):
        exact = math.sin(2 * math.pi * angle / 4096) * 16384
        assert abs(fixed_point.sine(angle) - exact) <= 0.5 + 1e-9
    assert fixed_point.cosine(0) == 16384


def test_square_root_is_the_floor() -> None:
    values = np.array([0, 1, 2, 3, 4, 24, 25, 26, (1 << 40) - 1, 1 << 40, (1 << 61) + 5])
    assert fixed_point.square_root(values).tolist() == [math.isqrt(int(v)) for v in values]


def test_step_and_bump_keep_their_ends() -> None:
    values = np.array([-5, 0, 50, 100, 105])
    assert fixed_point.step(values, 0, 100).tolist() == [0, 0, 2048, 4096, 4096]
    assert fixed_point.bump(np.array([0, 50, 100, 200]), 100).tolist() == [4096, 1024, 0, 0]


def test_track_meets_its_keys_and_holds_its_ends() -> None:
    track = Track(((0, 0), (10, 1000), (20, -500)))
    assert [track.at(f) for f in (-3, 0, 10, 20, 25)] == [0, 0, 1000, -500, -500]
    assert Track(((0, 0), (10, 100))).at(5) == 50


def test_speech_opens_and_closes_several_times() -> None:
    opening = [speech(16, 100, 0, 1000).at(frame) for frame in range(100)]
    turns = np.count_nonzero(np.diff(np.sign(np.diff(opening))))
    assert turns > 20
    assert max(opening) > 800


def test_blinks_shut_the_eyes() -> None:
    lids = blinks(10)
    assert [lids.at(f) for f in (10, 12, 13, 17, 40)] == [0, 4096, 4096, 0, 0]

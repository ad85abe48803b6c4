"""The compiled arithmetic equals the plain numpy definitions: value by value, and in pictures."""

from __future__ import annotations

import sys
from types import ModuleType

import numpy as np
import pytest

from ctc.demo import fast, fixed_point, head, raster, sampling
from ctc.demo.render import RENDERERS, renderer

RANDOM = np.random.default_rng(4)
COMPILED = ("step", "bump", "square_root", "noise", "mix", "interpolated") + (
    "dot",
    "summed_light",
    "turned_away",
)
VALUES = np.concatenate([RANDOM.integers(-(1 << 24), 1 << 24, 3000), np.arange(-70, 70)])
OTHERS = RANDOM.integers(-(1 << 20), 1 << 20, len(VALUES))


@pytest.mark.parametrize(("low", "high"), [(-50, 50), (0, 1), (-(1 << 23), 1 << 23), (-9, -8)])
def test_step(low: int, high: int) -> None:
    assert np.array_equal(fast.step(VALUES, low, high), fixed_point.step(VALUES, low, high))


def test_step_between_vectors() -> None:
    high = OTHERS + 1 + np.abs(VALUES[::-1])
    assert np.array_equal(fast.step(VALUES, OTHERS, high), fixed_point.step(VALUES, OTHERS, high))


@pytest.mark.parametrize("radius", [1, 64, 12345, 1 << 24])
def test_bump(radius: int) -> None:
    square = np.abs(VALUES)
    assert np.array_equal(fast.bump(square, radius), fixed_point.bump(square, radius))


def test_square_root() -> None:
    values = np.concatenate([np.arange(300), VALUES**2, RANDOM.integers(0, 1 << 60, 1000)])
    roots = fast.square_root(values)
    assert np.array_equal(roots, fixed_point.square_root(values))
    assert np.all((roots * roots <= values) & ((roots + 1) ** 2 > values))


@pytest.mark.parametrize("bits", [1, 7, 11])
def test_noise(bits: int) -> None:
    ours = fast.noise(VALUES, OTHERS, bits, 3)
    assert np.array_equal(ours, fixed_point.noise(VALUES, OTHERS, bits, 3))
    assert 0 <= ours.min() < ours.max() < 1 << 16


def test_mix_and_interpolation() -> None:
    colours, others = RANDOM.integers(0, 256, (2, 500, 3))
    weight = RANDOM.integers(0, 4097, 500)
    for other in (others, others[0], (1, 2, 3)):
        assert np.array_equal(
            fast.mix(colours, other, weight), fixed_point.mix(colours, other, weight)
        )
    corners = RANDOM.integers(0, 500, (200, 3))
    weights = RANDOM.integers(1, 9000, (200, 3))
    values = RANDOM.integers(-5000, 5000, (500, 4))
    assert np.array_equal(
        fast.interpolated(values, corners, weights),
        fixed_point.interpolated(values, corners, weights),
    )


def test_light() -> None:
    vectors = RANDOM.integers(-4096, 4097, (300, 3))
    assert np.array_equal(fast.dot(vectors, vectors[3]), fixed_point.dot(vectors, vectors[3]))
    a, b, c, d = RANDOM.integers(0, 4097, (4, 300))
    colours = RANDOM.integers(0, 5000, (4, 3))
    ours = fast.summed_light((a, b, c, d), colours)
    assert np.array_equal(ours, fixed_point.summed_light((a, b, c, d), colours))


def test_turned_away() -> None:
    screen = RANDOM.integers(-500, 500, (200, 3))
    corners = RANDOM.integers(0, 200, (300, 3))
    ours = fast.turned_away(screen, corners)
    assert np.array_equal(ours, fixed_point.turned_away(screen, corners))
    assert 90 < np.count_nonzero(ours) < 210


def use_plain(monkeypatch: pytest.MonkeyPatch) -> int:
    """Put the plain definitions in the place of the compiled ones wherever they are imported."""
    plain: dict[object, object] = {
        getattr(fast, name): getattr(fixed_point, name) for name in COMPILED
    }
    plain[raster.rasterize] = raster.rasterize_plain
    plain[sampling.sample_cubic] = sampling.sample_cubic_plain
    replaced = 0
    for name, module in list(sys.modules.items()):
        if not name.startswith("ctc.demo.") or not isinstance(module, ModuleType):
            continue
        for key, value in list(vars(module).items()):
            if callable(value) and value in plain and module not in (fast, fixed_point):
                monkeypatch.setattr(module, key, plain[value])
                replaced += 1
    return replaced


@pytest.mark.parametrize("name", list(RENDERERS))
def test_a_picture_is_the_same_by_both_ways(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = renderer(name)(13)
    assert use_plain(monkeypatch) > 15
    for cached in (head._parts, head._triangles, head._places):
        cached.cache_clear()  # the models too are to be made by the plain way
    assert np.array_equal(renderer(name)(13), compiled)

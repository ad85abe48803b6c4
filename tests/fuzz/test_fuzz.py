"""A short run of every fuzz target: seeded, so that a fault is found again."""

from __future__ import annotations

import random
import time

import pytest

from tests.fuzz import TARGET_NAMES
from tests.fuzz.mutation import MAX_BYTES, mutated
from tests.fuzz.targets import TARGETS, run_one

RUNS = 300
FEWER_RUNS = {"segments": 50, "native-to-sei": 50, "sei-to-native": 100, "summary": 100}
SLOWEST_S = 5.0


def test_names_are_those_of_the_targets() -> None:
    assert set(TARGETS) == set(TARGET_NAMES)


@pytest.mark.parametrize("name", TARGET_NAMES)
def test_seeds_are_accepted(name: str) -> None:
    seeds = TARGETS[name].seeds()
    assert seeds
    assert all(run_one(name, seed) for seed in seeds)


@pytest.mark.parametrize("name", TARGET_NAMES)
def test_mutated_inputs_meet_only_the_errors_of_the_reader(name: str) -> None:
    seeds, source = TARGETS[name].seeds(), random.Random(name)
    inputs = [mutated(seeds, source) for _ in range(FEWER_RUNS.get(name, RUNS))]
    outcomes, slowest = [], 0.0
    for data in inputs:
        start = time.process_time()
        outcomes.append(run_one(name, data))
        slowest = max(slowest, time.process_time() - start)
    assert slowest < SLOWEST_S
    assert False in outcomes


@pytest.mark.parametrize("name", TARGET_NAMES)
def test_no_bytes_and_long_runs_of_one_byte(name: str) -> None:
    for data in (b"", b"\0" * MAX_BYTES, b"\xff" * MAX_BYTES, b"\0\0\1" * (MAX_BYTES // 3)):
        run_one(name, data)


def test_a_fault_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(data: bytes) -> None:
        raise IndexError("reader went past its end")

    broken = TARGETS["latents"].__class__(run, (ValueError,), lambda: [b""])
    monkeypatch.setitem(TARGETS, "latents", broken)
    with pytest.raises(IndexError):
        run_one("latents", b"")

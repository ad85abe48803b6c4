"""What fits on a machine beside what is running."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import ctc.gpu
import ctc.machine
from ctc.gpu import hold_gpus, visible_gpus
from ctc.machine import Machine, Needs, total_memory_gib


@pytest.mark.parametrize(
    "needs, running, lacking",
    [
        (Needs(), [], ""),
        (Needs(memory_gib=5.0), [Needs(memory_gib=3.0)], ""),
        (Needs(memory_gib=5.1), [Needs(memory_gib=3.0)], "memory"),
        (Needs(), [Needs(memory_gib=6.1)], "memory"),  # what is not stated counts as 2 GiB
        (Needs(2), [Needs(3)], "cores"),
        (Needs(64), [], ""),  # takes all cores
        (Needs(), [Needs(64)], "cores"),
        (Needs(gpus=1), [Needs(gpus=1)], "gpus"),
        (Needs(), [Needs(gpus=1)], ""),
    ],
)
def test_what_is_lacking(needs: Needs, running: list[Needs], lacking: str) -> None:
    assert Machine(4, 8.0, 1).lacking(needs, running) == lacking


def test_more_memory_or_gpus_than_there_are_is_refused() -> None:
    machine = Machine(4, 8.0, 1)
    assert machine.refusal(Needs(64, 1, 8.0)) == ""
    there = "there are 4 cores, 1 GPU, 8 GiB"
    assert machine.refusal(Needs(memory_gib=8.5)) == f"needs 1 core, 8.5 GiB; {there}"
    assert machine.refusal(Needs(2, 2)) == f"needs 2 cores, 2 GPUs; {there}"
    assert Machine(1, 1.0).refusal(Needs()) == ""  # nothing stated, nothing refused


def test_memory_is_the_machines_or_the_cgroups(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    meminfo = Path("/proc/meminfo").read_text().split()
    monkeypatch.setattr(ctc.machine, "CGROUP_LIMITS", ())
    assert total_memory_gib() == pytest.approx(int(meminfo[1]) / (1 << 20), rel=0.01)
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(ctc.machine, "CGROUP_LIMITS", (str(limit),))
    limit.write_text("536870912\n")
    assert total_memory_gib() == 0.5
    limit.write_text("max\n")
    assert total_memory_gib() > 0.5


def test_gpus_are_those_that_cuda_would_see(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\nprintf 'GPU-a1\\nGPU-b2\\nGPU-b3\\n'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    ctc.gpu._listed_gpus.cache_clear()
    for value, seen in [
        (None, ("GPU-a1", "GPU-b2", "GPU-b3")),
        ("2,0", ("GPU-b3", "GPU-a1")),
        ("GPU-b2", ("GPU-b2",)),
        ("", ()),
        ("-1", ()),
        ("GPU-b", ()),  # two begin so
        ("1,9,0", ("GPU-b2",)),
    ]:
        if value is None:
            monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        else:
            monkeypatch.setenv("CUDA_VISIBLE_DEVICES", value)
        assert visible_gpus() == seen
    ctc.gpu._listed_gpus.cache_clear()


def test_a_gpu_is_held_by_one_stage_at_a_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(ctc.gpu.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(ctc.gpu, "visible_gpus", lambda: ("GPU-a", "GPU-b"))
    monkeypatch.setattr(ctc.gpu, "RETRY_S", 0.01)
    with hold_gpus(1, lambda: False) as first, hold_gpus(1, lambda: False) as second:
        assert {*first, *second} == {"GPU-a", "GPU-b"}
        looks = iter([False, False, True])
        with hold_gpus(1, lambda: next(looks)) as third:
            assert third == ()
    with hold_gpus(2, lambda: False) as both:
        assert both == ("GPU-a", "GPU-b")
    with hold_gpus(0, lambda: False) as none:
        assert none == ()

"""Resuming a finished campaign of 10,000 stages: the whole command, against an allowance of 3 s."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.ctc.finished_campaign import NAME, Shape, finish_campaign
from tests.ctc.null_codec import environment

Row = tuple[str, float, float, float, float]
ALLOWED_S = 3.0
SHAPE = Shape(sequences=25, codecs=10, metrics=8)  # 10,000 stages
ROUNDS = 3


def run() -> list[Row]:
    """Return rows: seconds of `ctc resume`, the allowance, and their ratio, at least 1.

    CPU time stands beside wall time because other work on the machine moves the latter.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        finish_campaign(folder, SHAPE)
        wall, cpu = min(_resume(folder, SHAPE.stages) for _ in range(ROUNDS))
    name = f"resume of {SHAPE.stages} finished stages"
    return [
        (name, wall, ALLOWED_S, ALLOWED_S / wall, 1.0),
        (f"{name}, CPU time", cpu, ALLOWED_S, ALLOWED_S / cpu, 1.0),
    ]


def _resume(folder: Path, stages: int) -> tuple[float, float]:
    """Return seconds of wall and CPU time of one resume."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "ctc", "resume", NAME],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        check=True,
    )
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if f"0 run, {stages} finished before" not in done.stdout:
        raise RuntimeError(done.stdout)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

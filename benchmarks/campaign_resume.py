"""Resuming a finished campaign of 10,000 stages: the whole command, against an allowance of 3 s."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ctc.campaign_folder import note_reported, open_folder
from ctc.campaign_lock import CampaignLock, Selection
from ctc.plan import plan_campaign
from ctc.record import Output, Record, record_text
from ctc.registry import find_conditions
from ctc.stage_inputs import StageInputs
from tests.ctc.null_codec import (
    environment,
    write_conditions,
    write_null_codec,
    write_sequences,
)

Row = tuple[str, float, float, float, float]
ALLOWED_S = 3.0
SEQUENCES, CODECS, RATE_POINTS = 50, 10, 5  # with encode, decode and 2 metrics: 10,000 stages
ROUNDS = 3


def run() -> list[Row]:
    """Return rows: seconds of `ctc resume`, the allowance, and their ratio, at least 1.

    CPU time stands beside wall time because other work on the machine moves the latter.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stages = finished_campaign(folder)
        wall, cpu = min(_resume(folder, stages) for _ in range(ROUNDS))
    name = f"resume of {stages} finished stages"
    return [
        (name, wall, ALLOWED_S, ALLOWED_S / wall, 1.0),
        (f"{name}, CPU time", cpu, ALLOWED_S, ALLOWED_S / cpu, 1.0),
    ]


def _resume(folder: Path, stages: int) -> tuple[float, float]:
    """Return seconds of wall and CPU time of one resume."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "ctc", "resume", "finished"],
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


def finished_campaign(folder: Path) -> int:
    """Write a campaign whose every stage has a record, in folder/finished; return the stages."""
    sequences = tuple(f"sequence{i:02d}" for i in range(SEQUENCES))
    write_sequences(folder, sequences)
    rates = tuple(2 + i for i in range(RATE_POINTS))
    cards = [write_null_codec(folder, f"codec{i}", rates=rates) for i in range(CODECS)]
    path = write_conditions(folder, cards[0], tuple(str(card) for card in cards[1:]))
    campaign = folder / "finished"
    before = Path.cwd()
    try:
        os.chdir(folder)  # where its sequences.yaml is
        conditions, found = find_conditions(str(path))
        plan = plan_campaign(conditions, found, Selection(), "finished")
    finally:
        os.chdir(before)
    open_folder(campaign, plan)
    stages = write_records(plan.lock, campaign / "records")
    note_reported(campaign)
    return stages


def write_records(lock: CampaignLock, folder: Path) -> int:
    """Write a plausible record for every stage of a campaign; return how many."""
    inputs = StageInputs(lock)
    count = 0
    for point in inputs.points():
        encode = inputs.encode(point)
        bitstream = Output(1000, encode.key)
        decode = inputs.decode(point, bitstream.sha256)
        decoded = Output(1536, decode.key)
        _write(folder, Record(encode.key, "encode", "done", encode.inputs, output=bitstream))
        _write(folder, Record(decode.key, "decode", "done", decode.inputs, output=decoded))
        count += 2
        for metric in inputs.metrics(point):
            keyed = inputs.measure(point, metric, decoded.sha256)
            scores = {"value": 30.0, "reason": "", "pictures": [30.0 + i / 7 for i in range(100)]}
            _write(folder, Record(keyed.key, "measure", "done", keyed.inputs, scores=scores))
            count += 1
    return count


def _write(folder: Path, record: Record) -> None:
    path = folder / record.key[:2] / f"{record.key}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(record_text(record))

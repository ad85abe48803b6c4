"""Clocks that jump, and claims whose times mean nothing on this machine."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.faults.odd_clock import JUMP_S, SILENCE_S
from tests.faults.pairs import count_repeated
from tests.faults.trial import Trial

ODD = "tests.faults.odd_clock"


def clock_jumps(trial: Trial) -> bool:
    """The time of day jumps at every look, in a runner that is killed and in the one after it."""
    runner = trial.start(module=ODD)
    struck = trial.moment(runner)
    runner.kill()
    trial.finish(runner)
    trial.count_orphans()
    trial.settle()
    trial.run(module=ODD)
    return struck


def claims_of_any_age(trial: Trial) -> bool:
    """Two runners with jumping clocks, while the times of all claims are set at random."""
    with _every(0.02, lambda: _age_claims(trial)):
        runners = [trial.start(module=ODD) for _ in range(2)]
        codes = [trial.finish(runner) for runner in runners]
    count_repeated(trial, 0)
    return codes == [0, 0]


def claim_of_the_living(trial: Trial) -> bool:
    """A runner elsewhere, its clock years off, holds a stage and renews its claim: it is waited
    for, and taken over once it has been silent."""
    key = _an_encode(trial)
    claim = trial.store / "claims" / key[:2] / f"{key}.1"
    claim.parent.mkdir(parents=True, exist_ok=True)
    claim.write_text(json.dumps(["another.machine", 1, "1"]))
    with _every(0.1, lambda: _age(trial, claim)):
        runner = trial.start(module=ODD)
        time.sleep(2 * SILENCE_S + trial.bench.duration_s)
        waited = runner.poll() is None and key not in trial.records()
    trial.repeated += not waited
    trial.finish(runner)
    return key in trial.records()


def _an_encode(trial: Trial) -> str:
    """Run the campaign, forget one encode and all that follows from it; return its key."""
    trial.run()
    records = [record for _, record in trial.records().values()]
    chosen = trial.rng.choice([r for r in records if r.stage == "encode"])
    for folder in (trial.store, trial.reports):
        (folder / "records" / chosen.key[:2] / f"{chosen.key}.json").unlink()
    return chosen.key


def _age_claims(trial: Trial) -> None:
    for claim in (trial.store / "claims").glob("??/*.*"):
        _age(trial, claim)


def _age(trial: Trial, claim: Path) -> None:
    with suppress(OSError):
        when = time.time() + trial.rng.uniform(-JUMP_S, JUMP_S)
        os.utime(claim, (when, when))


@contextmanager
def _every(seconds: float, act: Callable[[], None]) -> Iterator[None]:
    """Do something again and again in the background."""
    over = threading.Event()

    def loop() -> None:
        while not over.wait(seconds):
            act()

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()

"""Running a campaign: stages as soon as they can run, whatever fails, until nothing is left."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import FrameType
from typing import Protocol

import ctc.process
from ctc.campaign_state import CampaignState
from ctc.campaign_tasks import RunOptions, TaskBuilder
from ctc.curve import Curve, Failure, Job
from ctc.dispatcher import Dispatcher, Lost
from ctc.errors import CtcError
from ctc.machine import Slots
from ctc.plan import Plan
from ctc.record import Output
from ctc.run_time import Left, RunTimes, TimeLeft, ToRun, stages_left, to_run
from ctc.stage import Outcome, Place, open_store
from ctc.stage_record import failed_record
from ctc.temporary_files import sweep_temporaries

MAX_REMAKES = 3


class Progress(Protocol):
    """Told of everything that happens; see ctc.progress."""

    def begin(self, total: int, tally: Counter[str], jobs: int) -> None:
        """A run of so many stages starts, some of them finished; so many run at once."""

    def ended(self, job: Job, outcome: Outcome, tally: Counter[str], left: Left | None) -> None:
        """A job has ended; so many stages are finished, failed and left now; the time they take."""

    def tick(self) -> None:
        """Stages are still running: time has passed."""

    def warn(self, line: str) -> None:
        """Something the user should know."""

    def end(self) -> None:
        """The run is over."""


@dataclass
class Summary:
    """A run in numbers of stages; failures: every stage without a result, in order.

    logs: codec logs compared with what was measured; notes: where they differ.
    """

    total: int = 0
    cached: int = 0
    run: int = 0
    interrupted: bool = False
    failures: list[Failure] = field(default_factory=list)
    logs: int = 0
    notes: list[str] = field(default_factory=list)


class Campaign:
    """One run of a planned campaign."""

    def __init__(
        self,
        plan: Plan,
        place: Place,
        options: RunOptions,
        progress: Progress,
        only: tuple[str, ...] = (),
        executor: Executor | None = None,
        slots: Slots | None = None,
    ) -> None:
        self._place, self._options, self._progress = place, options, progress
        self.state = CampaignState(plan.lock, place, only, options.force, options.retry_failed)
        self._tasks = TaskBuilder(plan, self.state.inputs, options)
        self._times = RunTimes(self.state.inputs)
        self._time_left = TimeLeft(self._times)
        self._jobs = Dispatcher(self._tasks, place, self._times, executor, slots, progress.warn)
        self._waiters: dict[str, list[Curve]] = {}
        self._remakes: Counter[str] = Counter()
        self._tally: Counter[str] = Counter()
        self._ran = 0
        self._given_up: list[Failure] = []
        self._unfinished: set[str] = set()
        self._decoded: dict[str, dict[str, Output]] = {}

    def run(self) -> Summary:
        """Run until nothing is left or the runner is asked to stop; return what came of it."""
        store = open_store(self._place.store)
        store.sweep()
        self._place.records.sweep()
        sweep_temporaries(self._place.campaign)
        summary = Summary(self.state.total)
        with stop_on_signals(), store.use.run_of(self._place.campaign, self._progress.warn):
            for curve in self.state.curves.values():
                self._resolve(curve)
            self._progress.begin(self.state.total, self._tally, self._jobs.slots.jobs)
            for line in self.state.told_again():
                self._progress.warn(line)
            try:
                self._loop()
            except BaseException:
                ctc.process.SUPERVISOR.stop()  # nobody will look at what the programs make
                raise
            finally:
                self._jobs.shutdown()
                self.state.keep_index()
                self._progress.end()
            summary.interrupted = ctc.process.SUPERVISOR.stopping
        for line in store.drain_warnings():
            self._progress.warn(line)
        summary.run = self._ran
        summary.cached = self._tally["done"] - min(self._ran, self._tally["done"])
        curves = self.state.curves.values()
        summary.failures = [*(f for c in curves for f in c.failures), *self._given_up]
        for reason in list(self.state.unwritten.values())[:1]:
            count = f"{len(self.state.unwritten)} records are in the store alone: {reason}"
            summary.failures.append(Failure(str(self._place.campaign), "failed", count))
        summary.logs = sum(curve.logs for curve in curves)
        summary.notes = [line for curve in curves for line in curve.notes]
        return summary

    def _loop(self) -> None:
        while self._jobs and not ctc.process.SUPERVISOR.stopping:
            for job, reason in self._jobs.start(lambda job: job.force or self._options.force):
                self._ended(job, self._cannot_run(job, reason, "not-supported"))
            for job, result in self._jobs.ended():
                if isinstance(result, Lost):
                    result = self._cannot_run(job, str(result), "failed")
                self._ended(job, result)
            self._progress.tick()

    def _cannot_run(self, job: Job, reason: str, status: str) -> Outcome:
        """Note stages that cannot be run here, or now; the next resume tries again."""
        stages = [keyed for keyed, _, _ in job.pending] or [job.keyed]
        records = []
        warnings: tuple[str, ...] = ()
        for keyed in stages:
            record = failed_record(job.stage, keyed, job.point.card, reason, retry=True)
            records.append(replace(record, status=status))
            try:
                self._place.records.write(records[-1])
            except CtcError as problem:
                warnings = (str(problem),)
        return Outcome(records, warnings=warnings)

    def _ended(self, job: Job, outcome: Outcome) -> None:
        for line in outcome.warnings:
            self._progress.warn(line)
        if outcome.cancelled:
            return
        curves = self._waiters.pop(job.key, [])
        self.state.made(outcome.records)
        self._ran += sum(record.done for record in outcome.records if not outcome.cached)
        if outcome.gone:
            self._remakes[job.name] += 1
            if self._remakes[job.name] > MAX_REMAKES:
                self._given_up.append(
                    Failure(job.name, "failed", "given up: its input vanishes from the store")
                )
                return
        for curve in curves:
            self._keep_track(job, outcome, curve)
            self._resolve(curve)
        if not outcome.gone and not outcome.busy:
            if job.stage == "measure" and not outcome.cached and outcome.wall_s:
                self._learn(to_run(job), outcome.wall_s)
            left = self._time_left.left(self._jobs.slots.jobs)
            self._progress.ended(job, outcome, self._tally, left)

    def _learn(self, ran: ToRun, wall_s: float) -> None:
        """Let what a stage took improve what is predicted of the others."""
        if self._jobs.learn(ran, wall_s):
            self._time_left.refresh()

    def _resolve(self, curve: Curve) -> None:
        """Queue what can run now of a curve; a job wanted by two curves runs once."""
        before = curve.tally.copy()
        jobs = self.state.resolve(curve)
        for job in jobs:
            waiters = self._waiters.setdefault(job.key, [])
            if not waiters:
                self._jobs.push(job)
            if curve not in waiters:
                waiters.append(curve)
        for (stage, point), wall_s in curve.took.items():
            self._learn(ToRun(stage, point), wall_s)
        self._time_left.update(curve.name, stages_left(curve, jobs, self.state.inputs))
        self._tally.update(curve.tally)
        self._tally.subtract(before)
        if curve.finished:
            self._release(curve)

    def _keep_track(self, job: Job, outcome: Outcome, curve: Curve) -> None:
        """Remember which decoded files a curve still needs."""
        if any(record.retry for record in outcome.records):
            self._unfinished.add(curve.name)
        made = [r.output for r in outcome.records if job.stage == "decode" and r.output]
        for output in [*made, *job.decoded]:
            self._decoded.setdefault(curve.name, {})[output.sha256] = output

    def _release(self, curve: Curve) -> None:
        """Remove a measured curve's decoded files that no other curve waits for.

        They stay when a stage failed from outside: the next resume measures them.
        """
        own = self._decoded.pop(curve.name, {})
        keep = self._options.keep_decoded or curve.name in self._unfinished
        if keep or not curve.measured:
            return
        needed = {sha256 for files in self._decoded.values() for sha256 in files}
        for sha256, output in own.items():
            if sha256 not in needed:
                open_store(self._place.store).discard(output)


@contextmanager
def stop_on_signals() -> Iterator[None]:
    """End running programs on SIGINT, SIGTERM and SIGHUP; their stages are not recorded.

    A second signal does not wait for work of our own, such as converting a long sequence.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        if ctc.process.SUPERVISOR.stopping:
            os._exit(128 + number)
        ctc.process.SUPERVISOR.stop()

    ctc.process.SUPERVISOR.resume()
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    heeded = [n for n in numbers if signal.getsignal(n) is not signal.SIG_IGN]  # as under nohup
    before = {number: signal.signal(number, stop) for number in heeded}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

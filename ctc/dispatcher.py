"""Handing jobs to an executor, never more than fit, and again those that are lost on the way."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait

import ctc.process
from ctc.campaign_tasks import TaskBuilder
from ctc.curve import Job
from ctc.errors import CtcError, StageError
from ctc.executor import StageCall, WorkerLost, local_executor
from ctc.machine import Needs, Slots, this_machine
from ctc.ready_queue import ReadyQueue
from ctc.run_time import RunTimes, ToRun, to_run
from ctc.stage import Outcome, Place, Task, open_store

TICK_S = 0.5
BUSY_S = (0.5, 8.0)  # when to look again at what another runner has: at first, and at most
MAX_LOSSES = 3


class Lost(CtcError):
    """A job whose worker died under it too often."""


class Dispatcher:
    """Starts jobs while there is room, longest first, and returns what came of them.

    executor: of the caller, who closes it; None for threads of our own. slots: what it has room
    for. warn: is told of each worker lost.
    """

    def __init__(
        self,
        tasks: TaskBuilder,
        place: Place,
        times: RunTimes,
        executor: Executor | None = None,
        slots: Slots | None = None,
        warn: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._tasks, self._place, self._times, self._warn = tasks, place, times, warn
        self._own = executor is None
        self._executor = executor or local_executor(place.jobs)
        self.slots: Slots = slots or this_machine(place.jobs)
        self._queue = ReadyQueue(
            lambda job: times.seconds(to_run(job)), lambda job: tasks.needs_of(job).gpus > 0
        )
        self._running: dict[Future[Outcome], tuple[Job, Needs]] = {}
        self._losses: Counter[str] = Counter()
        self._busy: Counter[str] = Counter()
        self._reorder_at = 1

    def __bool__(self) -> bool:
        """Whether a job is waiting or running."""
        return bool(self._queue or self._running)

    def push(self, job: Job) -> None:
        """Queue a job; one that another runner has is looked at soon, then less often."""
        looks = self._busy[job.key]
        shortest, longest = BUSY_S
        wait_s = min(longest, shortest * 1.5 ** min(looks - 1, 10)) if looks else 0.0
        self._queue.push(job, time.monotonic() + wait_s)

    def learn(self, ran: ToRun, wall_s: float) -> bool:
        """Take note of what a stage took; returns whether predictions have been made anew.

        That is after the 1st, 2nd, 4th, 8th … one, so that its cost stays small.
        """
        self._times.learn(ran, wall_s)
        if self._times.learnt < self._reorder_at:
            return False
        self._reorder_at = 2 * self._times.learnt
        self._queue.reorder()
        return True

    def start(self, forced: Callable[[Job], bool]) -> Iterator[tuple[Job, str]]:
        """Start jobs while they fit; yields each that can never run here, and why."""
        while (job := self._queue.pop(self._lacking)) is not None:
            needs = self._tasks.needs_of(job)
            reason = self.slots.refusal(needs)
            if not reason:
                try:
                    task = self._tasks.task(job)
                except CtcError as problem:
                    reason = str(problem)
            if reason:
                yield job, reason
                continue
            if self._busy[job.key] and not self._free(task):
                self._busy[job.key] += 1
                self.push(job)
                continue
            call = StageCall(job.name, task, self._place, forced(job), needs)
            self._running[self._executor.submit(call)] = (job, needs)

    def _free(self, task: Task) -> bool:
        """Whether no live runner has the task; the claim of one that died is removed.

        Looked at here, because an owner on another machine is dead when its claim has long been
        silent: only a process that has been watching it can tell.
        """
        with open_store(self._place.store).claims.hold(task.claim_key) as ours:
            return ours

    def _lacking(self, job: Job) -> str:
        needs = self._tasks.needs_of(job)
        if self.slots.refusal(needs):  # it has its turn now, to be told so
            return ""
        return self.slots.lacking(needs, [n for _, n in self._running.values()])

    def ended(self) -> Iterator[tuple[Job, Outcome | Lost]]:
        """Wait a moment for jobs to end; yields what came of each, or that it is lost for good.

        Raises:
            StageError: the executor itself is broken.
        """
        if not self._running:  # all that is left is claimed by other runners, or has no room yet
            time.sleep(TICK_S / 2)
            return
        done, _ = wait(self._running, timeout=TICK_S, return_when=FIRST_COMPLETED)
        for future in done:
            job, _ = self._running.pop(future)
            try:
                outcome = future.result()
            except WorkerLost as problem:
                reason = str(problem)
            except BrokenExecutor as problem:
                raise StageError(f"{job.name}: cannot be run: {problem}") from problem
            else:
                self._busy[job.key] = self._busy[job.key] + 1 if outcome.busy else 0
                if not outcome.cancelled or ctc.process.SUPERVISOR.stopping:
                    yield job, outcome
                    continue
                reason = "its worker was stopped"
            yield from self._again(job, reason)

    def _again(self, job: Job, reason: str) -> Iterator[tuple[Job, Lost]]:
        self._losses[job.name] += 1
        if self._losses[job.name] >= MAX_LOSSES:
            yield job, Lost(f"lost {MAX_LOSSES} times: {reason}")
            return
        self._warn(f"{job.name}: {reason}; it runs again")
        self.push(job)

    def shutdown(self) -> None:
        """Wait for what is running, if the executor is our own; start nothing more."""
        if self._own:
            self._executor.shutdown(wait=True, cancel_futures=True)

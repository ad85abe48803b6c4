"""Jobs that can run now, in the order in which they are started."""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Callable, Iterator

from ctc.curve import Job

PRIORITY = {"measure": 0, "decode": 1, "encode": 2}  # so that decoded files go soon
Entry = tuple[int, float, int, Job]


class ReadyQueue:
    """Measure jobs before decodes before encodes, of each the longest first.

    Long jobs last would leave one slot busy and the others idle at the end. A job that does not fit
    keeps its turn, so that small ones cannot overtake it for ever; only where it lacks a GPU do
    jobs that need none go ahead.
    """

    def __init__(self, seconds: Callable[[Job], float], needs_gpu: Callable[[Job], bool]) -> None:
        self._seconds, self._needs_gpu = seconds, needs_gpu
        self._order = itertools.count()
        self._later: list[tuple[float, int, Job]] = []
        self._ready: dict[bool, list[Entry]] = {True: [], False: []}

    def __bool__(self) -> bool:
        """Whether a job is waiting."""
        return bool(self._later or self._ready[True] or self._ready[False])

    def push(self, job: Job, not_before: float = 0.0) -> None:
        """Add a job; not_before: on the monotonic clock, in seconds."""
        if not_before > time.monotonic():
            heapq.heappush(self._later, (not_before, next(self._order), job))
        else:
            self._add(next(self._order), job)

    def _add(self, order: int, job: Job) -> None:
        entry = (PRIORITY[job.stage], -self._seconds(job), order, job)
        heapq.heappush(self._ready[self._needs_gpu(job)], entry)

    def reorder(self) -> None:
        """Predict anew how long the jobs take, and order them by that."""
        before = [entry for queue in self._ready.values() for entry in queue]
        self._ready = {True: [], False: []}
        for _, _, order, job in before:
            self._add(order, job)

    def pop(self, lacking: Callable[[Job], str]) -> Job | None:
        """Return the next job that fits; lacking: what there is not enough of for a job."""
        while self._later and self._later[0][0] <= time.monotonic():
            _, order, job = heapq.heappop(self._later)
            self._add(order, job)
        for queue in self._by_turn():
            lack = lacking(queue[0][3])
            if not lack:
                return heapq.heappop(queue)[3]
            if lack != "gpus":
                return None
        return None

    def _by_turn(self) -> Iterator[list[Entry]]:
        queues = [queue for queue in self._ready.values() if queue]
        yield from sorted(queues, key=lambda queue: queue[0][:3])

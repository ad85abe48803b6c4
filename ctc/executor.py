"""Where stages run: a concurrent.futures.Executor, local threads that supervise child processes.

What is submitted is a StageCall: plain data that leaves its results in folders, so any other
Executor whose workers share those folders can take the place of the local one.
"""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace

import ctc.process
from ctc.errors import CtcError
from ctc.gpu import hold_gpus
from ctc.machine import Needs, available_cores
from ctc.stage import Outcome, Place, Task, run_stage


class WorkerLost(CtcError):
    """The worker died under a stage, or left: the stage can run again on another."""


@dataclass(frozen=True)
class StageCall:
    """One stage to run, as an executor is given it; needs: what the worker sets aside for it."""

    name: str
    task: Task
    place: Place
    force: bool
    needs: Needs

    def __call__(self) -> Outcome:
        """Run the stage here, with GPUs of its own if it needs any."""
        with hold_gpus(self.needs.gpus, lambda: ctc.process.SUPERVISOR.stopping) as gpus:
            return run_stage(self.task, replace(self.place, gpus=gpus), self.force)


def threads_for(jobs: int) -> int:
    """Return the threads each program may use: one when there are as many jobs as cores.

    Two threads with one core already busy ran 1.3 to 2 times slower than one.
    """
    return max(1, available_cores() // jobs)


def local_executor(jobs: int) -> Executor:
    """Return an executor of `jobs` threads, each waiting for one child process at a time."""
    return ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="stage")

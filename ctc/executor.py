"""Where tasks run: a concurrent.futures.Executor, local threads that supervise child processes.

A task is plain data and leaves its results in folders, so any other Executor whose workers share
those folders can take the place of this one.
"""

from __future__ import annotations

import os
from concurrent.futures import Executor, ThreadPoolExecutor


def available_cores() -> int:
    """Return the cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def threads_for(jobs: int) -> int:
    """Return the threads each program may use: one when there are as many jobs as cores.

    Two threads with one core already busy ran 1.3 to 2 times slower than one.
    """
    return max(1, available_cores() // jobs)


def local_executor(jobs: int) -> Executor:
    """Return an executor of `jobs` threads, each waiting for one child process at a time."""
    return ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="stage")

"""Ending what outlived both its launcher and its process group.

A launcher ends everything below it (ctc.launcher), and a runner ends the group of a launcher that
was killed. A process that left the group, and whose launcher was killed, is known by its
environment alone: programs are given the stage's work folder as TMPDIR, and so is all they start.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

SCANS = 50  # a process that forks while it is being ended is found by the next scan
PAUSE_S = 0.01
_PROCESSES = Path("/proc")


def end_processes_of(work: Path) -> int:
    """Kill every process of this machine and user whose TMPDIR is in `work`; return how many.

    Where the system has no /proc nothing is found.
    """
    ended: set[int] = set()
    for _ in range(SCANS):
        found = processes_of(work)
        if not found:
            break
        for pid in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        ended.update(found)
        time.sleep(PAUSE_S)
    return len(ended)


def processes_of(work: Path) -> list[int]:
    """Return the ids of the processes, ourselves aside, whose TMPDIR is in `work`."""
    if not _PROCESSES.is_dir():
        return []
    start = b"TMPDIR=" + os.fsencode(work)
    pids = (int(name) for name in os.listdir(_PROCESSES) if name.isdigit())  # noqa: PTH208
    return [pid for pid in pids if pid != os.getpid() and _was_given(pid, start)]


def _was_given(pid: int, start: bytes) -> bool:
    try:
        environment = (_PROCESSES / str(pid) / "environ").read_bytes()
    except OSError:  # ended meanwhile, or another user's
        return False
    entries = environment.split(b"\0")
    return any(entry == start or entry.startswith(start + b"/") for entry in entries)

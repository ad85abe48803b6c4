"""What a running program takes of the machine, against its limits; for the launcher. Linux.

What the kernel limits for each process and file alone (RLIMIT_...) is watched here for all of a
program's processes and files together. Standard library only.
"""

from __future__ import annotations

import os
import stat
import time
from contextlib import suppress
from typing import Any

FIRST_LOOK_S, LAST_LOOK_S = 0.05, 0.25
REST = 50  # times as long as a look takes, so that watching costs 2 % of one core at most
MAX_DEPTH = 64
BLOCK = 512  # of st_blocks
TICKS_PER_S = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


class StageWatch:
    """Looks at the launcher's descendants and at the program's folders from time to time.

    limits: at most `disk_bytes`, `files` and `depth` in `folders`, `log_bytes` in `logs`, and
    `memory_bytes`, `cpu_s` and `processes` of the processes; those absent or None are not watched.
    """

    def __init__(self, limits: dict[str, Any], folders: list[str], logs: list[str]) -> None:
        self._limits = {name: limit for name, limit in limits.items() if limit is not None}
        self._folders, self._logs = folders, logs
        self._rest = FIRST_LOOK_S
        self.next_look = time.monotonic() + self._rest if self._limits else None

    def look(self, cpu_s: float) -> str:
        """Return the first limit that is exceeded, in words; cpu_s: of processes that ended."""
        began = time.monotonic()
        found = self._taken(cpu_s)
        spent = time.monotonic() - began
        self._rest = max(min(self._rest * 2, LAST_LOOK_S), REST * spent)
        self.next_look = time.monotonic() + self._rest
        for name, limit in self._limits.items():
            if found[name] > limit and name == "memory_bytes":
                found[name] = sum(_own_share(process) for process in descendants(os.getpid()))
            if found[name] > limit:
                return _words(name, found[name], limit)
        return ""

    def last_look(self, cpu_s: float) -> str:
        """Return the limit that a program exceeded before it ended, if any."""
        return self.look(cpu_s) if self._limits else ""

    def _taken(self, cpu_s: float) -> dict[str, float]:
        processes = descendants(os.getpid())
        taken: dict[str, float] = {"processes": len(processes), "cpu_s": cpu_s, "memory_bytes": 0}
        for process in processes:
            with suppress(OSError, ValueError, IndexError):  # it ended meanwhile
                taken["cpu_s"] += _cpu_s(process)
                taken["memory_bytes"] += _memory(process)
        taken["files"], disk, taken["depth"] = folder_size(self._folders)
        taken["disk_bytes"] = disk + sum(_nameless_files(process) for process in processes)
        taken["log_bytes"] = sum(_size(log) for log in self._logs)
        return taken


def descendants(process: int) -> list[int]:
    """Return the ids of all processes below this one; those ending meanwhile may be missed."""
    found: list[int] = []
    queue = [process]
    while queue:
        for child in _children(queue.pop()):
            found.append(child)
            queue.append(child)
    return found


def _children(process: int) -> list[int]:
    children: list[int] = []
    with suppress(OSError):
        for thread in os.listdir(f"/proc/{process}/task"):
            with open(f"/proc/{process}/task/{thread}/children", "rb") as file:
                children += [int(word) for word in file.read().split()]
    return children


def _cpu_s(process: int) -> float:
    with open(f"/proc/{process}/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
    return sum(int(field) for field in fields[11:15]) / TICKS_PER_S  # own and of ended children


def _memory(process: int) -> int:
    """Bytes in memory that are the process's own: resident, less pages of files."""
    with open(f"/proc/{process}/statm", "rb") as file:
        _, resident, shared = file.read().split()[:3]
    return (int(resident) - int(shared)) * PAGE


def _own_share(process: int) -> int:
    """The same with pages that forked processes share counted once; takes long to find out."""
    with suppress(OSError), open(f"/proc/{process}/smaps_rollup", "rb") as file:
        for line in file:
            if line.startswith(b"Pss_Anon:"):
                return int(line.split()[1]) << 10
    return 0


def folder_size(folders: list[str]) -> tuple[int, int, int]:
    """Return the number of files and folders in `folders`, their disk space, the deepest level.

    A link is counted and not followed. Nothing below MAX_DEPTH is counted: a path has an end, and
    whoever goes deeper is beyond the limit.
    """
    count, size, deepest = 0, 0, 0
    queue = [(folder, 0) for folder in folders]
    while queue:
        folder, depth = queue.pop()
        deepest = max(deepest, depth)
        with suppress(OSError):
            for entry in _entries(folder) if depth <= MAX_DEPTH else []:
                with suppress(OSError):
                    status = entry.stat(follow_symlinks=False)
                    count, size = count + 1, size + status.st_blocks * BLOCK
                    if stat.S_ISDIR(status.st_mode):
                        queue.append((entry.path, depth + 1))
    return count, size, deepest


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """Return what is in a folder, also where the program has taken our right to look."""
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except PermissionError:
        os.chmod(folder, 0o700)
        with os.scandir(folder) as entries:
            return list(entries)


def _nameless_files(process: int) -> int:
    """Disk space of the files that a process holds open and has removed."""
    folder, sizes = f"/proc/{process}/fd", {}
    with suppress(OSError):
        for name in os.listdir(folder):
            with suppress(OSError):
                status = os.stat(f"{folder}/{name}")
                if stat.S_ISREG(status.st_mode) and status.st_nlink == 0:
                    sizes[status.st_dev, status.st_ino] = status.st_blocks * BLOCK
    return sum(sizes.values())


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _words(name: str, found: float, limit: float) -> str:
    if name.endswith("_bytes"):
        what = {"disk_bytes": "of files", "log_bytes": "of messages", "memory_bytes": "of memory"}
        return f"{_mib(found)} MiB {what[name]}, at most {_mib(limit)} MiB are allowed"
    unit = {"cpu_s": "s of processor time", "depth": "folders in each other"}.get(name, name)
    return f"{found:.0f} {unit}, at most {limit:.0f} are allowed"


def _mib(size: float) -> str:
    return f"{size / (1 << 20):.1f}".removesuffix(".0")

"""The processes of one round, found by what they were given: the round's home is in all of them."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Member:
    """A process of a round; kind: runner, launcher, stage, encoder, decoder, measure or other."""

    pid: int
    parent: int
    kind: str


def members(home: Path) -> list[Member]:
    """Return the living processes whose environment or command line names the folder."""
    mark = str(home).encode() + b"/"
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            line = (folder / "cmdline").read_bytes()
            parent = int((folder / "stat").read_bytes().rpartition(b")")[2].split()[1])
            given = (folder / "environ").read_bytes().replace(b"\0", b"/\0")
        except (OSError, IndexError):
            continue
        if mark in given or mark in line:
            found.append(Member(int(folder.name), parent, _kind(line, home)))
    return found


def _kind(line: bytes, home: Path) -> str:
    if b"launcher.py" in line:
        return "launcher"
    if b"ctc.measure_program" in line:
        return "measure"
    if b"\0-m\0" in line and b"\0run\0" in line:
        return "runner"
    if f"{home}/store/work/".encode() in line:
        return "decoder" if b"/first/run/" in line else "encoder"
    if b"ctc.stage_process" in line:
        return "stage"
    return "other"


def strike(pid: int, number: signal.Signals = signal.SIGKILL) -> bool:
    """Send a signal; False when the process has ended already."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)
        return True
    return False

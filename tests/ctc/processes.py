"""Looking for processes that should not be there any more."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path


def running(marker: str) -> list[int]:
    """Return the ids of processes whose command line holds the marker."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                line = (folder / "cmdline").read_bytes()
                state = (folder / "stat").read_bytes().rpartition(b")")[2].split()[0]
            except OSError:
                continue
            if marker.encode() in line and state not in (b"Z", b"X"):
                found.append(int(folder.name))
    return found


def wait_until(condition: Callable[[], bool], seconds: float = 15.0) -> bool:
    """Return whether the condition came true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return condition()

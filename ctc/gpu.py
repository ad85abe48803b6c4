"""The GPUs of this machine, and holding some of them while a stage runs."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path

VISIBLE_VARIABLE = "CUDA_VISIBLE_DEVICES"
RETRY_S = 0.5
QUERY_TIMEOUT_S = 30.0


def visible_gpus() -> tuple[str, ...]:
    """Return the UUIDs of the GPUs that this process may use; none where there is no NVIDIA driver.

    UUIDs, because index 0 inside a scheduler's job is another device in each job.
    """
    return _chosen(_listed_gpus(), os.environ.get(VISIBLE_VARIABLE))


@lru_cache(maxsize=1)
def _listed_gpus() -> tuple[str, ...]:
    program = shutil.which("nvidia-smi")
    if program is None:
        return ()
    command = [program, "--query-gpu=uuid", "--format=csv,noheader"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=QUERY_TIMEOUT_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(line.strip() for line in done.stdout.splitlines() if line.strip())


def _chosen(gpus: tuple[str, ...], wanted: str | None) -> tuple[str, ...]:
    """Return those that CUDA_VISIBLE_DEVICES names, as CUDA reads it: up to the first unknown.

    >>> _chosen(("GPU-a", "GPU-b"), "1,7,0")
    ('GPU-b',)
    """
    if wanted is None:
        return gpus
    found: list[str] = []
    for name in (part.strip() for part in wanted.split(",")):
        if name.isdigit() and int(name) < len(gpus):
            found.append(gpus[int(name)])
            continue
        matches = [gpu for gpu in gpus if name and gpu.startswith(name)]
        if len(matches) != 1:
            break
        found += matches
    return tuple(found)


@contextmanager
def hold_gpus(count: int, stopping: Callable[[], bool]) -> Iterator[tuple[str, ...]]:
    """Hold so many GPUs that no other stage of this user on this machine holds; gives their UUIDs.

    A lock file for each device, which the kernel lets go when its holder ends, however it ends.
    Gives fewer, perhaps none, when `stopping` comes true or the machine has fewer.
    """
    if count == 0:
        yield ()
        return
    count = min(count, len(visible_gpus()))
    with ExitStack() as locks:
        held = _take(count, locks)
        while len(held) < count and not stopping():
            locks.close()  # all or none, so that two stages never wait for one another
            time.sleep(RETRY_S)
            held = _take(count, locks)
        yield tuple(held)


def _take(count: int, locks: ExitStack) -> list[str]:
    held: list[str] = []
    for gpu in visible_gpus():
        if len(held) < count and _lock(gpu, locks):
            held.append(gpu)
    return held


def _lock(gpu: str, locks: ExitStack) -> bool:
    name = f"ctc-{os.getuid()}-{gpu}.lock"
    path = Path(tempfile.gettempdir()) / name
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return False
    locks.callback(os.close, descriptor)
    return True

"""What runs inside a worker of a Dask cluster: offering its machine, starting and ending stages."""

from __future__ import annotations

import asyncio
import hashlib
import os
import pickle
import platform
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ctc.errors import ClusterError
from ctc.executor import StageCall, WorkerLost
from ctc.gpu import visible_gpus
from ctc.machine import Machine, total_memory_gib
from ctc.stage import Outcome
from ctc.stage_process import GRACE_S, LENGTH

ROOT = Path(__file__).resolve().parents[1]
SEEN_WITHIN_S = 5.0  # a network file system may show a new file a little later
RESOURCES = ("ctc_cores", "ctc_memory_gib", "ctc_gpus")

_lock = threading.Lock()
_children: dict[str, set[subprocess.Popen[bytes]]] = defaultdict(set)


def harness_digest() -> str:
    """Return a digest of this harness's source and of what its results depend on."""
    digest = hashlib.sha256(platform.python_version().encode())
    for package in ("numpy", "torch"):
        with suppress(PackageNotFoundError):
            digest.update(f" {package} {version(package)}".encode())
    for folder in ("ctc", "reference_sw/video"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            digest.update(f"\n{path.relative_to(ROOT)} ".encode() + path.read_bytes())
    return digest.hexdigest()


async def offer(digest: str, mark: Path, wanted: Machine | None, dask_worker: Any) -> Machine:
    """Return what stages may take of this worker, and declare it to the cluster's scheduler.

    mark: a folder that the runner has just made in the shared store; wanted: what the worker was
    asked for with, None when it was started by others.

    Raises:
        ClusterError: this worker cannot run the campaign's stages, and why.
    """
    if harness_digest() != digest:
        raise ClusterError(f"its ctc ({ROOT}), Python, numpy or torch are not the runner's")
    until = time.monotonic() + SEEN_WITHIN_S
    while not mark.exists():
        if time.monotonic() > until:
            raise ClusterError(f"it does not see the runner's store {mark.parents[1]}")
        await asyncio.sleep(0.2)
    machine = wanted or _own(dask_worker)
    values = (machine.jobs, machine.memory_gib, machine.gpus)
    await dask_worker.set_resources(**dict(zip(RESOURCES, map(float, values), strict=True)))
    return machine


def _own(dask_worker: Any) -> Machine:
    """What a worker started by others has: its threads, its memory limit, the GPUs it sees."""
    limit = dask_worker.memory_manager.memory_limit
    declared = dask_worker.state.total_resources
    gpus = next((declared[name] for name in ("gpus", "GPU", "gpu") if name in declared), None)
    return Machine(
        dask_worker.state.nthreads,
        total_memory_gib() if not limit else limit / (1 << 30),
        len(visible_gpus()) if gpus is None else int(gpus),
    )


def run_call(call: StageCall, run: str, environment: Mapping[str, str]) -> Outcome:
    """Run a stage in a process of its own and return its outcome.

    run: of which campaign's run it is; environment: the runner's variables that the harness reads.

    Raises:
        WorkerLost: the process ended without an outcome.
    """
    folders = [str(ROOT), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    path = os.pathsep.join(dict.fromkeys(folder for folder in folders if folder))
    child = subprocess.Popen(
        [sys.executable, "-m", "ctc.stage_process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
        env={**os.environ, **environment, "PYTHONPATH": path},
        start_new_session=True,  # a terminal's Ctrl-C is for the runner
    )
    with _lock:
        _children[run].add(child)
    try:
        reply = _talk(child, pickle.dumps(call))
    finally:
        with _lock:
            _children[run].discard(child)
        _close(child)
        code = child.wait()
    if not reply:
        raise WorkerLost(f"its process on {platform.node()} ended with {code}")
    outcome: Outcome = pickle.loads(reply)  # noqa: S301 - from the process that we started
    return outcome


def _talk(child: subprocess.Popen[bytes], text: bytes) -> bytes:
    stdin, stdout = child.stdin, child.stdout
    if stdin is None or stdout is None:
        return b""
    try:
        stdin.write(LENGTH.pack(len(text)) + text)
    except (BrokenPipeError, ValueError):  # ended or closed meanwhile: no reply will come
        return b""
    reply = b""
    while part := stdout.read(1 << 16):
        reply += part
    return reply


def _close(child: subprocess.Popen[bytes]) -> None:
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            with suppress(OSError):
                stream.close()


async def end_calls(run: str) -> int:
    """End the stages of a run and wait until their processes are gone; return how many there were.

    The claims and folders of a stage that is ended are removed by itself.
    """
    with _lock:
        ending = list(_children.get(run, ()))
    for child in ending:
        if child.stdin is not None:
            with suppress(OSError):
                child.stdin.close()
    until = time.monotonic() + 2 * GRACE_S
    while any(child.poll() is None for child in ending) and time.monotonic() < until:
        await asyncio.sleep(0.05)
    return len(ending)

"""Runs one stage in a process of its own, for a worker of a cluster.

Started by ctc.cluster_worker as `python -m ctc.stage_process`. It reads the stage from standard
input, which stays open as the sign that the worker lives: at its end, or on a signal of the batch
system, the stage's programs are killed and its claim and folder removed. So each stage has its own
environment, whatever else the worker runs, and nothing outlives the worker.
"""

from __future__ import annotations

import os
import pickle
import signal
import struct
import sys
import threading
import time

import ctc.process
from ctc.executor import StageCall
from ctc.stage import Outcome

LENGTH = struct.Struct(">Q")
GRACE_S = 10.0


def main() -> int:
    """Run the stage and write its outcome to standard output; return 0."""
    reply = os.dup(1)
    os.dup2(2, 1)  # what a library prints is no part of the reply
    call = _read_call()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: ctc.process.SUPERVISOR.stop())
    threading.Thread(target=_end_with_the_worker, name="worker", daemon=True).start()
    outcome: Outcome = call()
    with os.fdopen(reply, "wb") as stream:
        pickle.dump(outcome, stream)
    return 0


def _read_call() -> StageCall:
    size = LENGTH.unpack(_read(LENGTH.size))[0]
    call: StageCall = pickle.loads(_read(size))  # noqa: S301 - from the worker that started us
    return call


def _read(size: int) -> bytes:
    parts = b""
    while len(parts) < size:
        part = os.read(0, size - len(parts))
        if not part:
            sys.exit(1)  # the worker has gone before it said what to run
        parts += part
    return parts


def _end_with_the_worker() -> None:
    while os.read(0, 1 << 10):
        continue
    ctc.process.SUPERVISOR.stop()
    time.sleep(GRACE_S)  # for the stage to remove its folder and its claim
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())

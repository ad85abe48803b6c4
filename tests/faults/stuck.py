"""Programs that do not come back, or that ask for more memory than there is."""

from __future__ import annotations

import os
import resource
import signal
import time
import uuid
from contextlib import suppress
from pathlib import Path

from tests.faults.processes import strike
from tests.faults.trial import Trial

MEMORY = Path("/sys/fs/cgroup/memory")
LIMIT_BYTES = 48 << 20
TIMEOUT_S = "2"


def encoder_hangs(trial: Trial) -> bool:
    """An encoder sleeps for ever: the stage's time limit ends it."""
    trial.retry_failed = True
    with trial.codec_strikes("hang"):
        trial.run("--timeout", TIMEOUT_S)
    return any("no result within the timeout" in line for line in trial.said)


def encoder_stopped(trial: Trial) -> bool:
    """An encoder is stopped by a signal: the stage's time limit ends it."""
    trial.retry_failed = True
    runner = trial.start("--timeout", TIMEOUT_S)
    trial.moment(runner)
    victim = trial.victim(runner, "encoder")
    struck = victim is not None and strike(victim.pid, signal.SIGSTOP)
    trial.finish(runner)
    return struck and any("no result within the timeout" in line for line in trial.said)


def memory_refused(trial: Trial) -> bool:
    """The system refuses an encoder more memory (RLIMIT_AS): it ends in an error of its own."""
    trial.retry_failed = True
    with trial.codec_strikes("memory"):
        runner = trial.start()
        while (victim := trial.victim(runner, "encoder")) is not None:
            with suppress(ProcessLookupError):
                resource.prlimit(victim.pid, resource.RLIMIT_AS, (LIMIT_BYTES, LIMIT_BYTES))
            time.sleep(0.02)
        trial.finish(runner)
    return any("MemoryError" in line for line in trial.said)


def out_of_memory(trial: Trial) -> bool:
    """The kernel's out-of-memory killer takes an encoder: a memory cgroup, else its SIGKILL."""
    group = MEMORY / f"ctc-faults-{uuid.uuid4().hex[:8]}"
    if not _limited(group):
        with trial.codec_strikes("kill"):
            trial.run()
        return any("killed by signal 9" in line for line in trial.said)
    try:
        with trial.codec_strikes("memory"):
            runner = trial.start()
            while (victim := trial.victim(runner, "encoder")) is not None:
                with suppress(OSError):
                    (group / "cgroup.procs").write_text(str(victim.pid))
                time.sleep(0.02)
            trial.finish(runner)
    finally:
        trial.count_orphans()
        group.rmdir()
    return any("killed by signal 9" in line for line in trial.said)


def _limited(group: Path) -> bool:
    """Make a memory cgroup; False where that is not permitted (or cgroups are of version 2)."""
    if not (MEMORY / "memory.limit_in_bytes").exists() or not os.access(MEMORY, os.W_OK):
        return False
    try:
        group.mkdir()
        (group / "memory.limit_in_bytes").write_text(str(LIMIT_BYTES))
    except OSError:
        return False
    return True

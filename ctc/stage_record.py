"""The record of a stage that has just ended, and why a program failed."""

from __future__ import annotations

import os
import platform
import signal
from datetime import datetime, timezone
from functools import lru_cache
from pathlib import Path

from ctc.keys import Keyed
from ctc.process import ProcessResult
from ctc.record import Record

DISK_FULL_WORDS = (b"No space left on device", b"Disk quota exceeded")
REASON_LENGTH = 400
OUTSIDE_SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def new_record(stage: str, keyed: Keyed, codec: str, ctc_version: str) -> Record:
    """Return the record of a stage done here and now, its results still to be filled in.

    codec: its version, in words.
    """
    host, cpu = host_and_cpu()
    return Record(
        key=keyed.key,
        stage=stage,
        status="done",
        inputs=keyed.inputs,
        where={"host": host, "cpu": cpu, "version": codec, "ctc": ctc_version},
        finished=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )


def failed_record(stage: str, keyed: Keyed, codec: str, reason: str, retry: bool) -> Record:
    """Return the record of a failure; retry: its cause lies outside the stage."""
    host, cpu = host_and_cpu()
    return Record(
        key=keyed.key,
        stage=stage,
        status="failed",
        inputs=keyed.inputs,
        reason=one_line(reason)[:REASON_LENGTH],
        retry=retry,
        where={"host": host, "cpu": cpu, "version": codec},
        finished=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )


def cost(result: ProcessResult, jobs: int) -> dict[str, float | int]:
    """Return what a program took, as records hold it."""
    return {
        "wall_s": result.wall_s,
        "cpu_s": result.cpu_s,
        "peak_rss_mib": result.peak_rss_mib,
        "concurrent_jobs": jobs,
    }


def failure_reason(role: str, result: ProcessResult, logs: tuple[Path, Path]) -> str:
    """Return why a program failed, in one line: how it ended and the last line it wrote."""
    if result.stopped == "timeout":
        return f"{role}: no result within the timeout; ended after {result.wall_s:.1f} s"
    if result.limit:
        return f"{role}: stopped: {result.limit}"
    said = last_line(logs[1]) or last_line(logs[0])
    if result.signal == signal.SIGKILL and not said:
        said = "not by the harness; perhaps out of memory"
    line = f"{role}: {result.failure}" + (f": {said}" if said else "")
    if any(word in tail(log) for word in DISK_FULL_WORDS for log in logs):
        line = f"disk full: {line}"
    elif result.failure.endswith("(SIGXFSZ)") or b"File too large" in tail(logs[1]):
        line = f"a file over the size limit: {line}"
    return line[:REASON_LENGTH]


def ended_from_outside(result: ProcessResult) -> bool:
    """Whether the system or an operator ended a program: out of memory, a node being drained.

    It says nothing of the program, so the next resume runs the stage again by itself.
    """
    return result.signal in OUTSIDE_SIGNALS and not result.stopped


def tail(path: Path, size: int = 4096) -> bytes:
    """Return the last bytes of a log, empty when there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - size))
            return file.read()
    except OSError:
        return b""


def last_line(path: Path) -> str:
    """Return the last line of a log that says something, printable and short."""
    text = tail(path).decode("utf-8", errors="replace")
    return next((said for line in reversed(text.splitlines()) if (said := one_line(line))), "")[
        -200:
    ]


def one_line(text: str) -> str:
    """Return a text without line breaks, runs of spaces and control characters."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())


@lru_cache(maxsize=1)
def host_and_cpu() -> tuple[str, str]:
    """Return this machine's name and processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return platform.node(), next(models, platform.processor() or platform.machine())

"""Running one program of a stage, with its logs kept beside the store's records."""

from __future__ import annotations

import stat
import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ctc.process
from ctc.errors import StoreError
from ctc.process import ProcessResult
from ctc.program import Program
from ctc.record import Record
from ctc.stage import DISK_FULL, Cancelled, Place, Task, open_store, with_disk_state
from ctc.stage_bounds import Bounds, bounded_command
from ctc.stage_record import REASON_LENGTH, cost, ended_from_outside, failure_reason

_KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


@dataclass(frozen=True)
class ProgramRun:
    """One run of a program: how it ended, why it failed (empty if not), and its logs.

    fields: of the record; outside: whether the failure's cause lies outside the stage.
    """

    result: ProcessResult
    failure: str
    logs: tuple[Path, Path]
    fields: dict[str, Any]
    outside: bool = False

    def failed(self, record: Record, reason: str) -> Record:
        """Return the record of the failure."""
        status = "timeout" if self.result.stopped == "timeout" else "failed"
        return replace(record, status=status, reason=reason, retry=self.outside)


def run_program(
    task: Task,
    role: str,
    place: Place,
    program: Program,
    values: dict[str, str],
    work: Path,
    suffix: str = "",
    bounds: Bounds | None = None,
) -> ProgramRun:
    """Run a program in `work`/run, its logs beside the store's records and in the campaign.

    Raises:
        Cancelled: the runner is stopping.
        LauncherError: no process could be started.
    """
    bounds = bounds or Bounds()
    store = open_store(place.store)
    logs = store.logs(task.claim_key + suffix)
    logs[0].parent.mkdir(parents=True, exist_ok=True)
    (work / "run").mkdir(exist_ok=True)
    argv = program.command(values)
    command = bounded_command(place, program, argv, work, logs, task.timeout_s, bounds)
    result = ctc.process.SUPERVISOR.run(command)
    if result.stopped == "cancelled":
        raise Cancelled
    store.copy_logs(tuple(log.name for log in logs), place.logs)
    ended = {"argv": argv, "exit_code": result.exit_code, "signal": result.signal}
    fields = {
        "cost": cost(result, place.jobs),
        "command": {**ended, **bounds.recorded},
        "logs": tuple(log.name for log in logs),
    }
    failure = failure_reason(role, result, logs) if result.failure else ""
    if failure and not failure.startswith(DISK_FULL):
        failure = with_disk_state(failure, work)
    outside = failure.startswith(DISK_FULL) or ended_from_outside(result)
    if failure and not outside and (trouble := folder_trouble(work / "run")):
        failure, outside = f"{trouble}: {failure}"[:REASON_LENGTH], True
    return ProgramRun(result, failure, logs, fields, outside)


def folder_trouble(folder: Path) -> str:
    """Why a folder does not take a file now: gone, read-only, full; empty when it does."""
    probe = folder / f".probe-{uuid.uuid4().hex[:12]}"
    try:
        probe.write_bytes(bytes(1 << 12))
        probe.unlink()
    except OSError as problem:
        return f"{folder}: {problem.strerror}"
    return ""


def missing_output(role: str, path: Path) -> str:
    """Why a program that exited with 0 has not made its output; empty when it has.

    The output is a file of its own in the program's folder: not a link, device or pipe, and not
    another name of a file elsewhere.

    Raises:
        StoreError: the folder it should be in has gone, or does not take files any more.
    """
    try:
        status = path.lstat()
        folder = path.parent.lstat()
    except OSError:
        if not path.parent.is_symlink() and (trouble := folder_trouble(path.parent)):
            raise StoreError(f"{trouble}: {role}: no output file") from None
        return f"{role}: exit code 0, but no output file"
    if not stat.S_ISDIR(folder.st_mode):
        return f"{role}: exit code 0, but its work folder is no folder any more"
    if not stat.S_ISREG(status.st_mode):
        kind = _KINDS.get(stat.S_IFMT(status.st_mode), "something else")
        return f"{role}: exit code 0, but its output is {kind}: shall be a file"
    if status.st_nlink != 1:
        return f"{role}: exit code 0, but its output is another name of a file elsewhere"
    return "" if status.st_size else f"{role}: exit code 0, but an empty output file"

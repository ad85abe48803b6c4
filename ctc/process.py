"""Run one program from an argument list, in a private folder, with its logs, cost and timeout."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ctc.errors import CtcError
from ctc.orphans import end_processes_of

LAUNCHER = Path(__file__).with_name("launcher.py")
PASSED_ENVIRONMENT = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "LD_LIBRARY_PATH",
    "PYTHONPATH",
    "VIRTUAL_ENV",
    "CUDA_VISIBLE_DEVICES",
    "NUMBA_CACHE_DIR",
    "XDG_CACHE_HOME",
    "SYSTEMROOT",
)
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)


class LauncherError(CtcError):
    """The process that supervises a program failed: no fault of the program."""


@dataclass(frozen=True)
class Command:
    """A program to run: argv[0] is a full path; limits maps RLIMIT_… names to values.

    confine: None, or what ctc.confinement is to do; watch: limits of ctc.stage_watch; folders:
    that the program may fill beside its work folder.
    """

    argv: tuple[str, ...]
    work: Path
    stdout: Path
    stderr: Path
    environment: Mapping[str, str]
    timeout_s: float | None = None
    limits: Mapping[str, int] = field(default_factory=dict)
    confine: Mapping[str, Any] | None = None
    watch: Mapping[str, float] = field(default_factory=dict)
    folders: tuple[Path, ...] = ()


@dataclass(frozen=True)
class ProcessResult:
    """How a program ended: seconds of wall and CPU time, peak resident memory in MiB.

    stopped: empty, `timeout`, `limit` or `cancelled`; limit: which was exceeded, in words; error:
    why the program could not be started.
    """

    exit_code: int | None = None
    signal: int | None = None
    stopped: str = ""
    limit: str = ""
    error: str = ""
    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_rss_mib: float = 0.0

    @property
    def failure(self) -> str:
        """Why this is not a success, in a few words; empty for exit code 0.

        >>> ProcessResult(signal=11).failure
        'killed by signal 11 (SIGSEGV)'
        """
        if self.error:
            return f"cannot be started: {self.error}"
        if self.stopped:
            return f"stopped: {self.limit}" if self.limit else self.stopped
        if self.signal is not None:
            return f"killed by signal {self.signal} ({_signal_name(self.signal)})"
        return "" if self.exit_code == 0 else f"exit code {self.exit_code}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"


def program_environment(threads: int, extra: Mapping[str, str], work: Path) -> dict[str, str]:
    """Return the environment a program is given: little of ours, a thread limit, its card's own."""
    base = {name: os.environ[name] for name in PASSED_ENVIRONMENT if name in os.environ}
    limits = {name: str(threads) for name in THREAD_VARIABLES}
    return {**base, **limits, "TMPDIR": str(work), **extra}


class Supervisor:
    """The programs running now; `stop` ends them all and refuses new ones."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._live: set[subprocess.Popen[bytes]] = set()
        self._stopping = False

    @property
    def stopping(self) -> bool:
        """Whether `stop` was called."""
        return self._stopping

    def run(self, command: Command) -> ProcessResult:
        """Run the program to its end and return how it ended.

        Raises:
            LauncherError: the launcher itself could not be started or was killed.
        """
        try:
            launcher = self._start()
        except OSError as problem:
            raise LauncherError(f"{command.argv[0]}: no process: {problem.strerror}") from problem
        if launcher is None:
            return ProcessResult(stopped="cancelled")
        try:
            reply = self._talk(launcher, command)
        finally:
            with self._lock:
                self._live.discard(launcher)
            _close(launcher)
            launcher.wait()
        lines = [json.loads(line) for line in reply.splitlines(keepends=True) if line[-1:] == b"\n"]
        if lines and "group" not in lines[-1]:
            return ProcessResult(**lines[-1])
        for line in lines:
            _kill_group(line["group"])  # the program died with its launcher, its children did not
        end_processes_of(command.work)  # nor did those that left the group
        if self._stopping:
            return ProcessResult(stopped="cancelled")
        raise LauncherError(f"{command.argv[0]}: its launcher ended with {launcher.returncode}")

    def stop(self) -> None:
        """End every running program; safe to call from a signal handler of the main thread."""
        self._stopping = True
        for launcher in list(self._live):
            _close(launcher)

    def resume(self) -> None:
        """Allow programs again after `stop`."""
        self._stopping = False

    def _start(self) -> subprocess.Popen[bytes] | None:
        launcher = subprocess.Popen(
            [sys.executable, "-I", "-S", str(LAUNCHER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,  # the terminal's Ctrl-C is for us; we end the program ourselves
        )
        with self._lock:
            self._live.add(launcher)
        if self._stopping:
            with self._lock:
                self._live.discard(launcher)
            _close(launcher)
            launcher.wait()
            return None
        return launcher

    def _talk(self, launcher: subprocess.Popen[bytes], command: Command) -> bytes:
        stdin, stdout = launcher.stdin, launcher.stdout
        if stdin is None or stdout is None:
            raise LauncherError(f"{command.argv[0]}: its launcher has no pipes")
        try:
            stdin.write(_job(command))
        except (BrokenPipeError, ValueError):  # ended or closed meanwhile: no reply will come
            return b""
        reply = b""
        while part := stdout.read(4096):
            reply += part
        stdout.close()
        return reply


def _job(command: Command) -> bytes:
    job: dict[str, Any] = {
        "argv": list(command.argv),
        "work": str(command.work),
        "stdout": str(command.stdout),
        "stderr": str(command.stderr),
        "environment": dict(command.environment),
        "timeout_s": command.timeout_s,
        "limits": dict(command.limits),
        "confine": None if command.confine is None else dict(command.confine),
        "watch": dict(command.watch),
        "folders": [str(folder) for folder in command.folders],
    }
    return json.dumps(job).encode() + b"\n"


def _kill_group(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _close(launcher: subprocess.Popen[bytes]) -> None:
    if launcher.stdin is not None:
        try:
            launcher.stdin.close()
        except BrokenPipeError:
            return


SUPERVISOR = Supervisor()

"""Runs one program for the harness and says what it took; a script of the standard library only.

A process of its own because peak memory of a child counts what its parent held at the fork, and
because something must outlive the runner to end the program and all that it started. It reads one
line of JSON (see ctc.process) from its standard input, which stays open as the sign that the runner
lives: at its end everything is killed. It writes two lines of JSON to its standard output: the
program's process group, then the result.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import select
import signal
import sys
import time
from contextlib import suppress
from typing import Any

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
RUNNER = 0  # standard input: the runner's end of the pipe closes when it dies


def main() -> int:
    """Run the program described on standard input; return 0 when its result has been written."""
    libc = _libc()
    if libc is not None:  # orphaned grandchildren come to us and can be found and ended
        libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    job = _read_job()
    if job is None:
        return 1
    wakeup = _wake_on_signals()
    started = time.monotonic()
    pid, error = _start(job, libc)
    if error:
        result: dict[str, Any] = {"error": error}
    else:
        os.write(1, json.dumps({"group": pid}).encode() + b"\n")
        result = _supervise(pid, wakeup, job["timeout_s"], started)
    os.write(1, json.dumps(result).encode() + b"\n")
    return 0


def _libc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None) if sys.platform.startswith("linux") else None


def _read_job() -> dict[str, Any] | None:
    text = b""
    while not text.endswith(b"\n"):
        part = os.read(RUNNER, 1 << 16)
        if not part:
            return None
        text += part
    job: dict[str, Any] = json.loads(text)
    return job


def _wake_on_signals() -> int:
    """Return a descriptor that becomes readable when a child ends or we are asked to stop."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    return reader


def _start(job: dict[str, Any], libc: ctypes.CDLL | None) -> tuple[int, str]:
    """Return the process id of the program and, when it could not be started, why."""
    reader, writer = os.pipe()  # closed by a successful exec
    launcher = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            _become_program(job, libc, launcher)
        except (OSError, ValueError) as problem:
            os.write(writer, str(problem).encode())
        os._exit(127)
    os.close(writer)
    error = b""
    while part := os.read(reader, 4096):
        error += part
    os.close(reader)
    if error:
        os.waitpid(pid, 0)
    return pid, error.decode(errors="replace")


def _become_program(job: dict[str, Any], libc: ctypes.CDLL | None, launcher: int) -> None:
    os.setpgid(0, 0)
    if libc is not None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != launcher:  # it died before the line above
            os._exit(127)
    signal.set_wakeup_fd(-1)
    for number in ("SIGPIPE", "SIGXFSZ", "SIGCHLD", "SIGTERM", "SIGINT", "SIGHUP"):
        signal.signal(getattr(signal, number), signal.SIG_DFL)  # Python ignores the first two
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for name, limit in job["limits"].items():
        resource.setrlimit(getattr(resource, name), (limit, limit))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for target, path in ((1, job["stdout"]), (2, job["stderr"])):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), target)
    os.chdir(job["work"])
    os.execve(job["argv"][0], job["argv"], job["environment"])


def _supervise(pid: int, wakeup: int, timeout_s: float | None, started: float) -> dict[str, Any]:
    """Wait for the program, the timeout, or the runner's end; leave no descendant behind."""
    stopped = ""
    status: int | None = None
    wall, cpu, rss = 0.0, 0.0, 0
    deadline = None if timeout_s is None else started + timeout_s
    while True:
        ended, descendants = _reap()
        for ended_pid, ended_status, usage in ended:
            cpu += usage.ru_utime + usage.ru_stime
            rss = max(rss, usage.ru_maxrss)
            if ended_pid == pid:
                status, wall = ended_status, time.monotonic() - started
        if not descendants:
            break
        if status is not None or stopped:  # what the program left running ends with it
            _kill_descendants(pid)
            time.sleep(0.002)
            continue
        stopped = _wait(wakeup, deadline)
    code = os.waitstatus_to_exitcode(status) if status is not None else None
    return {
        "exit_code": code if code is not None and code >= 0 else None,
        "signal": -code if code is not None and code < 0 else None,
        "stopped": stopped,
        "wall_s": round(wall, 6),
        "cpu_s": round(cpu, 6),
        "peak_rss_mib": round(rss / (1 << (20 if sys.platform == "darwin" else 10)), 3),
    }


def _reap() -> tuple[list[tuple[int, int, resource.struct_rusage]], bool]:
    """Return the children that ended (id, status, usage), and whether any is left."""
    ended: list[tuple[int, int, resource.struct_rusage]] = []
    while True:
        try:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return ended, False
        if pid == 0:
            return ended, True
        ended.append((pid, status, usage))


def _wait(wakeup: int, deadline: float | None) -> str:
    """Sleep until something happens; return why the program has to stop, or an empty string."""
    left = None if deadline is None else max(0.0, deadline - time.monotonic())
    ready, _, _ = select.select([RUNNER, wakeup], [], [], left)
    if RUNNER in ready and not os.read(RUNNER, 1):
        return "cancelled"
    if wakeup in ready:
        if set(os.read(wakeup, 4096)) - {signal.SIGCHLD}:
            return "cancelled"
        return ""
    return "timeout" if deadline is not None and time.monotonic() >= deadline else ""


def _kill_descendants(pid: int) -> None:
    """Kill the program's group and every process below us, also one that left the group."""
    with suppress(ProcessLookupError, PermissionError):  # gone, or only ended processes are left
        os.killpg(pid, signal.SIGKILL)
    for descendant in _descendants():
        with suppress(ProcessLookupError, PermissionError):
            os.kill(descendant, signal.SIGKILL)


def _descendants() -> list[int]:
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc") if os.path.isdir("/proc") else []:  # noqa: PTH208, PTH112
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123 - pathlib is slow to import
                parent = int(file.read().rpartition(b")")[2].split()[1])
        except (OSError, IndexError, ValueError):
            continue  # ended meanwhile
        children.setdefault(parent, []).append(int(name))
    found: list[int] = []
    queue = [os.getpid()]
    while queue:
        below = children.get(queue.pop(), [])
        found += below
        queue += below
    return found


if __name__ == "__main__":
    with suppress(BrokenPipeError):  # the runner died just now: there is nobody to tell
        sys.exit(main())

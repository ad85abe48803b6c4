"""Runs one program for the harness and says what it took; a script of the standard library only.

A process of its own because peak memory of a child counts what its parent held at the fork, and
because something must outlive the runner to end the program and all that it started. It reads one
line of JSON (see ctc.process) from its standard input, which stays open as the sign that the runner
lives: at its end everything is killed. It writes two lines of JSON to its standard output: the
program's process group, then the result.

A program with a view of its own (ctc.confinement) is run by a further process, the first of a
process namespace: the kernel ends everything in it when that one ends.
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
from typing import Any, NamedTuple, NoReturn

sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from ctc import confinement
from ctc.stage_watch import StageWatch

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
    child, error = _start(job, libc)
    if error:
        result: dict[str, Any] = {"error": error}
    else:
        os.write(1, json.dumps({"group": child.pid}).encode() + b"\n")
        folders = [folder for folder in (job["work"], *job["folders"]) if folder]
        watch = StageWatch(job["watch"], folders, [job["stdout"], job["stderr"]])
        result = _supervise(child, wakeup, job["timeout_s"], started, watch)
    os.write(1, json.dumps(result).encode() + b"\n")
    return 0


class _Child(NamedTuple):
    """The process we started; report: where it tells how the program ended, if it is not it."""

    pid: int
    report: int


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


def _start(job: dict[str, Any], libc: ctypes.CDLL | None) -> tuple[_Child, str]:
    """Return the process started and, when the program could not be, why."""
    reader, writer = os.pipe()  # closed by a successful exec
    report, reporter = os.pipe()
    confine = job["confine"]
    try:
        if confine is not None:
            confinement.separate(processes=confine["view"] is not None)
        pid = os.fork()
    except OSError as problem:
        return _Child(0, report), f"isolation: {problem}"
    if pid == 0:
        try:
            os.close(report)
            _become_program(job, libc, reporter)
        except (OSError, ValueError) as problem:
            os.write(writer, str(problem).encode())
        os._exit(127)
    os.close(writer)
    os.close(reporter)
    error = b""
    while part := os.read(reader, 4096):
        error += part
    os.close(reader)
    if error:
        os.waitpid(pid, 0)
    return _Child(pid, report), error.decode(errors="replace")


def _become_program(job: dict[str, Any], libc: ctypes.CDLL | None, reporter: int) -> NoReturn:
    os.setpgid(0, 0)
    if libc is not None:
        _die_with_launcher(libc, reporter)
    signal.set_wakeup_fd(-1)
    for number in ("SIGPIPE", "SIGXFSZ", "SIGCHLD", "SIGTERM", "SIGINT", "SIGHUP"):
        signal.signal(getattr(signal, number), signal.SIG_DFL)  # Python ignores the first two
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for target, path in ((1, job["stdout"]), (2, job["stderr"])):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), target)
    confine = job["confine"]
    if confine is not None:
        confinement.leave_network()
        if confine["view"] is not None:
            confinement.enter_view(confine["view"])
            _become_first_process(reporter)
        confinement.give_up_privileges()
    for name, limit in job["limits"].items():
        resource.setrlimit(getattr(resource, name), (limit, limit))
    os.chdir(job["work"])
    os.execve(job["argv"][0], job["argv"], job["environment"])


def _die_with_launcher(libc: ctypes.CDLL, reporter: int) -> None:
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    poll = select.poll()
    poll.register(reporter, 0)
    if poll.poll(0):  # nobody will read the report: the launcher died before the line above
        os._exit(127)


def _become_first_process(reporter: int) -> None:
    """Fork the program, return in it alone; end when it has ended and all it left is gone."""
    started = time.monotonic()
    pid = os.fork()
    if pid == 0:
        return
    os.closerange(3, reporter)  # above all the pipe whose closing says that the program runs
    os.closerange(reporter + 1, 256)
    ended, status = 0, 0
    while ended != pid:
        ended, status = os.wait()
    wall = time.monotonic() - started
    os.write(reporter, json.dumps({"status": status, "wall_s": wall}).encode())
    with suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)  # reaches what is in this process namespace
    with suppress(ChildProcessError):
        while True:
            os.wait()
    os._exit(0)


def _supervise(
    child: _Child, wakeup: int, timeout_s: float | None, started: float, watch: StageWatch
) -> dict[str, Any]:
    """Wait for the program, a limit, or the runner's end; leave no descendant behind."""
    stopped, limit = "", ""
    status: int | None = None
    wall, cpu, rss = 0.0, 0.0, 0
    deadline = None if timeout_s is None else started + timeout_s
    while True:
        ended, descendants = _reap()
        for ended_pid, ended_status, usage in ended:
            cpu += usage.ru_utime + usage.ru_stime
            rss = max(rss, usage.ru_maxrss)
            if ended_pid == child.pid:
                status, wall = _ending(child.report, ended_status, time.monotonic() - started)
        if not descendants:
            break
        if status is not None or stopped:  # what the program left running ends with it
            _kill_descendants(child.pid)
            time.sleep(0.002)
            continue
        stopped = _wait(wakeup, deadline, watch.next_look)
        if stopped == "look":
            limit = watch.look(cpu)
            stopped = "limit" if limit else ""
    if not stopped:
        limit = watch.last_look(cpu)
        stopped = "limit" if limit else ""
    code = os.waitstatus_to_exitcode(status) if status is not None else None
    return {
        "exit_code": code if code is not None and code >= 0 else None,
        "signal": -code if code is not None and code < 0 else None,
        "stopped": stopped,
        "limit": limit,
        "wall_s": round(wall, 6),
        "cpu_s": round(cpu, 6),
        "peak_rss_mib": round(rss / (1 << (20 if sys.platform == "darwin" else 10)), 3),
    }


def _ending(report: int, status: int, wall: float) -> tuple[int, float]:
    """Return how the program ended: as the first process of its namespace says, if it was one."""
    os.set_blocking(report, False)
    with suppress(BlockingIOError, ValueError):
        told = json.loads(os.read(report, 4096) or b"{}")
        return told.get("status", status), told.get("wall_s", wall)
    return status, wall


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


def _wait(wakeup: int, deadline: float | None, next_look: float | None) -> str:
    """Sleep until something happens; return why to stop, `look` at the limits, or nothing."""
    times = [time_ for time_ in (deadline, next_look) if time_ is not None]
    left = max(0.0, min(times) - time.monotonic()) if times else None
    ready, _, _ = select.select([RUNNER, wakeup], [], [], left)
    if RUNNER in ready and not os.read(RUNNER, 1):
        return "cancelled"
    if wakeup in ready:
        if set(os.read(wakeup, 4096)) - {signal.SIGCHLD}:
            return "cancelled"
        return ""
    now = time.monotonic()
    if deadline is not None and now >= deadline:
        return "timeout"
    return "look" if next_look is not None and now >= next_look else ""


def _kill_descendants(pid: int) -> None:
    """Kill the program's group and every process below us, also one that left the group."""
    with suppress(ProcessLookupError, PermissionError):  # gone, or only ended processes are left
        os.killpg(pid, signal.SIGKILL)
    for descendant in _descendants():
        with suppress(ProcessLookupError, PermissionError):
            os.kill(descendant, signal.SIGKILL)


def _descendants() -> list[int]:
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc") if os.path.isdir("/proc") else []:
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
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

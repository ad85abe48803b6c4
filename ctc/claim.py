"""Exclusive claims on stages, so that runners sharing a store never do the same work twice.

A claim is a file made with O_EXCL that names its owner: machine (boot and process namespace),
process and that process's start time. An owner on this machine is asked for directly; one on
another machine is alive while the time of its claim file advances, watched on our own monotonic
clock, so that no two machines' clocks are ever compared. A dead owner's claim of generation n is
taken over by making that of generation n + 1, which only one can.
"""

from __future__ import annotations

import json
import os
import platform
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

HEARTBEAT_S = 15.0
SILENCE_S = 120.0


@dataclass(frozen=True)
class Owner:
    """A process that can hold claims."""

    machine: str
    pid: int
    started: str

    @property
    def name(self) -> str:
        """The owner as part of a file name."""
        return f"{self.machine}-{self.pid}-{self.started}"


def this_process() -> Owner:
    """Return ourselves as an owner."""
    return Owner(_machine(), os.getpid(), _start_time(os.getpid()) or "0")


def alive(owner: Owner) -> bool | None:
    """Whether the owner runs; None when it is on another machine and cannot be asked."""
    if owner.machine != _machine():
        return None
    started = _start_time(owner.pid)
    return started is not None and started == owner.started


def _machine() -> str:
    parts = [platform.node()]
    with suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")[:8])
        parts.append(str(Path("/proc/self/ns/pid").stat().st_ino))
    return ".".join(parts).replace("-", "_").replace("/", "_")


def _start_time(pid: int) -> str | None:
    """Return the kernel's start time of a process, `0` where it cannot be had, None if it ended."""
    if not Path("/proc/self/stat").exists():
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return None
        except PermissionError:
            return "0"
        return "0"
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return None
    return None if fields[0] in (b"Z", b"X") else fields[19].decode("ascii")


class Claims:
    """The claims of this process in one folder, kept alive by a heartbeat while any is held."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._me = this_process()
        self._lock = threading.Lock()
        self._held: set[Path] = set()
        self._seen: dict[Path, tuple[int, float]] = {}
        self._abandoned: set[Path] = set()
        self._beating = False

    @contextmanager
    def hold(self, key: str) -> Iterator[bool]:
        """Hold the claim on a key; gives False, holding nothing, when another live owner has it."""
        path = self._take(key)
        try:
            yield path is not None
        finally:
            if path is not None:
                self._release(key, path)

    def sweep(self) -> None:
        """Remove what dead processes have left, by taking and releasing each claim."""
        for path in self.paths():
            with self.hold(path.stem):
                continue

    def paths(self) -> list[Path]:
        """Return the claims there are, of whomever, alive or dead."""
        return sorted(self._folder.glob("??/*.*"))

    def exists(self, key: str) -> bool:
        """Whether there is a claim on a key, of whomever, alive or dead."""
        return self._path(key, 1).exists()

    def _path(self, key: str, generation: int) -> Path:
        return self._folder / key[:2] / f"{key}.{generation}"

    def _take(self, key: str) -> Path | None:
        first = self._path(key, 1)
        first.parent.mkdir(parents=True, exist_ok=True)
        generation, stale = 1, None
        while True:
            path = self._path(key, generation)
            if self._create(path):
                if stale is not None and _content(self._path(key, generation - 1)) != stale:
                    path.unlink(missing_ok=True)  # the one we thought dead finished meanwhile
                    return None
                self._keep_alive(path)
                return path
            content = _content(path)
            if content is None:  # released just now
                generation, stale = 1, None
                continue
            if not self._dead(path, content):
                return None
            generation, stale = generation + 1, content

    def _text(self) -> str:
        return json.dumps([self._me.machine, self._me.pid, self._me.started])

    def _create(self, path: Path) -> bool:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        except FileExistsError:
            return False
        try:
            os.write(descriptor, self._text().encode())
        except OSError:  # an empty claim would seem to be one that is just being written
            path.unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)
        return True

    def _dead(self, path: Path, content: str) -> bool:
        with self._lock:
            if path in self._held:
                return False
            if path in self._abandoned and content == self._text():
                return True
        try:
            machine, pid, started = json.loads(content)
            life = alive(Owner(str(machine), int(pid), str(started)))
        except (ValueError, TypeError):
            life = None  # being written, or its writer died half way: watch it
        return self._silent(path) if life is None else not life

    def _silent(self, path: Path) -> bool:
        try:
            beat = path.stat().st_mtime_ns
        except FileNotFoundError:
            return False
        now = time.monotonic()
        last, since = self._seen.get(path, (None, now))
        if last != beat:
            self._seen[path] = (beat, now)
            return False
        return now - since > SILENCE_S

    def _release(self, key: str, path: Path) -> None:
        with self._lock:
            self._held.discard(path)
        generation = int(path.suffix[1:])
        try:
            for older in range(1, generation):  # oldest first: ours stands until all are gone
                self._path(key, older).unlink(missing_ok=True)
            path.unlink(missing_ok=True)
        except OSError:  # the result is safe; we live, yet the claim that stays behind is no one's
            self._abandoned.add(path)

    def _keep_alive(self, path: Path) -> None:
        with self._lock:
            self._held.add(path)
            self._abandoned.discard(path)
            if self._beating:
                return
            self._beating = True
        threading.Thread(target=self._beat, name="claims", daemon=True).start()

    def _beat(self) -> None:
        while True:
            time.sleep(HEARTBEAT_S)
            with self._lock:
                held = list(self._held)
                if not held:
                    self._beating = False
                    return
            for path in held:
                with suppress(OSError):
                    os.utime(path)


def _content(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None

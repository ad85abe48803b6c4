"""Files made from other files: written under a temporary name, checked by md5 when used again."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from ctc.errors import SequenceError
from ctc.temporary_files import temporary_name

CHUNK = 1 << 20
_locks: dict[Path, threading.Lock] = {}
_locks_guard = threading.Lock()


def file_md5(path: Path) -> str:
    """Return the md5 of a file, remembered in this process while its size and time stand still.

    Raises:
        SequenceError: it cannot be read.
    """
    try:
        status = path.stat()
        return _md5(path, status.st_size, status.st_mtime_ns)
    except OSError as problem:
        raise SequenceError(f"{path}: cannot be read: {problem.strerror}") from problem


@lru_cache(maxsize=4096)
def _md5(path: Path, _size: int, _time: int) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def bytes_sha256(data: bytes) -> str:
    """Return the sha256 in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def derived_file(path: Path, make: Callable[[Path], None]) -> Path:
    """Return `path`, made by `make(temporary)` unless it is there with the md5 noted beside it.

    Threads of one process wait for the first of them. Processes that ask at once each make their
    own, all the same, and the last rename wins.

    Raises:
        SequenceError: it cannot be written; and whatever `make` raises.
    """
    with _locks_guard:
        lock = _locks.setdefault(path, threading.Lock())
    with lock:
        try:
            _make_unless_there(path, make)
        except (OSError, UnicodeDecodeError) as problem:
            raise SequenceError(f"{path}: cannot be written: {problem}") from problem
    return path


def _make_unless_there(path: Path, make: Callable[[Path], None]) -> None:
    note = path.with_name(path.name + ".md5")
    if path.is_file() and note.is_file() and note.read_text("ascii").strip() == file_md5(path):
        with suppress(OSError):
            os.utime(note)  # when it was last used
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_name(path)
    try:
        make(temporary)
        _write_text(note, file_md5(temporary) + "\n")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _write_text(path: Path, text: str) -> None:
    temporary = temporary_name(path)
    temporary.write_text(text, "ascii")
    temporary.replace(path)

"""Files that appear whole or not at all, whatever dies."""

from __future__ import annotations

import os
from pathlib import Path

from ctc.errors import StoreError
from ctc.temporary_files import temporary_name


def write_atomic(
    path: Path, content: bytes, durable: bool = True, temporaries: Path | None = None
) -> None:
    """Write a file under a temporary name, force it to disk, then rename it into place.

    temporaries: folder of the temporary name, on the same file system (default: beside the file);
    durable: what is copied from a durable file and verified when read need not be forced to disk.

    Raises:
        StoreError: the disk is full or the folder cannot be written; nothing is left behind.
    """
    temporary = temporary_name(path, temporaries)
    try:
        for folder in {path.parent, temporary.parent}:
            folder.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("wb") as file:
                file.write(content)
                file.flush()
                if durable:
                    os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        if durable:
            sync_folder(path.parent)
    except OSError as problem:
        raise StoreError(f"{path}: cannot be written: {problem.strerror}") from problem


def publish(source: Path, target: Path, durable: bool) -> None:
    """Move a finished file into place on the same file system, read-only; to disk if durable.

    Raises:
        StoreError: it cannot be moved there.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if durable:
            with source.open("rb") as file:
                os.fsync(file.fileno())
        source.chmod(0o444)
        source.replace(target)
        if durable:
            sync_folder(target.parent)
    except OSError as problem:
        raise StoreError(f"{target}: cannot be written: {problem.strerror}") from problem


def sync_folder(folder: Path) -> None:
    """Force the names in a folder to disk, where the system can."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

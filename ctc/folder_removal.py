"""Removing a folder that a program has filled: however deep, whatever rights it has taken away."""

from __future__ import annotations

import itertools
import os
import shutil
from contextlib import suppress
from pathlib import Path

ALL_RIGHTS = 0o700


def remove_folder(folder: Path) -> None:
    """Remove a folder and all in it, links themselves and not what they lead to.

    What cannot be removed (another user's, a read-only file system) is left.
    """
    with suppress(RecursionError):
        shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        if folder.is_dir() and not folder.is_symlink():
            _flatten(folder)


def _flatten(top: Path) -> None:
    """Move folders up to `top` level by level, so that no path grows long; remove what is empty."""
    names = itertools.count()
    while True:
        inner = _clear(top)
        if not inner:
            top.rmdir()
            return
        for folder in inner:
            for deeper in _clear(folder):
                deeper.rename(top / f".{next(names)}-{folder.name[:40]}")
            folder.rmdir()


def _clear(folder: Path) -> list[Path]:
    """Remove all in a folder but its folders; return those."""
    folder.chmod(ALL_RIGHTS)
    inner: list[Path] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                inner.append(Path(entry.path))
                inner[-1].chmod(ALL_RIGHTS)  # renaming a folder takes the right to write in it
            else:
                os.unlink(entry.path)  # noqa: PTH108
    return inner

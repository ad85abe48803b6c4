"""Names for files that are still being written; they say who writes them, so that what a dead
process left can be told from what is under way."""

from __future__ import annotations

import os
import re
import uuid
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from ctc.claim import Owner, alive, this_process

_NAME = re.compile(r"\.tmp-([^-]+)-(\d+)-(\d+)-[0-9a-f]{12}\..+")


def temporary_name(path: Path, folder: Path | None = None) -> Path:
    """Return a hidden name for `path` that nobody else uses; beside it, or in `folder`."""
    unique = uuid.uuid4().hex[:12]
    return (folder or path.parent) / f".tmp-{_own_name(os.getpid())}-{unique}.{path.name}"


@lru_cache(maxsize=1)
def _own_name(_pid: int) -> str:
    return this_process().name  # three files are read for it; a fork has another


def sweep_temporaries(folder: Path) -> int:
    """Remove the half-written files in a folder whose writers are dead; return how many.

    One whose writer was on another machine stays: it cannot be asked.
    """
    swept = 0
    with suppress(OSError):  # the folder is not there, or cannot be written: nothing is lost
        for path in sorted(folder.iterdir()):
            found = _NAME.fullmatch(path.name)
            if found and alive(Owner(found[1], int(found[2]), found[3])) is False:
                path.unlink(missing_ok=True)
                swept += 1
    return swept

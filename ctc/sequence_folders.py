"""Where sequences are looked for."""

from __future__ import annotations

import os
from pathlib import Path

from ctc.errors import SequenceError
from ctc.sequences import Sequence

SEQUENCES_VARIABLE = "GVC_SEQUENCES"
DATA_VARIABLE = "GVC_DATA"
HOME_VARIABLE = "CTC_HOME"
HOME = ".ctc"
_CHECKOUT_MARKS = ("sequences.yaml", ".git")


def ctc_home() -> Path:
    """Return the folder of the harness's own files: $CTC_HOME, else .ctc in the checkout's root."""
    if value := os.environ.get(HOME_VARIABLE):
        return Path(value).expanduser()
    here = Path.cwd()
    for folder in (here, *here.parents):
        if any((folder / mark).exists() for mark in _CHECKOUT_MARKS):
            return folder / HOME
    return here / HOME


def home_folder() -> Path:
    """Return the folder into which sequences are imported and generated."""
    return ctc_home() / "sequences"


def search_folders() -> list[Path]:
    """Return the folders searched, in order: $GVC_SEQUENCES, the home folder, $GVC_DATA's."""
    listed = os.environ.get(SEQUENCES_VARIABLE, "").split(os.pathsep)
    folders = [Path(part).expanduser() for part in listed if part]
    folders.append(home_folder())
    if data := os.environ.get(DATA_VARIABLE):
        folders.append(Path(data).expanduser() / "sequences" / "test")
    return folders


def find_file(sequence: Sequence) -> Path | None:
    """Return the sequence's file in the first folder that has it, directly or in a folder of the
    class's name; None when no folder has it."""
    for folder in search_folders():
        for candidate in (folder / sequence.file, folder / sequence.sequence_class / sequence.file):
            if candidate.is_file():
                return candidate
    return None


def locate(sequence: Sequence) -> Path:
    """Return the path of the sequence's file.

    Raises:
        SequenceError: it is in none of the folders; says how to obtain it.
    """
    found = find_file(sequence)
    if found is None:
        raise SequenceError(
            f"{sequence.name}: {sequence.file} is in none of "
            f"{', '.join(str(folder) for folder in search_folders())}; {sequence.obtain}"
        )
    return found

"""imported.yaml: md5s recorded at import, and the user's own sequences."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from ctc.errors import SequenceError
from ctc.sequence_list import IMPORTED, load_imported
from ctc.sequences import Sequence
from ctc.temporary_files import temporary_name
from reference_sw.video.format import VideoFormat

_TITLE = "imported by the user"
_COMMENT = "# Written by `ctc sequences import`; md5 is that of the raw planar file.\n"


def record_md5(folder: Path, name: str, md5: str) -> None:
    """Record the md5 of a sequence of sequences.yaml in the folder's imported.yaml.

    Raises:
        SequenceError: it cannot be written, or another md5 is already recorded.
    """
    with _edited(folder) as document:
        known = document["md5"].setdefault(name, md5)
    if known != md5:
        raise SequenceError(f"{folder / IMPORTED}: {name} has md5 {known}, not {md5}")


def record_sequence(folder: Path, sequence: Sequence) -> None:
    """Record a sequence of the user's own, taking the place of one of the same name.

    Raises:
        SequenceError: imported.yaml cannot be read or written.
    """
    with _edited(folder) as document:
        for entry in document["classes"].values():
            entry["sequences"].pop(sequence.name, None)
        document["classes"] = {k: v for k, v in document["classes"].items() if v["sequences"]}
        entry = document["classes"].setdefault(
            sequence.sequence_class, {"title": _TITLE, "sequences": {}}
        )
        entry["sequences"][sequence.name] = _properties(sequence)


def _properties(sequence: Sequence) -> dict[str, Any]:
    video: VideoFormat = sequence.format
    return {
        "file": sequence.file,
        "width": video.width,
        "height": video.height,
        "frame_rate": str(video.frame_rate),
        "bit_depth": video.bit_depth,
        "chroma_format": video.chroma_format.value,
        "colour": video.colour.value,
        "matrix": video.matrix.value,
        "full_range": video.full_range,
        "frames": sequence.frames,
        "md5": sequence.md5,
        "licence": sequence.licence,
        "obtain": sequence.obtain,
    }


@contextmanager
def _edited(folder: Path) -> Iterator[dict[str, Any]]:
    """Give the document as plain data and write it back whole, one writer at a time."""
    path = folder / IMPORTED
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f".{IMPORTED}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            document = load_imported(path).model_dump(exclude_none=True, exclude_defaults=True)
            document = {"imported": 1, "md5": {}, "classes": {}} | document
            yield document
            text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=1000)
            temporary = temporary_name(path)
            temporary.write_text(_COMMENT + text, "utf-8")
            temporary.replace(path)
    except OSError as problem:
        raise SequenceError(f"{path}: cannot be written: {problem.strerror}") from problem

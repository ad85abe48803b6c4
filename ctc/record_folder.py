"""A folder of records, one file to a stage, found by key."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from ctc.atomic_file import write_atomic
from ctc.errors import StoreError
from ctc.record import Record, parse_record, record_text
from ctc.temporary_files import sweep_temporaries

HALF_WRITTEN = "half-written"  # a folder of their own: looking for them in all the others is slow


class RecordFolder:
    """Records under `root/ab/ab12….json`; `warn` is told of each damaged one in one line."""

    def __init__(self, root: Path, warn: Callable[[str], None]) -> None:
        self.root = root
        self.warn = warn

    @property
    def half_written(self) -> Path:
        """Where files of the campaign or store lie while they are being written."""
        return self.root / HALF_WRITTEN

    def path(self, key: str) -> Path:
        """Where the record of this key is or would be."""
        return self.root / key[:2] / f"{key}.json"

    def read(self, key: str) -> Record | None:
        """Return the record, None when there is none or it is damaged."""
        text = self.read_text(key)
        return None if text is None else self._parse(key, text)

    def read_text(self, key: str) -> bytes | None:
        """Return the bytes of the record's file, None when there is none.

        Raises:
            StoreError: the file exists and cannot be read.
        """
        name = f"{self.root}/{key[:2]}/{key}.json"  # text, not Path: read ten thousand times
        try:
            with open(name, "rb") as file:  # noqa: PTH123
                return file.read()
        except FileNotFoundError:
            return None
        except OSError as problem:
            raise StoreError(f"{name}: cannot be read: {problem.strerror}") from problem

    def _parse(self, key: str, text: bytes) -> Record | None:
        try:
            return parse_record(text, key)
        except StoreError as problem:
            self.warn(f"{self.path(key)}: record not used: {problem}; its stage counts as not run")
            self._set_aside(key)
            return None

    def _set_aside(self, key: str) -> None:
        path = self.path(key)
        aside = self.root / "damaged" / f"{key}.{time.time_ns()}.json"
        try:
            aside.parent.mkdir(parents=True, exist_ok=True)
            path.replace(aside)
        except OSError as problem:
            self.warn(f"{path}: cannot be moved aside: {problem.strerror}")

    def write(self, record: Record, durable: bool = True) -> None:
        """Write a record, replacing one of the same key; durable: force it to disk first.

        Raises:
            StoreError: disk full, or the folder cannot be written.
        """
        write_atomic(self.path(record.key), record_text(record), durable, self.half_written)

    def sweep(self) -> None:
        """Remove the half-written records of dead processes."""
        sweep_temporaries(self.half_written)

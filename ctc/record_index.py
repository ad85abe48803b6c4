"""An index of a folder of records, in SQLite, so that resuming need not read each of them.

It lies beside the folder (`.records.sqlite`), is rebuilt from the records whenever it is absent,
and is never the truth: a row counts only while size, modification and change time and inode of its
record are what they were when the record was read; any other record is read again. Rows of records
that changed less than two seconds before the index was written are left out of it, since a later
change might show the same times. Figures of metrics are not in it: reports read records.

It is written as a new file that takes the place of the old one in one step, so that runners may
share it on any file system; of two that write at once the last wins, which costs reading again.
Its own CRC-32, in the field that SQLite leaves to applications, tells a damaged one.
"""

from __future__ import annotations

import json
import os
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

from ctc.errors import StoreError
from ctc.record import Output
from ctc.record_brief import Brief, brief_of
from ctc.record_folder import HALF_WRITTEN, RecordFolder
from ctc.temporary_files import temporary_name

INDEX_NAME = ".records.sqlite"
LAYOUT = 1
CRC_AT = slice(68, 72)  # the application id of the SQLite file format, clause 1.3
SAVED_FROM = 1000  # records read; fewer are read again faster than an index is written
SETTLED_NS = 2_000_000_000
STEP = 1000

_TABLE = """CREATE TABLE records (
  key TEXT PRIMARY KEY, file TEXT, changed_ns INTEGER, stage TEXT, status TEXT, reason TEXT,
  retry INTEGER, bytes INTEGER, sha256 TEXT, codec TEXT, given TEXT, metric TEXT, cost TEXT,
  log_check TEXT) WITHOUT ROWID"""
_INSERT = f"INSERT OR REPLACE INTO records VALUES ({', '.join('?' * 14)})"
_SELECT = "SELECT * FROM records WHERE key = ?"

Row = tuple[
    str, str, int, str, str, str, int, int | None, str | None, str, str, str, str, str
]  # the columns of the table


class RecordIndex:
    """Briefs of the records of one folder; each is as fresh as the record's file on every call.

    read: records that were read because the index did not know them as they are.
    """

    def __init__(self, folder: RecordFolder) -> None:
        self.path = folder.root.parent / INDEX_NAME
        self.read = 0
        self._folder = folder
        self._memory: sqlite3.Connection | None = None

    @property
    def connection(self) -> sqlite3.Connection:
        """The table `records`, a copy of this process alone."""
        if self._memory is None:
            self._memory = self._load()
        return self._memory

    def brief(self, key: str) -> Brief | None:
        """Return the brief of a record, None when there is none or it is damaged.

        Raises:
            StoreError: the record exists and cannot be read.
        """
        name = f"{self._folder.root}/{key[:2]}/{key}.json"
        try:
            status = os.stat(name)  # noqa: PTH116 - a hundred thousand times
        except FileNotFoundError:
            return None
        except OSError as problem:
            raise StoreError(f"{name}: cannot be read: {problem.strerror}") from problem
        return self._current(key, status)

    def refresh(self) -> Iterator[int]:
        """Make the index one of all the records there are; yields how many have been seen."""
        keys = set[str]()
        for key, status in record_files(self._folder.root):
            self._current(key, status)
            keys.add(key)
            if len(keys) % STEP == 0:
                yield len(keys)
        known = {key for (key,) in self.connection.execute("SELECT key FROM records")}
        gone = [(key,) for key in known - keys]
        self.connection.executemany("DELETE FROM records WHERE key = ?", gone)
        self.read += len(gone)
        yield len(keys)

    def save(self, at_least: int | None = None) -> bool:
        """Write the index if so many records (SAVED_FROM) had to be read; return whether it was.

        One that cannot be written is no fault: the records are read again.
        """
        least = SAVED_FROM if at_least is None else at_least
        if self._memory is None or self.read < least:
            return False
        temporary = temporary_name(self.path, self._folder.root / HALF_WRITTEN)
        with suppress(OSError, sqlite3.Error):
            try:
                temporary.parent.mkdir(parents=True, exist_ok=True)
                self._write(temporary)
                temporary.replace(self.path)
                self.read = 0
            finally:
                temporary.unlink(missing_ok=True)
        return not self.read

    def _write(self, path: Path) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as target:
            target.execute("PRAGMA journal_mode = OFF")
            target.execute("PRAGMA synchronous = OFF")
            self.connection.execute("COMMIT")
            self.connection.backup(target)
            self.connection.execute("BEGIN")
            settled = path.stat().st_mtime_ns - SETTLED_NS  # by the clock of the file system
            target.execute("DELETE FROM records WHERE changed_ns > ?", (settled,))
        with path.open("r+b") as file:
            content = file.read()
            file.seek(CRC_AT.start)
            file.write(_crc(content))

    def _load(self) -> sqlite3.Connection:
        """Return a copy of the file in memory, an empty one where it is absent or of no use."""
        memory = sqlite3.connect(
            ":memory:",
            isolation_level=None,
            check_same_thread=False,  # one thread at a time uses it, not always the same
        )
        try:
            content = self.path.read_bytes()
            if content[CRC_AT] != _crc(content):
                self._discard("not what was written")
            else:
                uri = f"file:{quote(str(self.path))}?mode=ro&immutable=1"
                with closing(sqlite3.connect(uri, uri=True)) as source:
                    source.backup(memory)
        except FileNotFoundError:
            pass
        except (OSError, sqlite3.Error) as problem:
            self._discard(f"{problem}")
        if memory.execute("PRAGMA user_version").fetchone() != (LAYOUT,):
            memory.execute("DROP TABLE IF EXISTS records")
            memory.execute(f"PRAGMA user_version = {LAYOUT}")
            memory.execute(_TABLE)
        memory.execute("BEGIN")  # one transaction for all rows: one for each costs more than they
        return memory

    def _discard(self, reason: str) -> None:
        """Say that the index is of no use, and take its file away so that it is said once."""
        self._folder.warn(f"{self.path}: damaged index: {reason}; made anew from the records")
        with suppress(OSError):
            self.path.unlink()

    def _current(self, key: str, status: os.stat_result) -> Brief | None:
        file = f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"
        row: Row | None = self.connection.execute(_SELECT, (key,)).fetchone()
        if row is not None and row[1] == file:
            return _brief(row)
        record = self._folder.read(key)
        self.read += 1
        if record is None:
            return None
        brief = brief_of(record)
        changed_ns = max(status.st_mtime_ns, status.st_ctime_ns)
        self.connection.execute(_INSERT, _row_of(brief, file, changed_ns))
        return brief


def record_files(root: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Yield key and status of every file that is named as a record, folder by folder."""
    for shard in sorted(_entries(root), key=lambda entry: entry.name):
        if len(shard.name) != 2 or not shard.is_dir():
            continue
        for entry in _entries(Path(shard.path)):
            key, dot, suffix = entry.name.partition(".")
            if suffix == "json" and dot and key[:2] == shard.name:
                with suppress(FileNotFoundError):
                    yield key, entry.stat()


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except FileNotFoundError:
        return []
    except OSError as problem:
        raise StoreError(f"{folder}: cannot be read: {problem.strerror}") from problem


def _crc(content: bytes) -> bytes:
    """Return the CRC-32 of a database file, its own place counted as zero."""
    view = memoryview(content)
    start = zlib.crc32(bytes(4), zlib.crc32(view[: CRC_AT.start]))
    return zlib.crc32(view[CRC_AT.stop :], start).to_bytes(4, "big")


def _row_of(brief: Brief, file: str, changed_ns: int) -> Row:
    output = brief.output
    return (
        brief.key,
        file,
        changed_ns,
        brief.stage,
        brief.status,
        brief.reason,
        int(brief.retry),
        None if output is None else output.bytes,
        None if output is None else output.sha256,
        brief.codec,
        brief.given,
        brief.metric,
        json.dumps(brief.cost) if brief.cost else "",
        json.dumps(brief.log_check) if brief.log_check else "",
    )


def _brief(row: Row) -> Brief:
    key, _, _, stage, status, reason, retry, size, sha256, codec, given, metric = row[:12]
    cost, log_check = row[12:]
    return Brief(
        key,
        stage,
        status,
        reason,
        retry == 1,
        None if size is None or sha256 is None else Output(size, sha256),
        codec,
        given,
        metric,
        json.loads(cost) if cost else {},
        json.loads(log_check) if log_check else {},
    )

"""The archive of a submission: written to the same bytes everywhere, unpacked without trust.

A ZIP file with stored (not compressed) entries in the order of their names, one date for all:
bitstreams do not shrink, and no library's compressor decides the bytes. Reading takes compressed
entries too, of whoever made the archive, and refuses whatever could write outside the target or
fill the disk.
"""

from __future__ import annotations

import re
import shutil
import stat
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ctc.errors import ReportError

DATE = (1980, 1, 1, 0, 0, 0)
NAME = re.compile(r"[A-Za-z0-9_.@+~-]+(?:/[A-Za-z0-9_.@+~-]+)*")
MAX_NAME = 400
BLOCK = 1 << 20


@dataclass(frozen=True)
class Limits:
    """What an archive may hold: entries, and bytes once unpacked."""

    entries: int = 200_000
    total_bytes: int = 64 << 30


def write_archive(path: Path, files: Mapping[str, Path | bytes]) -> None:
    """Write files under their names in the archive; the same content gives the same bytes.

    Raises:
        ReportError: a name that `unpack_archive` would refuse, or a file that cannot be read or
            written; nothing is left behind.
    """
    temporary = path.with_name(f".{path.name}.part")
    try:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
            for name in sorted(files):
                _refuse_name(path, name)
                entry = zipfile.ZipInfo(name, DATE)
                entry.create_system = 3
                entry.external_attr = (stat.S_IFREG | 0o644) << 16
                content = files[name]
                size = len(content) if isinstance(content, bytes) else content.stat().st_size
                with archive.open(entry, "w", force_zip64=size >= 1 << 31) as target:
                    if isinstance(content, bytes):
                        target.write(content)
                    else:
                        with content.open("rb") as source:
                            shutil.copyfileobj(source, target, BLOCK)
        temporary.replace(path)
    except OSError as problem:
        raise ReportError(f"{path}: cannot be written: {problem.strerror}") from problem
    finally:
        temporary.unlink(missing_ok=True)


def unpack_archive(path: Path, target: Path, limits: Limits | None = None) -> list[str]:
    """Unpack into the empty folder `target`; return the names of the files.

    Raises:
        ReportError: not a ZIP file, damaged, encrypted, a link, a name that leads elsewhere or
            comes twice, or more than the limits allow.
    """
    limits = limits or Limits()
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [e for e in archive.infolist() if not e.is_dir()]
            _refuse_entries(path, archive.infolist(), limits)
            left = limits.total_bytes
            for entry in entries:
                left -= _unpack(path, archive, entry, target / entry.filename, left)
            return [entry.filename for entry in entries]
    except (zipfile.BadZipFile, EOFError, NotImplementedError, ValueError) as problem:
        raise ReportError(f"{path}: not a usable ZIP file: {problem}") from problem
    except OSError as problem:
        raise ReportError(f"{path}: cannot be unpacked: {problem.strerror}") from problem


def _refuse_entries(path: Path, entries: list[zipfile.ZipInfo], limits: Limits) -> None:
    if len(entries) > limits.entries:
        raise ReportError(f"{path}: {len(entries)} entries: at most {limits.entries} are allowed")
    declared = sum(entry.file_size for entry in entries)
    if declared > limits.total_bytes:
        raise ReportError(
            f"{path}: {declared} bytes once unpacked: at most {limits.total_bytes} are allowed"
        )
    seen: set[str] = set()
    for entry in entries:
        name = entry.filename.rstrip("/") if entry.is_dir() else entry.filename
        _refuse_name(path, name)
        mode = entry.external_attr >> 16
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise ReportError(f"{path}: '{name}' is a link or a device: only files are allowed")
        if entry.flag_bits & 1:
            raise ReportError(f"{path}: '{name}' is encrypted")
        # On some file systems A and a are one file, so the second would overwrite the first.
        if name.casefold() in seen:
            raise ReportError(f"{path}: '{name}' comes twice")
        seen.add(name.casefold())


def _refuse_name(path: Path, name: str) -> None:
    parts = name.split("/")
    if not NAME.fullmatch(name) or len(name) > MAX_NAME or any(p in {".", ".."} for p in parts):
        raise ReportError(
            f"{path}: entry {name[:80]!r}: a name is letters, digits and _ . @ + ~ - in folders "
            "separated by '/', below the archive's own folder"
        )


def _unpack(
    path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, left: int
) -> int:
    """Write one entry; return its size. The size an entry declares is not believed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with archive.open(entry) as source, target.open("xb") as out:
        while block := source.read(BLOCK):
            written += len(block)
            if written > min(left, entry.file_size):
                raise ReportError(f"{path}: '{entry.filename}' is longer than it declares")
            out.write(block)
    return written

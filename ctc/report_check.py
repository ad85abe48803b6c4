"""Reports of a campaign against the same reports made again: the first difference by cell."""

from __future__ import annotations

import csv
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from math import isclose
from pathlib import Path

from ctc.errors import ReportError
from ctc.workbook_cells import read_workbook

RELATIVE = 1e-9
MAX_IMAGE_BYTES = 1 << 30
REPORT_NAMES = ("report.xlsx", "report.html", "report.md")
REPORT_FOLDERS = ("tables", "plots")


@dataclass(frozen=True)
class Difference:
    """The first cell of a file that is not what the records give, and how many there are."""

    file: str
    where: str
    stored: str
    derived: str
    count: int = 1

    def __str__(self) -> str:
        more = f" ({self.count} cells differ)" if self.count > 1 else ""
        return f"{self.file}: {self.where}: is {self.stored}, records give {self.derived}{more}"


Cells = Iterator[tuple[str, object]]


def report_files(folder: Path) -> list[str]:
    """Return the names of the reports in a campaign's folder, relative to it."""
    names = [name for name in REPORT_NAMES if (folder / name).is_file()]
    for inner in REPORT_FOLDERS:
        names += sorted(
            str(path.relative_to(folder)) for path in (folder / inner).rglob("*") if path.is_file()
        )
    return names


def compare_reports(stored: Path, derived: Path) -> tuple[list[Difference], int]:
    """Return the differing files of two folders of reports, and how many cells were compared."""
    differences, cells = [], 0
    ours, theirs = report_files(derived), report_files(stored)
    for name in sorted({*ours, *theirs}):
        if name not in theirs:
            differences.append(Difference(name, "file", "missing", "a report"))
        elif name not in ours:
            differences.append(Difference(name, "file", "there", "none of this name"))
        else:
            difference, count = compare_files(stored / name, derived / name, name)
            cells += count
            if difference is not None:
                differences.append(difference)
    return differences, cells


def compare_files(stored: Path, derived: Path, name: str) -> tuple[Difference | None, int]:
    """Return the first difference of two files of one kind, and how many cells were compared."""
    cells = CELLS.get(stored.suffix, _line_cells)
    try:
        return _compare_cells(cells(stored), cells(derived), name)
    except (OSError, UnicodeDecodeError, csv.Error, ReportError) as problem:
        return Difference(name, "file", f"unreadable ({problem})", "a report"), 0


def _compare_cells(stored: Cells, derived: Cells, name: str) -> tuple[Difference | None, int]:
    first: Difference | None = None
    count = differing = 0
    for ours, theirs in zip_longest(derived, stored):
        count += 1
        if ours is not None and theirs is not None and ours[0] == theirs[0]:
            if same_value(theirs[1], ours[1]):
                continue
            found = Difference(name, ours[0], _shown(theirs[1]), _shown(ours[1]))
        else:
            where = (ours or theirs or ("", None))[0]
            found = Difference(
                name,
                where,
                _shown(theirs[1] if theirs else None),
                _shown(ours[1] if ours else None),
            )
        differing += 1
        first = first or found
    if first is None:
        return None, count
    return Difference(first.file, first.where, first.stored, first.derived, differing), count


def same_value(stored: object, derived: object) -> bool:
    """Whether two cells are the same: text exactly, numbers to 1e-9 of their size.

    >>> same_value("1.0000000000001", "1"), same_value("1.01", "1"), same_value("", "1")
    (True, False, False)
    """
    if stored == derived:
        return True
    first, second = _number(stored), _number(derived)
    if first is None or second is None:
        return False
    return isclose(first, second, rel_tol=RELATIVE, abs_tol=1e-12)


def _number(value: object) -> float | None:
    if isinstance(value, (int, float)):
        return float(value)
    try:
        return float(str(value))
    except ValueError:
        return None


def _shown(value: object) -> str:
    text = "nothing" if value is None or value == "" else str(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _csv_cells(path: Path) -> Cells:
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        header = next(rows, [])
        yield "header", ",".join(header)
        for number, row in enumerate(rows, 2):
            for place, text in enumerate(row):
                column = header[place] if place < len(header) else str(place + 1)
                yield f"line {number}, column '{column}'", text


def _workbook_cells(path: Path) -> Cells:
    for sheet, cells in read_workbook(path).items():
        for reference, cell in cells.items():
            yield f"{sheet}!{reference}", cell.value
            if cell.formula:
                yield f"{sheet}!{reference} formula", cell.formula


def _line_cells(path: Path) -> Cells:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            yield f"line {number}", line.rstrip("\n")


def _picture_cells(path: Path) -> Cells:
    """Header and samples of a PNG file: the compressed bytes depend on the library's version."""
    content = path.read_bytes()
    if content[:8] != b"\x89PNG\r\n\x1a\n":
        raise ReportError(f"{path}: not a PNG file")
    data, at = b"", 8
    while at + 8 <= len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        kind, body = content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            yield "picture size", body.hex()
        if kind == b"IDAT":
            data += body
        at += 12 + length
    try:
        samples = zlib.decompressobj().decompress(data, MAX_IMAGE_BYTES)
    except zlib.error as problem:
        raise ReportError(f"{path}: damaged PNG file: {problem}") from problem
    yield "picture", zlib.crc32(samples)


CELLS: dict[str, Callable[[Path], Cells]] = {
    ".csv": _csv_cells,
    ".xlsx": _workbook_cells,
    ".png": _picture_cells,
}

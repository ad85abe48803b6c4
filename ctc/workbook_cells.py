"""Cells of a workbook as they are stored: what each sheet shows without recalculation.

Reads the XML inside the .xlsx file itself, so that checking a report needs no spreadsheet library.
Source: ECMA-376 part 1, clauses 18.2 (workbook), 18.3 (sheets), 18.4 (shared strings).
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from ctc.errors import ReportError

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
MAX_PART = 512 << 20


@dataclass(frozen=True, slots=True)
class WorkbookCell:
    """One cell: the cached value as a number or text, and its formula, empty when it has none."""

    value: float | str | None
    formula: str


Sheet = dict[str, WorkbookCell]


def read_workbook(path: Path) -> dict[str, Sheet]:
    """Return the cells of each sheet by reference (`B7`), sheets in the order of the workbook.

    Raises:
        ReportError: not an .xlsx file, damaged, or larger than is reasonable.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            strings = list(_shared_strings(path, archive))
            return {
                name: dict(_cells(path, archive, part, strings))
                for name, part in _sheets(path, archive)
            }
    except (zipfile.BadZipFile, LookupError, ElementTree.ParseError, ValueError) as problem:
        raise ReportError(f"{path}: not a readable workbook: {problem}") from problem
    except OSError as problem:
        raise ReportError(f"{path}: cannot be read: {problem.strerror}") from problem


def _part(path: Path, archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    if archive.getinfo(name).file_size > MAX_PART:
        raise ReportError(f"{path}: {name} is larger than {MAX_PART} bytes")
    text = archive.read(name)
    # Entities are the way to a file of a few lines that fills the memory; workbooks have none.
    if b"<!DOCTYPE" in text[:4096]:
        raise ReportError(f"{path}: {name} declares a document type: not a workbook's")
    return ElementTree.fromstring(text)


def _sheets(path: Path, archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """(name, part) of each sheet."""
    relations = {
        relation.attrib["Id"]: relation.attrib["Target"]
        for relation in _part(path, archive, "xl/_rels/workbook.xml.rels")
    }
    for sheet in _part(path, archive, "xl/workbook.xml").iter(f"{MAIN}sheet"):
        target = relations[sheet.attrib[RELATION]]
        yield sheet.attrib["name"], target.lstrip("/") if target[:1] == "/" else f"xl/{target}"


def _shared_strings(path: Path, archive: zipfile.ZipFile) -> Iterator[str]:
    if "xl/sharedStrings.xml" in archive.namelist():
        for item in _part(path, archive, "xl/sharedStrings.xml").iter(f"{MAIN}si"):
            yield "".join(text.text or "" for text in item.iter(f"{MAIN}t"))


def _cells(
    path: Path, archive: zipfile.ZipFile, part: str, strings: list[str]
) -> Iterator[tuple[str, WorkbookCell]]:
    for cell in _part(path, archive, part).iter(f"{MAIN}c"):
        formula = cell.findtext(f"{MAIN}f") or ""
        yield cell.attrib["r"], WorkbookCell(_value(cell, strings), formula)


def _value(cell: ElementTree.Element, strings: list[str]) -> float | str | None:
    kind = cell.attrib.get("t", "n")
    if kind == "inlineStr":
        return "".join(text.text or "" for text in cell.iter(f"{MAIN}t"))
    text = cell.findtext(f"{MAIN}v")
    if text is None:
        return None
    if kind == "s":
        return strings[int(text)]
    if kind != "n":
        return text
    return float(text) if text else None  # a formula whose cached value is empty

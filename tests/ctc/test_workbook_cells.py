"""Cells of a workbook against openpyxl's reading of the same file."""

from __future__ import annotations

import zipfile
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from ctc.errors import ReportError
from ctc.workbook_cells import read_workbook


def workbook(path: Path) -> Path:
    book = xlsxwriter.Workbook(path)
    first, second = book.add_worksheet("Summary"), book.add_worksheet("Über A&B")
    first.write("A1", "text")
    first.write("B2", -0.123456789012345678)
    first.write_formula("C3", "=B2*2", value=-0.246913578024691)
    first.write_formula("D4", '=IF(B2>0,B2,"no-overlap")', value="no-overlap")
    first.write_formula("F6", '=IF(B2>0,B2,"")', value="")
    first.write_blank("E5", None, book.add_format({"bold": True}))
    second.write("A1", 1e300)
    second.write("A2", "two\nlines <b>")
    second.write_rich_string("A3", "rich ", book.add_format({"bold": True}), "bold", " end")
    book.close()
    return path


def test_values_and_formulas_agree_with_openpyxl(tmp_path: Path) -> None:
    path = workbook(tmp_path / "x.xlsx")
    ours = read_workbook(path)
    assert list(ours) == ["Summary", "Über A&B"]
    values, formulas = openpyxl.load_workbook(path, data_only=True), openpyxl.load_workbook(path)
    compared = 0
    for name, sheet in ours.items():
        for reference, cell in sheet.items():
            assert cell.value == values[name][reference].value
            peer = formulas[name][reference].value
            assert (f"={cell.formula}" == peer) if cell.formula else not str(peer).startswith("=")
            compared += 1
    assert compared == 9
    assert ours["Summary"]["D4"].value == "no-overlap"


@pytest.mark.parametrize("damage", ["text", "no-sheet", "bad-xml", "entity", "no-string"])
def test_what_is_no_workbook_is_one_clear_error(tmp_path: Path, damage: str) -> None:
    path = workbook(tmp_path / "x.xlsx")
    if damage == "text":
        path.write_text("hello")
    else:
        with zipfile.ZipFile(path) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        sheet = parts.pop("xl/worksheets/sheet1.xml")
        if damage == "bad-xml":
            parts["xl/worksheets/sheet1.xml"] = sheet[:100]
        if damage == "no-string":
            parts["xl/worksheets/sheet1.xml"] = sheet.replace(b"<v>0</v>", b"<v>99</v>", 1)
        if damage == "entity":
            entity = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]>'
            parts["xl/worksheets/sheet1.xml"] = entity + sheet[sheet.index(b"<worksheet") :]
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
    with pytest.raises(ReportError, match=r"not a readable workbook|declares a document type"):
        read_workbook(path)
    with pytest.raises(ReportError, match="cannot be read: No such file"):
        read_workbook(tmp_path / "none.xlsx")

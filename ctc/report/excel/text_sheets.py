"""The sheets Signatures (what reproduces the numbers) and Notes (every absent value and why)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ctc.report.data import ReportData
from ctc.report.excel.styles import Styles
from ctc.report.signatures import signature_rows
from ctc.report.tables import Table

SIGNATURES, NOTES, SET_FIGURES = "Signatures", "Notes", "Set figures"
NOTE_HEADS = ("Configuration", "Sequence", "Card", "Rate point", "Figure", "Reason")


def write_signatures(sheet: Any, styles: Styles, data: ReportData) -> None:
    """Write one row for each signature, digest and item of provenance."""
    sheet.write_string(0, 0, "Signatures", styles["title"])
    sheet.write_string(1, 0, "What has to be equal for the numbers to be equal", styles["subtitle"])
    _head(sheet, styles, ("Kind", "Name", "Signature"), (26, 26, 100))
    for row, (kind, name, text) in enumerate(signature_rows(data), start=4):
        sheet.write_string(row, 0, kind, styles["text"])
        sheet.write_string(row, 1, name, styles["text"])
        sheet.write_string(row, 2, text, styles["code"])


def write_notes(sheet: Any, styles: Styles, data: ReportData, remarks: Sequence[str]) -> None:
    """Write remarks on the workbook, then one row for each absent or doubtful value."""
    sheet.write_string(0, 0, "Notes", styles["title"])
    count = f"{len(data.notes)} absent or doubtful values; an empty cell is never a zero"
    sheet.write_string(1, 0, count, styles["subtitle"])
    _head(sheet, styles, NOTE_HEADS, (18, 24, 16, 11, 20, 90))
    row = 4
    for remark in remarks:
        sheet.write_string(row, 0, "Workbook", styles["text"])
        sheet.write_string(row, 5, remark, styles["text"])
        row += 1
    for note in data.notes:
        fields = (note.configuration, note.sequence, note.card, note.rate_point, note.figure)
        for column, text in enumerate(fields):
            sheet.write_string(row, column, text, styles["text"])
        sheet.write_string(row, 5, note.reason, styles["text"])
        row += 1
    if row > 4:
        sheet.autofilter(3, 0, row - 1, len(NOTE_HEADS) - 1)


def write_set_figures(sheet: Any, styles: Styles, table: Table) -> None:
    """Write one row for each figure of the whole set, a reason where one is withheld."""
    sheet.write_string(0, 0, table.title, styles["title"])
    sheet.write_string(1, 0, "; ".join(table.notes), styles["subtitle"])
    _head(sheet, styles, table.header, (18, 20, 12, 28, 60, 12, 12))
    for row, cells in enumerate(table.rows, start=4):
        for column, cell in enumerate(cells):
            if cell.value is None:
                sheet.write_string(row, column, cell.text, styles["text"])
            else:
                sheet.write_number(row, column, cell.value, styles["text"])


def _head(sheet: Any, styles: Styles, heads: Sequence[str], widths: Sequence[int]) -> None:
    for column, (text, width) in enumerate(zip(heads, widths, strict=True)):
        sheet.write_string(3, column, text, styles["head_left"])
        sheet.set_column(column, column, width)
    sheet.freeze_panes(4, 0)

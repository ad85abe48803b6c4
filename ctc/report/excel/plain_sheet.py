"""A worksheet that writes formulas as they are given and numbers with all their digits.

Each method takes the place of a slower one of the library that does the same; were one of those
to go in another version, only speed and the last digit would be lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, NamedTuple

from xlsxwriter.worksheet import Worksheet

from ctc.report.excel.cells import cell as reference

worksheet: Any = Worksheet


class Formula(NamedTuple):
    """A formula cell; the library knows the kinds of cells by the names of their classes."""

    formula: str
    format: Any
    value: float | str


class PlainSheet(worksheet):  # type: ignore[misc]
    """A worksheet for formulas that use no function newer than Excel 2007."""

    def plain_formula(
        self, row: int, column: int, formula: str, look: Any = None, value: float | str = 0
    ) -> int:
        """Store a formula and the value it has, by row and column counted from 0."""
        if self._check_dimensions(row, column):
            return -1
        self.table[row][column] = Formula(formula.removeprefix("="), look, value)
        return 0

    # The library searches each formula for newer functions, 0.1 ms each.
    _write_formula = plain_formula

    def _xml_number_element(
        self, number: float, attributes: Sequence[tuple[str, Any]] = ()
    ) -> None:
        """Write all digits: with the library's 16 another double may be read back."""
        places = "".join(f' {key}="{value}"' for key, value in attributes)
        self.fh.write(f"<c{places}><v>{number!r}</v></c>")

    def _write_cell(self, row: int, column: int, cell: Any) -> None:
        """Write a formula in one piece; a campaign has a million of them."""
        if not isinstance(cell, Formula) or cell.format is None:
            super()._write_cell(row, column, cell)
            return
        value, kind = cell.value, ""
        if isinstance(value, str):
            kind = ' t="str"' if value else ""
            value = escape(value, quote=False)
        formula = cell.formula
        if "<" in formula or ">" in formula or "&" in formula:
            formula = escape(formula, quote=False)
        look = cell.format._get_xf_index()
        place = reference(row, column)
        self.fh.write(f'<c r="{place}" s="{look}"{kind}><f>{formula}</f><v>{value}</v></c>')

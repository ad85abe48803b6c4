"""The sheet BD-calculation: one row of plain-cell formulas for each pair of curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ctc.bd_rate import BdStatus
from ctc.comparison import CardComparison, Comparison, SequenceFigure
from ctc.report.excel.cells import block, cell, column_letters, on_sheet
from ctc.report.excel.layout import RATE_COLUMN, ConfigurationLayout, DataSheet, TestSheet
from ctc.report.excel.pchip_cells import (
    IDENTITY,
    RESULT,
    CurveColumns,
    PairColumns,
    curve_template,
    result_template,
)
from ctc.report.excel.pchip_values import Cached, curve_values, interval
from ctc.report.excel.styles import Styles

NAME = "BD-calculation"
FIRST_ROW = 5
EXPLANATION = (
    "One row per pair of curves. x: qualities from worst to best (negated where less is better), "
    "y: log10 of rate, s: secants, d: slopes, u: x within the common interval, i: integrals.",
    "BD-rate = 10^((sum of test i - sum of anchor i) / (high - low)) - 1, as PCHIP in JVET-T2010. "
    "The cells read the Anchor-* and Test-* sheets: paste other points there and they follow.",
)


@dataclass
class BdRows:
    """Rows of the calculation sheet by configuration, card and metric, filled while planning."""

    columns: PairColumns
    first: dict[tuple[str, str, str], int] = field(default_factory=dict)
    end: int = FIRST_ROW

    def range(self, key: tuple[str, str, str], span: tuple[int, int], column: int) -> str:
        """Reference to one column for consecutive sequences."""
        top = self.first[key]
        return on_sheet(NAME, block((top + span[0], column), (top + span[1], column)))

    def cell(self, key: tuple[str, str, str], place: int, column: int) -> str:
        """Reference to one cell."""
        return on_sheet(NAME, cell(self.first[key] + place, column))


def plan_rows(layouts: Sequence[ConfigurationLayout]) -> BdRows:
    """Return the row of every pair; wide enough for the card with most rate points."""
    counts = [len(sheet.labels) for x in layouts for sheet in (x.anchor, *_data(x))]
    rows = BdRows(PairColumns(max([2, *counts])))
    row = FIRST_ROW
    for layout in layouts:
        for test in layout.tests:
            for metric in layout.configuration.metrics:
                rows.first[layout.configuration.name, test.data.card, metric.name] = row
                row += len(layout.sequences)
    rows.end = row
    return rows


def _data(layout: ConfigurationLayout) -> list[DataSheet]:
    return [test.data for test in layout.tests]


def write_bd_sheet(
    sheet: Any,
    styles: Styles,
    rows: BdRows,
    pairs: Sequence[tuple[ConfigurationLayout, Comparison]],
) -> None:
    """Write headings and every row, in the order planned."""
    columns = rows.columns
    sheet.write_string(0, 0, "BD-rate calculation", styles["title"])
    for row, line in enumerate(EXPLANATION, start=1):
        sheet.write_string(row, 0, line, styles["subtitle"])
    sheet.write_string(3, columns.anchor.first, "Anchor", styles["band_anchor"])
    sheet.write_string(3, columns.test.first, "Tested", styles["band_test"])
    names = (*IDENTITY, *RESULT, *columns.anchor.headings(), *columns.test.headings())
    for column, name in enumerate(names):
        sheet.write_string(4, column, name, styles["head"])
    sheet.freeze_panes(FIRST_ROW, columns.anchor.first)
    sheet.print_area(0, 0, max(rows.end - 1, FIRST_ROW), columns.value)
    sheet.set_column(0, 4, 18)
    sheet.set_column(5, len(names) - 1, 10)
    for layout, comparison in pairs:
        for test, card in zip(layout.tests, comparison.cards, strict=True):
            _write_card(sheet, styles, rows, layout, comparison, test, card)


def _write_card(
    sheet: Any,
    styles: Styles,
    rows: BdRows,
    layout: ConfigurationLayout,
    comparison: Comparison,
    test: TestSheet,
    card: CardComparison,
) -> None:
    writer = _RowWriter(sheet, styles, rows.columns, layout.anchor, test.data, comparison)
    for found in card.metrics:
        first = rows.first[layout.configuration.name, card.card, found.metric.name]
        by_sequence = {figure.sequence: figure for figure in found.sequences}
        for place, (sequence, sequence_class) in enumerate(layout.sequences):
            names = (layout.configuration.name, card.card, sequence_class, sequence)
            figure = by_sequence[sequence]
            lower = not found.metric.higher_is_better
            writer.identity(first + place, (*names, found.metric.title))
            writer.row(first + place, place, found.metric.name, lower, figure)


@dataclass
class _RowWriter:
    """Writes rows of one card against its anchor."""

    sheet: Any
    styles: Styles
    columns: PairColumns
    anchor: DataSheet
    test: DataSheet
    comparison: Comparison

    def identity(self, row: int, names: Sequence[str]) -> None:
        for column, name in enumerate(names):
            self.sheet.write_string(row, column, name, self.styles["text"])

    def row(self, row: int, place: int, metric: str, lower: bool, found: SequenceFigure) -> None:
        settings, columns = self.comparison.settings, self.columns
        rate = found.bd_rate
        result: Cached = rate.status.value if rate.value is None else rate.value
        overlap: Cached = "" if rate.overlap is None else rate.overlap
        points = min(len(self.anchor.labels), len(self.test.labels))
        if (
            not points
            or settings.interpolation != "pchip"
            or rate.status is BdStatus.NOT_COMPARABLE
        ):
            self._plain(row, [overlap, rate.status.value, result])
            return
        low, high = interval(found.anchor_curve, found.test_curve, lower)
        templates = result_template(columns, settings.minimum_overlap)
        values: list[Cached] = [low, high, overlap, rate.status.value, result]
        write = self.sheet.plain_formula
        number, percent = self.styles["exact"], self.styles["percent"]
        text = str(row + 1)
        for offset, (formula, value) in enumerate(zip(templates, values, strict=True)):
            look = percent if offset in (2, 4) else number
            write(row, columns.result + offset, formula.replace("{r}", text), look, value)
        for data, curve, place_of in (
            (self.anchor, found.anchor_curve, columns.anchor),
            (self.test, found.test_curve, columns.test),
        ):
            formulas = _curve_formulas(place_of, len(data.labels), lower, self._ends())
            quality = data.range(place, place, data.metric_column(metric))
            rates = data.range(place, place, RATE_COLUMN)
            cached = curve_values(curve, columns.slots, lower, low, high)
            filled = formulas.replace("{r}", text).replace("{Q}", quality).replace("{R}", rates)
            cells = zip(filled.split("\n"), cached, strict=True)
            for column, (formula, value) in enumerate(cells, start=place_of.first):
                if formula:
                    write(row, column, formula, number, value)

    def _ends(self) -> str:
        low, high = (column_letters(self.columns.result + offset) for offset in (0, 1))
        return f"{low}{{r}},{high}{{r}}"

    def _plain(self, row: int, values: Sequence[Cached]) -> None:
        """Write figures that no pasted point changes: not PCHIP, or curves of unlike conditions."""
        looks = (self.styles["percent"], self.styles["text"], self.styles["percent"])
        for offset, (value, look) in enumerate(zip(values, looks, strict=True), start=2):
            if value != "":
                self.sheet.write(row, self.columns.result + offset, value, look)


@lru_cache(maxsize=64)
def _curve_formulas(place: CurveColumns, points: int, lower: bool, ends: str) -> str:
    """All formulas of a curve, one a line, so that a row is filled in at one stroke."""
    return "\n".join(curve_template(place, points, lower, ends))

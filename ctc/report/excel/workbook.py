"""report.xlsx as a whole: plans the sheets, then writes them in the order they are read."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from ctc.comparison import Comparison
from ctc.report.data import ReportData
from ctc.report.excel import (
    bd_sheet,
    picture_sheet,
    summary_sheet,
    text_sheets,
    uncertainty_sheet,
)
from ctc.report.excel.chart_sheet import ChartSheet, shown_metrics
from ctc.report.excel.configuration_sheet import ConfigurationSheet
from ctc.report.excel.data_sheets import write_data_sheet
from ctc.report.excel.layout import ConfigurationLayout, plan_layout
from ctc.report.excel.page import set_page
from ctc.report.excel.plain_sheet import PlainSheet
from ctc.report.excel.styles import Styles
from ctc.report.excel.summary_sheet import Tested
from ctc.report.picture_set import PictureSet
from ctc.report.set_figures import set_table

# Not the time of writing: equal records shall give equal bytes.
CREATED = datetime(2020, 1, 1)
OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}


def write_workbook(data: ReportData, path: Path, pictures: Sequence[PictureSet] = ()) -> None:
    """Write the workbook of a campaign; equal results give equal bytes."""
    book = xlsxwriter.Workbook(str(path), OPTIONS)
    book.set_properties({"title": f"Campaign {data.results.name}", "created": CREATED})
    book.set_calc_mode("auto")
    with _no_collection():
        try:
            _write(book, data, pictures)
        finally:
            book.close()


@contextmanager
def _no_collection() -> Iterator[None]:
    """Pause the search for cyclic garbage: it walks a million cells again and again for nothing."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _write(book: Any, data: ReportData, pictures: Sequence[PictureSet]) -> None:
    styles = Styles(book)
    layouts = plan_layout(data.results)
    rows = bd_sheet.plan_rows(layouts)
    pairs = list(zip(layouts, data.comparisons, strict=True))
    sheets = _add_sheets(book, layouts, bool(pictures), bool(data.set_rows))
    tested = [found for pair in pairs for found in _configuration(sheets, styles, data, pair, rows)]
    summary_sheet.write_summary(sheets[summary_sheet.NAME], styles, data, tested, rows)
    for layout, _ in pairs:
        chart_sheet = sheets[layout.charts]
        ChartSheet(book, chart_sheet, styles, data.results, layout).write()
        for sheet in (layout.anchor, *(test.data for test in layout.tests)):
            write_data_sheet(sheets[sheet.name], styles, data.results, layout, sheet)
    bd_sheet.write_bd_sheet(sheets[bd_sheet.NAME], styles, rows, pairs)
    uncertainty_sheet.write_uncertainty(sheets[uncertainty_sheet.NAME], styles, data)
    if pictures:
        picture_sheet.write_pictures(sheets[picture_sheet.NAME], styles, data, pictures)
    of_set = set_table(data.set_rows)
    if of_set is not None:
        text_sheets.write_set_figures(sheets[text_sheets.SET_FIGURES], styles, of_set)
    text_sheets.write_signatures(sheets[text_sheets.SIGNATURES], styles, data)
    text_sheets.write_notes(sheets[text_sheets.NOTES], styles, data, remarks(pairs))
    wide = {test.name for layout in layouts for test in layout.tests}
    unrepeated = {summary_sheet.NAME, picture_sheet.NAME, *(layout.charts for layout in layouts)}
    for name, sheet in sheets.items():
        repeat = None if name in unrepeated else (2, 3)
        title = f"{data.results.name} · {data.results.conditions}"
        set_page(sheet, title, repeat, wide=name in wide)
    sheets[summary_sheet.NAME].activate()


def _add_sheets(
    book: Any, layouts: Sequence[ConfigurationLayout], pictures: bool, of_set: bool
) -> dict[str, Any]:
    names = [summary_sheet.NAME]
    for layout in layouts:
        names += [*(test.name for test in layout.tests), layout.charts]
    names += [picture_sheet.NAME] if pictures else []
    names += [text_sheets.SET_FIGURES] if of_set else []
    names += [uncertainty_sheet.NAME, text_sheets.SIGNATURES, text_sheets.NOTES]
    for layout in layouts:
        names += [layout.anchor.name, *(test.data.name for test in layout.tests)]
    names.append(bd_sheet.NAME)
    sheets = {name: book.add_worksheet(name, worksheet_class=PlainSheet) for name in names}
    colours = {summary_sheet.NAME: "#1f3a5f", bd_sheet.NAME: "#b07800"}
    for layout in layouts:
        colours |= {test.name: "#0072b2" for test in layout.tests} | {layout.charts: "#009e73"}
    for name, colour in colours.items():
        sheets[name].set_tab_color(colour)
    return sheets


def _configuration(
    sheets: dict[str, Any],
    styles: Styles,
    data: ReportData,
    pair: tuple[ConfigurationLayout, Comparison],
    rows: bd_sheet.BdRows,
) -> list[Tested]:
    layout, comparison = pair
    found = []
    for test, card in zip(layout.tests, comparison.cards, strict=True):
        sheet = sheets[test.name]
        writer = ConfigurationSheet(
            sheet, styles, data.results, layout, comparison, test, card, rows
        )
        found.append(Tested(layout, comparison, test, card, writer.write()))
    return found


def remarks(pairs: Sequence[tuple[ConfigurationLayout, Comparison]]) -> list[str]:
    """Return what the reader has to know of the workbook itself."""
    found = []
    for layout, comparison in pairs:
        name = layout.configuration.name
        if comparison.settings.interpolation != "pchip":
            found.append(
                f"{name}: BD-rates by {comparison.settings.interpolation} are numbers, "
                "not formulas; only PCHIP is written as formulas"
            )
        shown = shown_metrics(layout)
        if len(shown) < len(layout.configuration.metrics):
            found.append(f"{name}: charts show {shown[0].title} alone; plots/ holds every metric")
    return found

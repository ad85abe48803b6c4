"""The first sheet: classes by metrics for every tested card, run-time ratios, success, codecs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ctc.comparison import CardComparison, Comparison
from ctc.report.codec_costs import HEADS, cost_table
from ctc.report.data import ReportData
from ctc.report.excel.bd_sheet import BdRows
from ctc.report.excel.cells import cell
from ctc.report.excel.configuration_sheet import MeanCells
from ctc.report.excel.layout import STATUS_COLUMN, ConfigurationLayout, TestSheet
from ctc.report.excel.means import mean_formula, spans_of, success_formula, time_formula
from ctc.report.excel.styles import Styles
from ctc.report.index import PointIndex
from ctc.results import Status

NAME = "Summary"
FIRST_FIGURE = 2
VERSION_COLUMN, COSTS_COLUMN = 5, 8
LOOKS = ("number", "integer", "number", "number", "integer", "integer")


@dataclass(frozen=True)
class Tested:
    """One tested card with the place of its means."""

    layout: ConfigurationLayout
    comparison: Comparison
    test: TestSheet
    card: CardComparison
    means: MeanCells


def write_summary(
    sheet: Any, styles: Styles, data: ReportData, tested: Sequence[Tested], rows: BdRows
) -> None:
    """Write one table per tested card, then the codecs."""
    results = data.results
    sheet.write_string(0, 0, f"Campaign {results.name}", styles["title"])
    method = data.results.bd_rate
    least = float(method.get("minimum_overlap", 0.5))
    lines = (
        f"Conditions {results.conditions} {results.conditions_version}. "
        "Negative BD-rate (green): less rate at equal quality.",
        f"BD-rate by {method.get('interpolation', 'pchip')} over log10 of rate; class figures are "
        f"means of sequences, withheld when one is undefined; italic: overlap below {least:.0%}.",
    )
    for row, line in enumerate(lines, start=1):
        sheet.write_string(row, 0, line, styles["subtitle"])
    widest = max((len(t.layout.configuration.metrics) for t in tested), default=1)
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 6)
    last = max(FIRST_FIGURE + widest + 2, COSTS_COLUMN + len(HEADS) - 1)
    sheet.set_column(FIRST_FIGURE, last, 14)
    sheet.freeze_panes(4, 1)
    row = 4
    for entry in tested:
        row = _write_table(sheet, styles, data, entry, rows, row) + 2
    _write_codecs(sheet, styles, data, row)


def _write_table(
    sheet: Any, styles: Styles, data: ReportData, entry: Tested, rows: BdRows, row: int
) -> int:
    cards = data.results.cards
    title, anchor = cards[entry.card.card].title, cards[entry.comparison.anchor].title
    metrics = [metric.title for metric in entry.layout.configuration.metrics]
    last = FIRST_FIGURE + len(metrics) + 2
    sheet.write_string(row, 0, f"{entry.comparison.configuration}: {title}", styles["section"])
    for column in range(1, last + 1):
        sheet.write_blank(row, column, None, styles["section"])
    sheet.merge_range(row + 1, 0, row + 1, 1, "", styles["head"])
    sheet.merge_range(row + 1, FIRST_FIGURE, row + 1, last, f"Over {anchor}", styles["head"])
    heads = ["Class", "N", *metrics, "EncT", "DecT", "Success"]
    for column, text in enumerate(heads):
        sheet.write_string(row + 2, column, text, styles["head_left" if column == 0 else "head"])
    names = [mean.name for mean in (*entry.card.metrics[0].classes, entry.card.metrics[0].overall)]
    for place in range(len(names)):
        _write_row(sheet, styles, entry, rows, row + 3 + place, place, place == len(names) - 1)
    _colour(sheet, styles, entry, rows, row + 3, names)
    return row + 3 + len(names)


def _write_row(
    sheet: Any, styles: Styles, entry: Tested, rows: BdRows, row: int, place: int, overall: bool
) -> None:
    card, layout = entry.card, entry.layout
    means = [(*metric.classes, metric.overall)[place] for metric in card.metrics]
    name, conf = means[0].name, layout.configuration.name
    spans = spans_of(layout, name)
    exclude = entry.comparison.settings.on_low_overlap == "exclude"
    text, centre = styles["bold_top" if overall else "text"], styles["centre_top"]
    sheet.write_string(row, 0, name if overall else f"Class {name}", text)
    sheet.write_number(row, 1, means[0].total, centre if overall else styles["centre"])
    percent = styles["percent_bold" if overall else "percent"]
    for column, (metric, mean) in enumerate(zip(layout.configuration.metrics, means, strict=True)):
        key = (conf, card.card, metric.name)
        cached = mean_formula(rows, key, spans, mean, exclude)[1]
        formula = f"={entry.means.bd(name, column)}"
        sheet.write_formula(row, FIRST_FIGURE + column, formula, percent, cached)
    column = FIRST_FIGURE + len(means)
    ratio_look = styles["ratio_bold" if overall else "ratio"]
    for which, ratio in enumerate((card.encode_time[place], card.decode_time[place])):
        found = time_formula(layout.anchor, entry.test.data, spans, which, ratio)
        if isinstance(found, str):
            sheet.write_string(row, column + which, found, ratio_look)
        else:
            formula = f"={entry.means.time(name, which)}"
            sheet.write_formula(row, column + which, formula, ratio_look, found[1])
    done, total = _success(layout.index, card.card, spans, layout)
    formula = success_formula(entry.test.data, spans, STATUS_COLUMN)
    look = centre if overall else styles["centre"]
    if total:
        sheet.write_formula(row, column + 2, formula, look, f"{done} of {total}")
    else:
        sheet.write_string(row, column + 2, "0 of 0", look)


def _success(
    index: PointIndex, card: str, spans: Sequence[tuple[int, int]], layout: ConfigurationLayout
) -> tuple[int, int]:
    points = [
        point
        for first, last in spans
        for sequence, _ in layout.sequences[first : last + 1]
        for point in index.points(sequence, card)
    ]
    return sum(p is not None and p.status is Status.DONE for p in points), len(points)


def _colour(
    sheet: Any, styles: Styles, entry: Tested, rows: BdRows, top: int, names: Sequence[str]
) -> None:
    conf = entry.layout.configuration
    for place, name in enumerate(names):
        for column, metric in enumerate(conf.metrics):
            key = (conf.name, entry.card.card, metric.name)
            at = (top + place, FIRST_FIGURE + column)
            low = "+".join(
                f'COUNTIF({rows.range(key, span, rows.columns.status)},"low-overlap")'
                for span in spans_of(entry.layout, name)
            )
            rule = {
                "type": "formula",
                "criteria": f"=({low or 0})>0",
                "format": styles["doubt"],
            }
            sheet.conditional_format(*at, *at, rule)
    first, last = top, top + len(names) - 1
    start = cell(first, FIRST_FIGURE)
    for criteria, look in (
        (f"=ISTEXT({start})", "absent"),
        (f"=AND(ISNUMBER({start}),{start}<0)", "gain"),
        (f"=AND(ISNUMBER({start}),{start}>0)", "loss"),
    ):
        rule = {"type": "formula", "criteria": criteria, "format": styles[look]}
        right = FIRST_FIGURE + len(conf.metrics) - 1
        sheet.conditional_format(first, FIRST_FIGURE, last, right, rule)


def _write_codecs(sheet: Any, styles: Styles, data: ReportData, row: int) -> None:
    sheet.write_string(row, 0, "Codecs", styles["section"])
    for column in range(1, COSTS_COLUMN + len(HEADS)):
        sheet.write_blank(row, column, None, styles["section"])
    sheet.write_string(row + 1, 0, "Card", styles["head_left"])
    sheet.merge_range(row + 1, 1, row + 1, VERSION_COLUMN - 1, "Title", styles["head_left"])
    last_version = COSTS_COLUMN - 1
    sheet.merge_range(
        row + 1, VERSION_COLUMN, row + 1, last_version, "Version", styles["head_left"]
    )
    for column, text in enumerate(HEADS, start=COSTS_COLUMN):
        sheet.write_string(row + 1, column, text, styles["head"])
    costs = cost_table(data.results)
    cards = data.results.cards.values()
    for place, (card, cells) in enumerate(zip(cards, costs.rows, strict=True), start=row + 2):
        sheet.write_string(place, 0, card.name, styles["text"])
        sheet.merge_range(place, 1, place, VERSION_COLUMN - 1, card.title, styles["text"])
        version = card.version or "not recorded"
        sheet.merge_range(place, VERSION_COLUMN, place, last_version, version, styles["shrunk"])
        for column, (found, look) in enumerate(zip(cells[1:], LOOKS, strict=True)):
            where, absent = COSTS_COLUMN + column, "not declared" if column < 2 else "not measured"
            if found.value is None:
                sheet.write_string(place, where, absent, styles["faint_right"])
            else:
                sheet.write_number(place, where, found.value, styles[look])
    sheet.write_string(row + 2 + len(costs.rows), 0, costs.notes[0], styles["faint"])

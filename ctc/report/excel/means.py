"""Formulas of means over the calculation sheet and of run-time ratios over the raw data."""

from __future__ import annotations

from collections.abc import Sequence

from ctc.averages import OVERALL, Mean
from ctc.complexity import TimeRatio
from ctc.report.excel.bd_sheet import BdRows
from ctc.report.excel.layout import ConfigurationLayout, DataSheet
from ctc.report.excel.pchip_values import Cached

Span = tuple[int, int]
Formula = tuple[str, Cached]


def spans_of(layout: ConfigurationLayout, name: str) -> list[Span]:
    """Return the places of the sequences behind a mean: one class, or all that count overall."""
    if name != OVERALL or name in layout.index.classes:
        return [layout.class_span(name)]
    outside = layout.configuration.outside_overall
    spans: list[Span] = []
    for inside in layout.index.classes:
        if inside in outside:
            continue
        first, last = layout.class_span(inside)
        if spans and spans[-1][1] == first - 1:
            spans[-1] = (spans[-1][0], last)
        else:
            spans.append((first, last))
    return spans


def mean_formula(
    rows: BdRows, key: tuple[str, str, str], spans: Sequence[Span], mean: Mean, exclude_low: bool
) -> Formula:
    """Return the mean of the figures of these sequences, or text when one is undefined."""
    values = [rows.range(key, span, rows.columns.value) for span in spans]
    statuses = [rows.range(key, span, rows.columns.status) for span in spans]
    total = sum(last - first + 1 for first, last in spans)
    if not spans:
        return '="no sequence"', "no sequence"
    counted = f"COUNT({','.join(values)})"
    withheld = f'"withheld: "&{counted}&" of {total}"'
    cached: Cached = mean.value if mean.value is not None else f"withheld: {mean.count} of {total}"
    if not exclude_low:
        return f"=IF({counted}={total},AVERAGE({','.join(values)}),{withheld})", cached
    pairs = list(zip(values, statuses, strict=True))
    sums = "+".join(f'SUMIF({status},"ok",{value})' for value, status in pairs)
    good = "+".join(f'COUNTIF({status},"ok")' for status in statuses)
    formula = (
        f'=IF({counted}<{total},{withheld},IF(({good})=0,"withheld: all low overlap",'
        f"({sums})/({good})))"
    )
    if mean.value is None and mean.reason.startswith("all "):
        cached = "withheld: all low overlap"
    return formula, cached


def success_formula(data: DataSheet, spans: Sequence[Span], column: int) -> str:
    """Return the count of points done out of all points of these sequences."""
    ranges = [data.range(*span, column) for span in spans]
    done = "+".join(f'COUNTIF({r},"done")' for r in ranges) or "0"
    rows = "+".join(f"ROWS({r})" for r in ranges) or "0"
    return f'=({done})&" of "&({rows})'


def time_formula(
    anchor: DataSheet, test: DataSheet, spans: Sequence[Span], which: int, ratio: TimeRatio
) -> Formula | str:
    """Return the geometric mean of run-time ratios, or plain text where they are not comparable.

    which: 0 for encoding, 1 for decoding. The ratio of geometric means equals the geometric mean
    of ratios, as both run over the same points.
    """
    if ratio.value is None:
        return "n/a"
    anchors = ",".join(anchor.range(*span, anchor.time_columns[which]) for span in spans)
    tests = ",".join(test.range(*span, test.time_columns[which]) for span in spans)
    number = ratio.count
    return (
        f"=IF(AND(COUNT({anchors})={number},COUNT({tests})={number}),"
        f'GEOMEAN({tests})/GEOMEAN({anchors}),"n/a")',
        ratio.value,
    )

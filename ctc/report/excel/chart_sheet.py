"""Native rate-distortion charts: a block per class and sequence, a chart per metric."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ctc.report.excel.layout import LABEL_COLUMN, RATE_COLUMN, ConfigurationLayout
from ctc.report.excel.styles import RATE, Styles, metric_format
from ctc.report.index import axis_title
from ctc.report.palette import Look, looks
from ctc.report.ticks import linear_ticks, padded
from ctc.results import CampaignResults, MetricInfo

CHART_WIDTH, CHART_HEIGHT = 448, 300
COLUMNS_PER_CHART, ROWS_PER_CHART = 7, 15
CHARTS_ACROSS = 3
MOST_CHARTS = 320
MARKERS = {"circle": "circle", "square": "square", "diamond": "diamond"}
DASHES = {0: "solid", 2: "dash", 4: "dash_dot"}
AXIS_FONT = {"name": "Arial", "size": 9, "bold": False, "color": "#52606d"}
XY = tuple[float, float]
Rows = tuple[int, int]


@dataclass(frozen=True)
class _Curve:
    """One series: where its numbers stand, and the numbers."""

    card: str
    sheet: str
    rows: Rows
    columns: tuple[int, int]
    points: tuple[XY, ...]


class ChartSheet:
    """Writes the chart sheet of one configuration."""

    def __init__(
        self,
        workbook: Any,
        sheet: Any,
        styles: Styles,
        results: CampaignResults,
        layout: ConfigurationLayout,
    ) -> None:
        self._workbook, self._sheet, self._styles = workbook, sheet, styles
        self._results, self._layout = results, layout
        self._look = looks(layout.configuration.cards, layout.configuration.anchor)
        self._metrics = shown_metrics(layout)

    def write(self) -> None:
        """Write class charts, then one row of charts per sequence."""
        conf = self._layout.configuration
        title = f"{conf.name}: rate-distortion curves"
        self._sheet.write_string(0, 0, title, self._styles["title"])
        row, data_row = 2, 2
        block = ROWS_PER_CHART * -(-len(self._metrics) // CHARTS_ACROSS) + 2
        breaks = []
        for name in self._layout.index.classes:
            curves, data_row = self._class_curves(name, data_row)
            members = len(self._layout.index.sequences_of(name))
            self._chart_row(row, f"Class {name}, mean of {members} sequences", curves)
            row += block
            breaks.append(row)
        for place, (sequence, _) in enumerate(self._layout.sequences):
            curves = [self._curves(place, sequence, metric) for metric in self._metrics]
            self._chart_row(row, sequence, curves)
            row += block
            breaks.append(row)
        self._sheet.print_area(0, 0, row, CHARTS_ACROSS * COLUMNS_PER_CHART - 1)
        self._sheet.set_h_pagebreaks(breaks[:-1])

    def _chart_row(self, row: int, title: str, curves: Sequence[Sequence[_Curve]]) -> None:
        self._sheet.write_string(row, 0, title, self._styles["section"])
        for column in range(1, CHARTS_ACROSS * COLUMNS_PER_CHART):
            self._sheet.write_blank(row, column, None, self._styles["section"])
        for place, (metric, of_metric) in enumerate(zip(self._metrics, curves, strict=True)):
            down, across = divmod(place, CHARTS_ACROSS)
            at = (row + 1 + down * ROWS_PER_CHART, across * COLUMNS_PER_CHART)
            if any(curve.points for curve in of_metric):
                self._sheet.insert_chart(*at, self._chart(metric, of_metric), {"y_offset": 6})
            else:
                text = f"{metric.title}: no point can be shown"
                self._sheet.write_string(*at, text, self._styles["faint"])

    def _chart(self, metric: MetricInfo, curves: Sequence[_Curve]) -> Any:
        kind = {"type": "scatter", "subtype": "straight_with_markers"}
        chart = self._workbook.add_chart(kind)
        for curve in curves:
            if curve.points:
                self._series(chart, curve)
        points = [point for curve in curves for point in curve.points]
        low, high = _bounds([value for _, value in points])
        grid = {"visible": True, "line": {"color": "#e4e7eb", "width": 0.75}}
        axis = {"num_font": AXIS_FONT, "major_gridlines": grid, "line": {"color": "#9aa3ad"}}
        chart.set_x_axis({**axis, "name": "kbit/s", "name_font": AXIS_FONT, "min": 0})
        name = axis_title(metric)
        chart.set_y_axis({**axis, "name": name, "name_font": AXIS_FONT, "min": low, "max": high})
        chart.set_title({"none": True})
        chart.set_legend({"position": "bottom", "font": {"name": "Arial", "size": 9}})
        chart.set_chartarea({"border": {"none": True}})
        chart.set_size({"width": CHART_WIDTH - 10, "height": CHART_HEIGHT - 8})
        return chart

    def _series(self, chart: Any, curve: _Curve) -> None:
        look: Look = self._look[curve.card]
        x, y = curve.columns
        top, bottom = curve.rows
        line = {"color": look.colour, "width": 1.75, "dash_type": DASHES[len(look.dash)]}
        fill = {"color": look.colour}
        marker = {"type": MARKERS.get(look.marker, "triangle"), "size": 6}
        chart.add_series(
            {
                # Neither a formula nor, as text!A1, a reference to a cell.
                "name": self._results.cards[curve.card].title.lstrip("=").replace("!", "! "),
                "categories": [curve.sheet, top, x, bottom, x],
                "values": [curve.sheet, top, y, bottom, y],
                "line": line,
                "marker": {**marker, "fill": fill, "border": fill},
            }
        )

    def _curves(self, place: int, sequence: str, metric: MetricInfo) -> list[_Curve]:
        curves = []
        for card in self._layout.configuration.cards:
            data = self._layout.data_of(card)
            columns = (RATE_COLUMN, data.metric_column(metric.name))
            points = self._layout.index.curve(sequence, card, metric.name)
            curves.append(_Curve(card, data.name, data.rows(place), columns, points))
        return curves

    def _class_curves(self, name: str, row: int) -> tuple[list[list[_Curve]], int]:
        """Write the mean points of a class beside the charts; return curves and the next row."""
        first = CHARTS_ACROSS * COLUMNS_PER_CHART + 1
        conf, found = self._layout.configuration, []
        members = self._layout.index.sequences_of(name)
        head = ["Class", "Card", "Point", "kbit/s"]
        for metric_place, metric in enumerate(self._metrics):
            column = first + metric_place * 6
            for offset, text in enumerate([*head, metric.title]):
                self._sheet.write_string(1, column + offset, text, self._styles["head"])
            at, curves = row, []
            for card in conf.cards:
                top = at
                points = []
                for label in self._layout.index.labels(card):
                    mean = self._layout.index.mean_point(members, card, label, metric.name)
                    if mean is not None:
                        self._mean_point(at, column, (name, card, label), metric, mean)
                        points.append(mean)
                        at += 1
                columns = (column + 3, column + 4)
                span = (top, max(top, at - 1))
                curves.append(_Curve(card, self._layout.charts, span, columns, tuple(points)))
            found.append(curves)
        longest = max(len(self._layout.index.labels(card)) for card in conf.cards)
        return found, row + longest * len(conf.cards) + 1

    def _mean_point(
        self, row: int, column: int, names: tuple[str, str, str], metric: MetricInfo, mean: XY
    ) -> None:
        name, card, label = names
        data = self._layout.data_of(card)
        for offset, text in enumerate(names):
            self._sheet.write_string(row, column + offset, text, self._styles["text"])
        span = self._layout.class_span(name)
        labels = data.range(*span, LABEL_COLUMN)
        formats = (RATE, metric_format(metric.unit))
        sources = (RATE_COLUMN, data.metric_column(metric.name))
        for offset in range(2):
            formula = f'=AVERAGEIF({labels},"{label}",{data.range(*span, sources[offset])})'
            look = self._styles.value(formats[offset])
            self._sheet.write_formula(row, column + 3 + offset, formula, look, mean[offset])


def shown_metrics(layout: ConfigurationLayout) -> tuple[MetricInfo, ...]:
    """Return the metrics that have charts: all, or the first where there would be too many."""
    metrics = layout.configuration.metrics
    rows = len(layout.sequences) + len(layout.index.classes)
    return metrics if rows * len(metrics) <= MOST_CHARTS else metrics[:1]


def _bounds(values: Sequence[float]) -> XY:
    """Round limits of an axis that hold all values."""
    low, high = min(values), max(values)
    ticks = linear_ticks(*padded(low, high))
    step = ticks[1] - ticks[0] if len(ticks) > 1 else (high - low) or 1.0
    first, last = math.floor(low / step) * step, math.ceil(high / step) * step
    if first == last:
        first, last = first - step, last + step
    return float(f"{first:.9g}"), float(f"{last:.9g}")

"""One tested card against its anchor: Reference | Tested | BD-rate | Overlap, then the means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ctc.comparison import CardComparison, Comparison
from ctc.complexity import TimeRatio, time_ratio
from ctc.rd_points import PointTable
from ctc.report.excel.bd_sheet import BdRows
from ctc.report.excel.cells import block, cell, on_sheet
from ctc.report.excel.layout import (
    FIRST_METRIC_COLUMN,
    RATE_COLUMN,
    STATUS_COLUMN,
    ConfigurationLayout,
    DataSheet,
    TestSheet,
)
from ctc.report.excel.means import Formula, mean_formula, spans_of, time_formula
from ctc.report.excel.page import set_wide_page
from ctc.report.excel.pchip_values import Cached
from ctc.report.excel.styles import (
    ANCHOR_FILL,
    BD_FILL,
    RATE,
    SECONDS,
    TEST_FILL,
    TEXT,
    Styles,
    metric_format,
)
from ctc.report.index import metric_value
from ctc.results import CampaignResults, MetricInfo, PointResult, Status

FIRST_ROW = 4
FIRST_BLOCK = 2
RATIO = "0.0%"


@dataclass(frozen=True)
class Columns:
    """Columns of the four blocks, for a number of metrics."""

    metrics: int

    @property
    def block_width(self) -> int:
        """Columns of a data block: rate point, kbit/s, metrics, EncT, DecT."""
        return self.metrics + 4

    @property
    def test(self) -> int:
        """First column of the tested block."""
        return FIRST_BLOCK + self.block_width

    @property
    def bd(self) -> int:
        """First column of the BD block: metrics, EncT, DecT."""
        return self.test + self.block_width

    @property
    def overlap(self) -> int:
        """First column of the overlap block."""
        return self.bd + self.metrics + 2

    @property
    def end(self) -> int:
        """Column after the last."""
        return self.overlap + self.metrics

    def widths(self) -> list[float]:
        """Widths of all columns in characters."""
        data = [6.5, 10.5, *[10.0] * self.metrics, 11.5, 10.0]
        return [16.0, 20.0, *data, *data, *[13.0] * (self.metrics + 2), *[10.0] * self.metrics]


@dataclass(frozen=True)
class MeanCells:
    """Where the means of a configuration sheet stand, for the summary to refer to."""

    sheet: str
    rows: dict[str, int]
    columns: Columns

    def bd(self, name: str, metric_place: int) -> str:
        """Reference to the mean BD-rate of a class or overall."""
        return on_sheet(self.sheet, cell(self.rows[name], self.columns.bd + metric_place))

    def time(self, name: str, which: int) -> str:
        """Reference to a run-time ratio: 0 encoding, 1 decoding."""
        column = self.columns.bd + self.columns.metrics + which
        return on_sheet(self.sheet, cell(self.rows[name], column))


@dataclass(frozen=True)
class ConfigurationSheet:
    """Writes the sheet of one tested card."""

    sheet: Any
    styles: Styles
    results: CampaignResults
    layout: ConfigurationLayout
    comparison: Comparison
    test: TestSheet
    card: CardComparison
    rows: BdRows

    @property
    def metrics(self) -> tuple[MetricInfo, ...]:
        """Metrics of the configuration."""
        return self.layout.configuration.metrics

    @property
    def columns(self) -> Columns:
        """Columns of the blocks."""
        return Columns(len(self.metrics))

    def write(self) -> MeanCells:
        """Write everything; return where the means stand."""
        self._headings()
        height = max(len(self.layout.anchor.labels), len(self.test.data.labels))
        table = PointTable(self.layout.configuration)
        for place, (sequence, _) in enumerate(self.layout.sequences):
            self._sequence(place, FIRST_ROW + place * height, height)
            pairs = table.time_pairs(self.layout.anchor.card, self.card.card, sequence)
            encode = [(a.encode if a else None, t.encode if t else None) for a, t in pairs]
            decode = [(a.decode if a else None, t.decode if t else None) for a, t in pairs]
            ratios = [time_ratio(sequence, encode), time_ratio(sequence, decode)]
            self._ratios(FIRST_ROW + place * height, [(place, place)], ratios, False)
        last = FIRST_ROW + len(self.layout.sequences) * height
        means = self._means(last + 1)
        self._colour(FIRST_ROW, last + 1 + len(means))
        splits = (self.columns.test, self.columns.bd)
        set_wide_page(self.sheet, self.columns.widths(), splits, FIRST_BLOCK - 1)
        return MeanCells(self.test.name, means, self.columns)

    def _headings(self) -> None:
        anchor = self.results.cards[self.layout.anchor.card]
        tested = self.results.cards[self.test.data.card]
        conf, columns = self.layout.configuration, self.columns
        self.sheet.write_string(0, 0, f"{conf.name}: {tested.title}", self.styles["title"])
        subtitle = f"Over {anchor.title}. Negative BD-rate: less rate at equal quality."
        self.sheet.write_string(1, 0, subtitle, self.styles["subtitle"])
        bands = (
            (FIRST_BLOCK, columns.test, f"Reference: {anchor.title}", "band_anchor"),
            (columns.test, columns.bd, f"Tested: {tested.title}", "band_test"),
            (columns.bd, columns.overlap, f"BD-rate over {anchor.title}", "band_bd"),
            (columns.overlap, columns.end, "Overlap of quality ranges", "band_bd"),
        )
        for first, end, text, look in bands:
            if end - first > 1:
                self.sheet.merge_range(2, first, 2, end - 1, text, self.styles[look])
            else:
                self.sheet.write_string(2, first, text, self.styles[look])
        titles = [metric.title for metric in self.metrics]
        data = ["Point", "kbit/s", *titles, "EncT [s]", "DecT [s]"]
        heads = ["Class", "Sequence", *data, *data, *titles, "EncT", "DecT", *titles]
        for column, text in enumerate(heads):
            self.sheet.write_string(3, column, text, self.styles["head"])
        self.sheet.freeze_panes(FIRST_ROW, FIRST_BLOCK)
        for column, width in enumerate(columns.widths()):
            self.sheet.set_column(column, column, width)

    def _sequence(self, place: int, top: int, height: int) -> None:
        sequence, sequence_class = self.layout.sequences[place]
        for offset in range(height):
            text = self.styles.value("General", first=offset == 0)
            left = self.styles["text"] if offset else self.styles.value(TEXT, first=True)
            self.sheet.write_string(top + offset, 0, "" if offset else sequence_class, left)
            self.sheet.write_string(top + offset, 1, "" if offset else sequence, left)
            for column in range(self.columns.bd, self.columns.end):
                self.sheet.write_blank(top + offset, column, None, text)
        for data, first, fill in (
            (self.layout.anchor, FIRST_BLOCK, ANCHOR_FILL),
            (self.test.data, self.columns.test, TEST_FILL),
        ):
            points = self.layout.index.points(sequence, data.card)
            source = data.rows(place)[0]
            for offset in range(height):
                at = (top + offset, first)
                if offset < len(points):
                    self._point(at, data, source + offset, points[offset], fill, offset == 0)
        conf = self.layout.configuration.name
        for column, metric in enumerate(self.metrics):
            key = (conf, self.card.card, metric.name)
            figure = self.card.by_metric(metric.name).sequences[self._figure_place(sequence)]
            rate = figure.bd_rate
            value: Cached = rate.status.value if rate.value is None else rate.value
            reference = self.rows.cell(key, place, self.rows.columns.value)
            look = self.styles.value("0.00%", BD_FILL, first=True)
            self.sheet.write_formula(top, self.columns.bd + column, f"={reference}", look, value)
            reference = self.rows.cell(key, place, self.rows.columns.overlap)
            cached: Cached = "" if rate.overlap is None else rate.overlap
            formula = f'=IF({reference}="","",{reference})'
            look = self.styles.value("0%", first=True)
            self.sheet.write_formula(top, self.columns.overlap + column, formula, look, cached)

    def _figure_place(self, sequence: str) -> int:
        names = [name for name, _ in self.layout.configuration.sequences]
        return names.index(sequence)

    def _point(
        self,
        at: tuple[int, int],
        data: DataSheet,
        source: int,
        point: PointResult | None,
        fill: str,
        first: bool,
    ) -> None:
        row, column = at
        label = data.labels[source - data.rows(0)[0] - self._before(data, source)]
        self.sheet.write_string(row, column, label, self.styles.value("General", fill, first))
        done = point is not None and point.status is Status.DONE
        status = point.status.value if point else Status.NOT_RUN.value
        rate = point.bitrate_kbps if point and done else None
        reference = data.cell(source, RATE_COLUMN)
        formula = f'=IF({reference}="",{data.cell(source, STATUS_COLUMN)},{reference})'
        look = self.styles.value(RATE, fill, first)
        self.sheet.write_formula(row, column + 1, formula, look, status if rate is None else rate)
        values: list[tuple[float | None, str]] = [
            (metric_value(point, metric.name), metric_format(metric.unit))
            for metric in self.metrics
        ]
        costs = (point.encode, point.decode) if point else (None, None)
        values += [(cost.wall_s if cost else None, SECONDS) for cost in costs]
        for offset, (value, number_format) in enumerate(values):
            reference = data.cell(source, FIRST_METRIC_COLUMN + offset)
            look = self.styles.value(number_format, fill, first)
            cached: Cached = "" if value is None else value
            formula = f'=IF({reference}="","",{reference})'
            self.sheet.write_formula(row, column + 2 + offset, formula, look, cached)

    @staticmethod
    def _before(data: DataSheet, source: int) -> int:
        """Rows of the sequences before the one that holds this row."""
        start = source - data.rows(0)[0]
        return start - start % len(data.labels)

    def _ratios(
        self, row: int, spans: list[tuple[int, int]], ratios: Sequence[TimeRatio], bold: bool
    ) -> None:
        for which, ratio in enumerate(ratios):
            column = self.columns.bd + self.columns.metrics + which
            found = time_formula(self.layout.anchor, self.test.data, spans, which, ratio)
            look = self.styles["ratio_bold"] if bold else self.styles.value(RATIO, BD_FILL, True)
            if isinstance(found, str):
                self.sheet.write_string(row, column, found, look)
            else:
                self.sheet.write_formula(row, column, found[0], look, found[1])

    def _means(self, row: int) -> dict[str, int]:
        conf, places = self.layout.configuration.name, {}
        exclude = self.comparison.settings.on_low_overlap == "exclude"
        self.sheet.write_string(row - 1, 0, "Means of sequences", self.styles["section"])
        for column in range(1, self.columns.overlap):
            self.sheet.write_blank(row - 1, column, None, self.styles["section"])
        means = [(*m.classes, m.overall) for m in self.card.metrics]
        for offset, mean in enumerate(means[0]):
            here = row + offset
            places[mean.name] = here
            spans = spans_of(self.layout, mean.name)
            title = mean.name if mean is means[0][-1] else f"Class {mean.name}"
            self.sheet.write_string(here, 0, title, self.styles["bold"])
            self.sheet.write_string(here, 1, f"{mean.total} sequences", self.styles["faint"])
            for column, (metric, of_metric) in enumerate(zip(self.metrics, means, strict=True)):
                key = (conf, self.card.card, metric.name)
                formula: Formula = mean_formula(self.rows, key, spans, of_metric[offset], exclude)
                look = self.styles["percent_bold"]
                at = self.columns.bd + column
                self.sheet.write_formula(here, at, formula[0], look, formula[1])
            ratios = (self.card.encode_time[offset], self.card.decode_time[offset])
            self._ratios(here, spans, ratios, True)
        return places

    def _colour(self, first: int, last: int) -> None:
        columns, styles = self.columns, self.styles
        if not self.metrics:
            return
        area = block((first, columns.bd), (last, columns.bd + columns.metrics - 1))
        start = cell(first, columns.bd)
        doubt = cell(first, columns.overlap)
        least = repr(self.comparison.settings.minimum_overlap)
        rules = (
            (f"=ISTEXT({start})", "absent"),
            (f"=AND(ISNUMBER({start}),ISNUMBER({doubt}),{doubt}<{least})", "doubt"),
            (f"=AND(ISNUMBER({start}),{start}<0)", "gain"),
            (f"=AND(ISNUMBER({start}),{start}>0)", "loss"),
        )
        for criteria, look in rules:
            rule = {"type": "formula", "criteria": criteria, "format": styles[look]}
            self.sheet.conditional_format(area.replace("$", ""), rule)

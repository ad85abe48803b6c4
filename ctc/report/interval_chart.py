"""Chart of mean BD-rates with their intervals: one row per tested card and metric."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ctc.comparison import Comparison
from ctc.comparison_uncertainty import MetricUncertainty
from ctc.report.canvas import Canvas, text_width
from ctc.report.chart import FAINT, FRAME, GRID, INK, MARGIN, draw_marker
from ctc.report.palette import Look, looks
from ctc.report.ticks import linear_ticks, padded, tick_label
from ctc.results import CampaignResults, ConfigurationResults

WIDTH, ROW_HEIGHT, TITLE_HEIGHT, FOOT = 980.0, 24.0, 60.0, 54.0
VALUE_WIDTH = 230.0


@dataclass(frozen=True)
class IntervalRow:
    """One mean, as fractions; group is told once above its rows, note stands for what is absent."""

    group: str
    label: str
    look: Look
    value: float | None
    low: float | None
    high: float | None
    note: str


@dataclass(frozen=True)
class IntervalFigure:
    """A titled chart of rows along one axis in percent."""

    title: str
    subtitle: str
    rows: tuple[IntervalRow, ...]

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in pixels."""
        groups = len({row.group for row in self.rows})
        return WIDTH, TITLE_HEIGHT + FOOT + ROW_HEIGHT * (len(self.rows) + groups) + 2 * MARGIN

    def draw(self, canvas: Canvas) -> None:
        """Draw everything on a canvas of this size."""
        width, height = self.size
        canvas.rectangle((0, 0), (width, height), "#ffffff")
        canvas.text((MARGIN + 4, MARGIN + 16), self.title, 17, INK, bold=True)
        canvas.text((MARGIN + 4, MARGIN + 38), self.subtitle, 11.5, FAINT)
        left = MARGIN + 20 + max((text_width(row.label, 12) for row in self.rows), default=0)
        right = width - MARGIN - VALUE_WIDTH
        top, bottom = MARGIN + TITLE_HEIGHT, height - FOOT
        ends = [v for row in self.rows for v in (row.value, row.low, row.high) if v is not None]
        low, high = padded(min([0.0, *ends]) * 100, max([0.0, *ends]) * 100)

        def place(percent: float) -> float:
            return left + (percent - low) / (high - low) * (right - left)

        for tick in linear_ticks(low, high, 7):
            x = place(tick)
            canvas.line([(x, top), (x, bottom)], FRAME if tick == 0 else GRID, 1)
            canvas.text((x, bottom + 18), tick_label(tick), 11, FAINT, "middle")
        canvas.text(((left + right) / 2, bottom + 38), "BD-rate (%)", 11.5, FAINT, "middle")
        y, group = top, ""
        for row in self.rows:
            if row.group != group:
                group = row.group
                canvas.text((MARGIN + 4, y + 17), group, 12.5, INK, bold=True)
                y += ROW_HEIGHT
            canvas.text((MARGIN + 14, y + 16), row.label, 12, INK)
            _draw_row(canvas, row, y + ROW_HEIGHT / 2, place(0), right, place)
            y += ROW_HEIGHT


def _draw_row(
    canvas: Canvas,
    row: IntervalRow,
    y: float,
    zero: float,
    right: float,
    place: Callable[[float], float],
) -> None:
    text = row.note
    if row.value is not None:
        canvas.line([(zero, y), (place(row.value * 100), y)], row.look.colour, 1)
        text = f"{row.value * 100:.2f} %"
        if row.low is not None and row.high is not None:
            left, end = place(row.low * 100), place(row.high * 100)
            canvas.line([(left, y), (end, y)], row.look.colour, 2.5)
            for x in (left, end):
                canvas.line([(x, y - 5), (x, y + 5)], row.look.colour, 2)
            text += f"  ({row.low * 100:.2f} to {row.high * 100:.2f})"
        draw_marker(canvas, (place(row.value * 100), y), row.look)
    canvas.text((right + 14, y + 4), text, 11.5, INK if row.value is not None else FAINT)


def interval_figure(
    results: CampaignResults,
    conf: ConfigurationResults,
    comparison: Comparison,
    known: tuple[MetricUncertainty, ...],
) -> IntervalFigure:
    """Return the overall mean of every tested card and metric with its interval."""
    look = looks(conf.cards, conf.anchor)
    by_key = {(found.card, found.metric): found.means[-1].sequences for found in known}
    rows = []
    for card in comparison.cards:
        for metric in card.metrics:
            interval, mean = by_key[card.card, metric.metric.name], metric.overall
            note = f"withheld: {mean.count} of {mean.total} sequences"
            title = results.cards[card.card].title
            ends = (interval.low, interval.high)
            rows.append(
                IntervalRow(
                    title, metric.metric.title, look[card.card], mean.value, ends[0], ends[1], note
                )
            )
    anchor = results.cards[comparison.anchor].title
    title = f"Mean BD-rate over {anchor} · {conf.name}"
    subtitle = "Bars: 95 % interval of a bootstrap over sequences; negative: less rate."
    return IntervalFigure(title, subtitle, tuple(rows))

"""tables/bd_rate.csv: every BD figure and mean, with status, overlap and reason."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from ctc.comparison import CardComparison, Comparison, MetricComparison
from ctc.report.data import ReportData
from ctc.uncertainty import Interval

COLUMNS = (
    "configuration",
    "anchor",
    "test",
    "metric",
    "level",
    "class",
    "sequence",
    "bd_rate",
    "bd_metric",
    "interpolation",
    "status",
    "overlap",
    "sequences_counted",
    "sequences",
    "interval_low",
    "interval_high",
    "reason",
)


def write_bd_rate(data: ReportData, path: Path) -> None:
    """Write the long table; BD-rates are fractions (-0.05 is 5 % less), absent ones empty."""
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        for comparison, known in zip(data.comparisons, data.uncertainties, strict=True):
            intervals = {(u.card, u.metric): [m.sequences for m in u.means] for u in known}
            for card in comparison.cards:
                for metric in card.metrics:
                    of_means = intervals[card.card, metric.metric.name]
                    table.writerows(_rows(comparison, card, metric, of_means))


def _rows(
    comparison: Comparison,
    card: CardComparison,
    metric: MetricComparison,
    intervals: Sequence[Interval],
) -> Iterator[list[object]]:
    head = [comparison.configuration, comparison.anchor, card.card, metric.metric.name]
    method = comparison.settings.interpolation
    for found in metric.sequences:
        rate, delta = found.bd_rate, found.bd_metric
        where = ["sequence", found.sequence_class, found.sequence, rate.value, delta.value, method]
        yield [*head, *where, rate.status.value, rate.overlap, *[""] * 4, rate.reason]
    rates = (*metric.classes, metric.overall)
    deltas = (*metric.metric_classes, metric.metric_overall)
    for place, (mean, delta_mean) in enumerate(zip(rates, deltas, strict=True)):
        level = "class" if place < len(metric.classes) else "overall"
        figures = [mean.value, delta_mean.value, method]
        status = "ok" if mean.value is not None else "withheld"
        bounds = intervals[place]
        counts = [mean.count, mean.total, bounds.low, bounds.high, mean.reason]
        yield [*head, level, mean.name, "", *figures, status, "", *counts]

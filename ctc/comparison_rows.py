"""A comparison as one long table for machines: a row per figure, its status and its reason."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from ctc.averages import Mean
from ctc.bd_rate import BdResult
from ctc.comparison import Comparison
from ctc.comparison_uncertainty import MetricUncertainty
from ctc.complexity import TimeRatio

COLUMNS = (
    *("configuration", "anchor", "card", "metric", "figure", "class", "sequence", "value"),
    *("status", "overlap", "sequences", "of", "low", "high", "pictures_low", "pictures_high"),
    *("interpolation", "reason"),
)
Row = dict[str, object]


def comparison_rows(
    comparison: Comparison, uncertainties: Sequence[MetricUncertainty] = ()
) -> Iterator[Row]:
    """Yield a row per figure: bd_rate and bd_metric of sequences and means, times of means.

    value: a fraction for bd_rate, the metric's unit for bd_metric, a ratio for encode_time and
    decode_time; empty when undefined. Keys as in COLUMNS; a key that does not apply is left out.
    """
    known = {(u.card, u.metric): u for u in uncertainties}
    for card in comparison.cards:
        base: Row = {
            "configuration": comparison.configuration,
            "anchor": comparison.anchor,
            "card": card.card,
            "interpolation": comparison.settings.interpolation,
        }
        for metric in card.metrics:
            own = {**base, "metric": metric.metric.name}
            for figure in metric.sequences:
                place = {"class": figure.sequence_class, "sequence": figure.sequence}
                yield {**own, "figure": "bd_rate", **place, **_bd(figure.bd_rate)}
                yield {**own, "figure": "bd_metric", **place, **_bd(figure.bd_metric)}
            uncertain = known.get((card.card, metric.metric.name))
            for place_of, mean in enumerate((*metric.classes, metric.overall)):
                bounds = _bounds(uncertain, place_of)
                yield {**own, "figure": "bd_rate", **_mean(mean), **bounds}
            for mean in (*metric.metric_classes, metric.metric_overall):
                yield {**own, "figure": "bd_metric", **_mean(mean)}
        for figure_name, ratios in (
            ("encode_time", card.encode_time),
            ("decode_time", card.decode_time),
        ):
            for ratio in ratios:
                yield {**base, "figure": figure_name, **_ratio(ratio)}


def rows_csv(rows: Iterator[Row]) -> str:
    """Return rows as CSV with the header COLUMNS; floats in full."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _bd(result: BdResult) -> Row:
    overlap = {} if result.overlap is None else {"overlap": result.overlap}
    value = {} if result.value is None else {"value": result.value}
    return {**value, "status": result.status.value, **overlap, "reason": result.reason}


def _mean(mean: Mean) -> Row:
    status = "withheld" if mean.value is None else "marked" if mean.low_overlap else "ok"
    value = {} if mean.value is None else {"value": mean.value}
    counts = {"sequences": mean.count, "of": mean.total}
    return {"class": mean.name, **value, "status": status, **counts, "reason": mean.reason}


def _bounds(uncertain: MetricUncertainty | None, place: int) -> Row:
    if uncertain is None:
        return {}
    mean = uncertain.means[place]
    bounds = {
        "low": mean.sequences.low,
        "high": mean.sequences.high,
        "pictures_low": mean.pictures.low,
        "pictures_high": mean.pictures.high,
    }
    return {name: bound for name, bound in bounds.items() if bound is not None}


def _ratio(ratio: TimeRatio) -> Row:
    if ratio.value is None:
        return {"class": ratio.name, "status": "absent", "reason": ratio.reason}
    return {"class": ratio.name, "value": ratio.value, "status": "ok"}

"""The means of a comparison taken the other way: the BD-rate of averaged curves, by its own name.

Source: ctc/conditions/conditions.md, clause 6.3.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from ctc.averages import Mean, curve_average
from ctc.bd_rate import BdResult, BdStatus, bd_metric, bd_rate
from ctc.comparison import BdSettings, CardComparison, Comparison, MetricComparison, SequenceFigure
from ctc.errors import ReportError

NAME = "BD-rate of averaged curves"


def averaged(comparison: Comparison, outside_overall: Sequence[str] = ()) -> Comparison:
    """Return the comparison with each mean replaced by the figure of the mean curves."""
    cards = tuple(_card(card, comparison, outside_overall) for card in comparison.cards)
    return dataclasses.replace(comparison, cards=cards, figure=NAME)


def _card(card: CardComparison, comparison: Comparison, outside: Sequence[str]) -> CardComparison:
    metrics = tuple(_metric(m, comparison, outside) for m in card.metrics)
    return dataclasses.replace(card, metrics=metrics)


def _metric(
    metric: MetricComparison, comparison: Comparison, outside: Sequence[str]
) -> MetricComparison:
    groups = [[f for f in metric.sequences if f.sequence_class == c] for c in comparison.classes]
    groups.append([f for f in metric.sequences if f.sequence_class not in outside])
    pairs = [_figures(g, metric.metric.higher_is_better, comparison.settings) for g in groups]
    names = [*comparison.classes, metric.overall.name]
    rates = [_mean(n, len(g), p[0]) for n, g, p in zip(names, groups, pairs, strict=True)]
    deltas = [_mean(n, len(g), p[1]) for n, g, p in zip(names, groups, pairs, strict=True)]
    return dataclasses.replace(
        metric,
        classes=tuple(rates[:-1]),
        overall=rates[-1],
        metric_classes=tuple(deltas[:-1]),
        metric_overall=deltas[-1],
    )


def _figures(
    figures: Sequence[SequenceFigure], higher_is_better: bool, settings: BdSettings
) -> tuple[BdResult, BdResult]:
    """BD-rate and BD-metric of the mean anchor curve and the mean test curve."""
    anchors = [f.anchor_curve for f in figures if f.anchor_curve is not None]
    tests = [f.test_curve for f in figures if f.test_curve is not None]
    unlike = [f.sequence for f in figures if f.bd_rate.status is BdStatus.NOT_COMPARABLE]
    if unlike or len(anchors) != len(figures) or len(tests) != len(figures):
        reason = f"withheld: {unlike[0]} is not comparable" if unlike else "withheld: points miss"
        absent = BdResult(None, BdStatus.MISSING_POINTS, None, reason)
        return absent, absent
    try:
        anchor, test = curve_average(anchors), curve_average(tests)
    except ReportError as problem:
        absent = BdResult(None, BdStatus.NOT_COMPARABLE, None, str(problem))
        return absent, absent
    rate, delta = (
        function(
            anchor,
            test,
            interpolation=settings.interpolation,
            minimum_overlap=settings.minimum_overlap,
            higher_is_better=higher_is_better,
        )
        for function in (bd_rate, bd_metric)
    )
    return rate, delta


def _mean(name: str, total: int, figure: BdResult) -> Mean:
    low = total if figure.status is BdStatus.LOW_OVERLAP else 0
    count = 0 if figure.value is None else total
    return Mean(name, figure.value, count, total, low, figure.reason)

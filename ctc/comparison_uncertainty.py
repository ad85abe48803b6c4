"""Uncertainty of every mean of a comparison.  Source: ctc/conditions/conditions.md, clause 6.5."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from ctc.averages import Mean
from ctc.bd_rate import BdStatus
from ctc.comparison import BdSettings, Comparison
from ctc.picture_bootstrap import PictureBootstrap
from ctc.rd_points import PointTable
from ctc.results import ConfigurationResults
from ctc.uncertainty import (
    BootstrapSettings,
    Influence,
    Interval,
    SignTest,
    influences,
    sequence_intervals,
    sign_test,
)


@dataclass(frozen=True)
class MeanUncertainty:
    """Uncertainty of one mean BD-rate, e.g. of a class; signs is None when it is withheld."""

    name: str
    sequences: Interval
    pictures: Interval
    influence: tuple[Influence, ...]
    signs: SignTest | None


@dataclass(frozen=True)
class MetricUncertainty:
    """Uncertainty of the means of one card by one metric: classes in order, the overall last."""

    card: str
    metric: str
    means: tuple[MeanUncertainty, ...]


Members = tuple[tuple[str, float], ...]
Cell = tuple[str, str, int]


def uncertainty_of(
    configuration: ConfigurationResults,
    comparison: Comparison,
    settings: BootstrapSettings | None = None,
    *,
    pictures: bool = True,
) -> tuple[MetricUncertainty, ...]:
    """Return the uncertainty of each mean; without that of pictures when `pictures` is false."""
    settings = settings or BootstrapSettings()
    table = PointTable(configuration)
    members = _members(table, comparison)
    intervals = _sequence_intervals(members, settings)
    tests = [card.card for card in comparison.cards]
    drawn = PictureBootstrap(table, comparison.anchor, tests, settings) if pictures else None
    found = []
    for card in comparison.cards:
        for metric in card.metrics:
            means = []
            for place, mean in enumerate((*metric.classes, metric.overall)):
                cell = (card.card, metric.metric.name, place)
                of_pictures = _of_pictures(drawn, comparison.settings, cell, members[cell])
                means.append(_one(mean, members[cell], intervals.get(cell), of_pictures, settings))
            found.append(MetricUncertainty(card.card, metric.metric.name, tuple(means)))
    return tuple(found)


def _members(table: PointTable, comparison: Comparison) -> dict[Cell, Members]:
    """The (sequence, BD-rate) pairs of each mean; none where the mean is withheld."""
    exclude = comparison.settings.on_low_overlap == "exclude"
    outside = table.configuration.outside_overall
    found: dict[Cell, Members] = {}
    for card in comparison.cards:
        for metric in card.metrics:
            for place, mean in enumerate((*metric.classes, metric.overall)):
                inside = [
                    (f.sequence, f.bd_rate.value)
                    for f in metric.sequences
                    if f.bd_rate.value is not None
                    and not (exclude and f.bd_rate.status is BdStatus.LOW_OVERLAP)
                    and (f.sequence_class == mean.name or place == len(metric.classes))
                    and not (f.sequence_class in outside and place == len(metric.classes))
                ]
                cell = (card.card, metric.metric.name, place)
                found[cell] = tuple(inside) if mean.value is not None else ()
    return found


def _sequence_intervals(
    members: dict[Cell, Members], settings: BootstrapSettings
) -> dict[Cell, Interval]:
    """Intervals of all means at once: means of the same sequences share their resamples."""
    groups: dict[tuple[str, ...], list[Cell]] = defaultdict(list)
    for cell, figures in members.items():
        if figures:
            groups[tuple(sequence for sequence, _ in figures)].append(cell)
    found: dict[Cell, Interval] = {}
    for cells in groups.values():
        rows = np.array([[value for _, value in members[cell]] for cell in cells])
        found.update(zip(cells, sequence_intervals(rows, settings), strict=True))
    return found


def _one(
    mean: Mean,
    figures: Members,
    interval: Interval | None,
    pictures: Interval,
    settings: BootstrapSettings,
) -> MeanUncertainty:
    if interval is None:
        absent = Interval(None, None, settings.signature("sequences", "bca"), mean.reason)
        return MeanUncertainty(mean.name, absent, pictures, (), None)
    signs = sign_test([value for _, value in figures])
    return MeanUncertainty(mean.name, interval, pictures, influences(figures), signs)


def _of_pictures(
    drawn: PictureBootstrap | None, settings: BdSettings, cell: Cell, figures: Members
) -> Interval:
    if drawn is None:
        return Interval(None, None, "", "not asked for")
    if settings.interpolation != "pchip":
        return Interval(None, None, "", "resampled pictures are compared by pchip only")
    if not figures:
        return Interval(None, None, "", "the mean is withheld")
    card, metric, _ = cell
    return drawn.interval(card, metric, [sequence for sequence, _ in figures])

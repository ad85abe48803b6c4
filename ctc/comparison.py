"""Every card of a configuration against its anchor: BD figures, means and run-time ratios.

Source: ctc/conditions/conditions.md, clause 6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ctc.averages import OVERALL, Mean, mean_of
from ctc.bd_rate import BdResult, BdStatus, bd_metric, bd_rate
from ctc.complexity import TimeRatio, time_ratio
from ctc.errors import ReportError, near_miss
from ctc.rd_curve import Curve
from ctc.rd_points import Hulls, PointTable, fault_of_pair
from ctc.results import ConfigurationResults, MetricInfo


@dataclass(frozen=True)
class BdSettings:
    """How curves are compared, as the conditions say."""

    interpolation: str = "pchip"
    minimum_overlap: float = 0.5
    on_low_overlap: str = "mark"

    @classmethod
    def from_conditions(cls, bd_rate: Mapping[str, str | float]) -> BdSettings:
        """Return the settings from `CampaignResults.bd_rate`; absent keys keep their default."""
        default = cls()
        return cls(
            str(bd_rate.get("interpolation", default.interpolation)),
            float(bd_rate.get("minimum_overlap", default.minimum_overlap)),
            str(bd_rate.get("on_low_overlap", default.on_low_overlap)),
        )


@dataclass(frozen=True)
class SequenceFigure:
    """One card against the anchor on one sequence, by one metric; curves are None if incomplete."""

    sequence: str
    sequence_class: str
    bd_rate: BdResult
    bd_metric: BdResult
    anchor_curve: Curve | None
    test_curve: Curve | None


@dataclass(frozen=True)
class MetricComparison:
    """One card against the anchor by one metric: sequences, class means, overall mean."""

    metric: MetricInfo
    sequences: tuple[SequenceFigure, ...]
    classes: tuple[Mean, ...]
    overall: Mean
    metric_classes: tuple[Mean, ...]
    metric_overall: Mean


@dataclass(frozen=True)
class CardComparison:
    """One card against the anchor: a comparison per metric, and run-time ratios.

    encode_time and decode_time hold one ratio per class, in order, and the overall one last.
    """

    card: str
    metrics: tuple[MetricComparison, ...]
    encode_time: tuple[TimeRatio, ...]
    decode_time: tuple[TimeRatio, ...]

    def by_metric(self, name: str) -> MetricComparison:
        """The comparison by the metric of that name.

        Raises:
            ReportError: the configuration has no such metric.
        """
        for comparison in self.metrics:
            if comparison.metric.name == name:
                return comparison
        known = [comparison.metric.name for comparison in self.metrics]
        raise ReportError(
            f"metric '{name}' is not in the configuration{near_miss(name, known)}; has: {known}"
        )


@dataclass(frozen=True)
class Comparison:
    """All cards of one configuration against the anchor; figure: what its means are."""

    configuration: str
    anchor: str
    settings: BdSettings
    classes: tuple[str, ...]
    cards: tuple[CardComparison, ...]
    figure: str = "BD-rate"


def compare_configuration(
    configuration: ConfigurationResults,
    settings: BdSettings | None = None,
    *,
    anchor: str = "",
    tests: Sequence[str] = (),
    hulls: Hulls | None = None,
) -> Comparison:
    """Return cards against `anchor` (the configuration's own when empty).

    tests: the cards compared, all others when empty; hulls: for each name, the cards of whose
    points it is the convex hull (ctc.rd_curve.convex_hull), compared like a card.

    Raises:
        ReportError: a name that is not a card of the configuration.
    """
    settings = settings or BdSettings()
    anchor = anchor or configuration.anchor
    hulls = hulls or {}
    members = [card for cards in hulls.values() for card in cards]
    for name in (anchor, *tests, *members):
        if name not in (*configuration.cards, *hulls):
            hint = near_miss(name, [*configuration.cards, *hulls])
            raise ReportError(
                f"{configuration.name}: '{name}' is not among its cards "
                f"{list(configuration.cards)}{hint}"
            )
    table = PointTable(configuration, hulls)
    names = tests or [c for c in (*configuration.cards, *hulls) if c != anchor]
    cards = tuple(_compare_card(table, anchor, card, settings) for card in names)
    return Comparison(configuration.name, anchor, settings, table.classes, cards)


def _compare_card(
    table: PointTable, anchor: str, test: str, settings: BdSettings
) -> CardComparison:
    metrics = tuple(
        _compare_metric(table, anchor, test, metric, settings)
        for metric in table.configuration.metrics
    )
    encode, decode = _times(table, anchor, test)
    return CardComparison(test, metrics, encode, decode)


def _compare_metric(
    table: PointTable, anchor: str, test: str, metric: MetricInfo, settings: BdSettings
) -> MetricComparison:
    figures = tuple(
        _sequence_figure(table, anchor, test, sequence, metric, settings)
        for sequence in table.configuration.sequences
    )
    rates = [(f.sequence_class, f.sequence, f.bd_rate) for f in figures]
    deltas = [(f.sequence_class, f.sequence, f.bd_metric) for f in figures]
    rate_means, delta_means = _means(table, rates, settings), _means(table, deltas, settings)
    return MetricComparison(
        metric, figures, rate_means[:-1], rate_means[-1], delta_means[:-1], delta_means[-1]
    )


def _sequence_figure(
    table: PointTable,
    anchor: str,
    test: str,
    sequence: tuple[str, str],
    metric: MetricInfo,
    settings: BdSettings,
) -> SequenceFigure:
    name, sequence_class = sequence
    anchor_points, test_points = table.of(anchor, name), table.of(test, name)
    anchor_curve, anchor_fault = table.curve(anchor, name, metric)
    test_curve, test_fault = table.curve(test, name, metric)
    if anchor_curve is None or test_curve is None:
        faults = [f"{c}: {f}" for c, f in ((anchor, anchor_fault), (test, test_fault)) if f]
        fault = BdResult(None, BdStatus.MISSING_POINTS, None, "; ".join(faults))
        return SequenceFigure(name, sequence_class, fault, fault, anchor_curve, test_curve)
    unlike = fault_of_pair(anchor_points, test_points, metric.name)
    if unlike:
        fault = BdResult(None, BdStatus.NOT_COMPARABLE, None, unlike)
        return SequenceFigure(name, sequence_class, fault, fault, anchor_curve, test_curve)
    rate, delta = (
        function(
            anchor_curve,
            test_curve,
            interpolation=settings.interpolation,
            minimum_overlap=settings.minimum_overlap,
            higher_is_better=metric.higher_is_better,
        )
        for function in (bd_rate, bd_metric)
    )
    return SequenceFigure(name, sequence_class, rate, delta, anchor_curve, test_curve)


def _means(
    table: PointTable, figures: Sequence[tuple[str, str, BdResult]], settings: BdSettings
) -> tuple[Mean, ...]:
    """One mean per class, then the overall one."""
    exclude = settings.on_low_overlap == "exclude"
    return tuple(
        mean_of(
            name,
            [(sequence, figure) for c, sequence, figure in figures if c in members],
            exclude_low_overlap=exclude,
        )
        for name, members in _groups(table)
    )


def _groups(table: PointTable) -> list[tuple[str, frozenset[str]]]:
    """(name, classes) of each row of means, the overall one last."""
    outside = table.configuration.outside_overall
    overall = frozenset(c for c in table.classes if c not in outside)
    return [*((c, frozenset([c])) for c in table.classes), (OVERALL, overall)]


def _times(
    table: PointTable, anchor: str, test: str
) -> tuple[tuple[TimeRatio, ...], tuple[TimeRatio, ...]]:
    encode, decode = [], []
    for name, members in _groups(table):
        points = [
            pair
            for sequence, sequence_class in table.configuration.sequences
            if sequence_class in members
            for pair in table.time_pairs(anchor, test, sequence)
        ]
        encode_pairs = [(a.encode if a else None, t.encode if t else None) for a, t in points]
        decode_pairs = [(a.decode if a else None, t.decode if t else None) for a, t in points]
        encode.append(time_ratio(name, encode_pairs))
        decode.append(time_ratio(name, decode_pairs))
    return tuple(encode), tuple(decode)

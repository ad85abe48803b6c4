"""Which figures differ between two campaigns: points, and signs of BD-rates."""

from __future__ import annotations

from collections.abc import Iterator

from ctc.comparison import BdSettings, Comparison, compare_configuration
from ctc.results import CampaignResults, ConfigurationResults, PointResult, Status

ABSENT = "absent"
Figure = tuple[str, str, str, str, float | None]


def figure_changes(first: CampaignResults, second: CampaignResults) -> Iterator[Figure]:
    """Yield (kind, where, first, second, difference) of points and BD-rates that differ.

    Raises:
        ReportError: a configuration whose cards cannot be compared.
    """
    theirs = {configuration.name: configuration for configuration in second.configurations}
    for configuration in first.configurations:
        other = theirs.get(configuration.name)
        if other is None:
            continue
        points = {(p.card, p.sequence, p.rate_point): p for p in other.points}
        for point in configuration.points:
            match = points.get((point.card, point.sequence, point.rate_point))
            if match is not None:
                yield from _of_point(point, match)
        sides = (first, configuration), (second, other)
        yield from _bd_rates(*(_compared(*side) for side in sides))


def _of_point(first: PointResult, second: PointResult) -> Iterator[Figure]:
    where = f"{first.configuration}/{first.card}/{first.sequence}/{first.rate_point}"
    if first.status is not second.status:
        yield "status", where, _status(first), _status(second), None
    if Status.DONE not in (first.status, second.status):
        return
    if first.bytes != second.bytes:
        yield _figure("bytes", where, first.bytes, second.bytes)
    elif first.bitstream_sha256 != second.bitstream_sha256:
        yield "bitstream", where, first.bitstream_sha256[:16], second.bitstream_sha256[:16], None
    if first.decoded_sha256 != second.decoded_sha256:
        yield "pictures", where, first.decoded_sha256[:16], second.decoded_sha256[:16], None
    for name in dict.fromkeys((*first.metrics, *second.metrics)):
        ours, theirs = first.metrics.get(name), second.metrics.get(name)
        values = (ours.value if ours else None), (theirs.value if theirs else None)
        if values[0] != values[1]:
            yield _figure("figure", f"{where}: {name}", *values)


def _status(point: PointResult) -> str:
    return f"{point.status.value}: {point.reason}" if point.reason else point.status.value


def _figure(kind: str, where: str, first: float | None, second: float | None) -> Figure:
    difference = None if first is None or second is None else second - first
    sides = [ABSENT if value is None else repr(value) for value in (first, second)]
    return kind, where, sides[0], sides[1], difference


def _compared(results: CampaignResults, configuration: ConfigurationResults) -> Comparison:
    return compare_configuration(configuration, BdSettings.from_conditions(results.bd_rate))


def _bd_rates(first: Comparison, second: Comparison) -> Iterator[Figure]:
    """Overall means that differ, and sequences on which a gain became a loss or the reverse."""
    if first.anchor != second.anchor:
        yield "BD-rate", f"{first.configuration}: anchor", first.anchor, second.anchor, None
        return
    theirs = {card.card: card for card in second.cards}
    for card in first.cards:
        other = theirs.get(card.card)
        if other is None:
            continue
        matches = {metric.metric.name: metric for metric in other.metrics}
        for metric in card.metrics:
            match = matches.get(metric.metric.name)
            if match is None:
                continue
            where = f"{first.configuration}/{card.card}: {metric.metric.name}"
            if metric.overall.value != match.overall.value:
                means = metric.overall.value, match.overall.value
                yield _figure("BD-rate", f"{where}: overall", *means)
            figures = {f.sequence: f.bd_rate.value for f in match.sequences}
            for figure in metric.sequences:
                before, after = figure.bd_rate.value, figures.get(figure.sequence)
                if before is not None and after is not None and before * after < 0:
                    yield _figure("BD-rate sign", f"{where}: {figure.sequence}", before, after)

"""Results that contradict themselves are withheld with the reason before anything is computed.

A point is set aside when its rate is not that of its bytes; a value when it is not a finite
number, was made by another metric than the campaign names, or is not the mean of its own pictures
though its signature says so. Points that do not belong to the campaign, or stand twice, are
refused: no figure can be made that would not mix conditions.

Source: ctc/conditions/conditions.md, clause 6.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import replace

from ctc.errors import ReportError, near_miss
from ctc.results import (
    CampaignResults,
    ConfigurationResults,
    MetricInfo,
    MetricResult,
    PointResult,
    Status,
)

MEAN_OF_PICTURES = "average:mean of pictures"
TOLERANCE = 1e-9


def consistent_results(results: CampaignResults) -> CampaignResults:
    """Return the results without the points and values that contradict themselves.

    Raises:
        ReportError: a configuration without metrics, a card that is not described, a point of an
            unknown configuration, card, sequence or rate point, or one that stands twice.
    """
    for conf in results.configurations:
        if not conf.metrics:
            raise ReportError(f"{conf.name}: has no metric, so there is nothing to report")
        unknown = [card for card in conf.cards if card not in results.cards]
        if unknown:
            hint = near_miss(unknown[0], results.cards)
            raise ReportError(f"{conf.name}: card '{unknown[0]}' is not described{hint}")
    configurations = tuple(_consistent(conf) for conf in results.configurations)
    return replace(results, configurations=configurations)


def _consistent(conf: ConfigurationResults) -> ConfigurationResults:
    _refuse_strangers(conf)
    infos = {metric.name: metric for metric in conf.metrics}
    usual = _usual_factors(conf)
    points = tuple(_point(point, infos, usual) for point in conf.points)
    return replace(conf, points=points)


def _refuse_strangers(conf: ConfigurationResults) -> None:
    sequences = dict(conf.sequences)
    seen: set[tuple[str, str, str]] = set()
    for point in conf.points:
        key = (point.card, point.sequence, point.rate_point)
        where = f"{conf.name}: point {'/'.join(key)}"
        if point.configuration != conf.name:
            raise ReportError(f"{where}: is of configuration '{point.configuration}'")
        if point.card not in conf.cards:
            raise ReportError(f"{where}: its card is not one of {list(conf.cards)}")
        if point.sequence not in sequences:
            hint = near_miss(point.sequence, sequences)
            raise ReportError(f"{where}: its sequence is not in the configuration{hint}")
        labels = conf.rate_points.get(point.card, ())
        if point.rate_point not in labels:
            raise ReportError(f"{where}: its rate point is not one of {list(labels)}")
        if key in seen:
            raise ReportError(f"{where}: stands twice")
        seen.add(key)


def _usual_factors(conf: ConfigurationResults) -> dict[str, float]:
    """kbit/s for one byte in each picture, by sequence: the one that most points have."""
    found: dict[str, Counter[float]] = defaultdict(Counter)
    for point in conf.points:
        factor = _factor(point)
        if factor is not None:
            found[point.sequence][float(f"{factor:.9g}")] += 1
    return {sequence: counts.most_common(1)[0][0] for sequence, counts in found.items()}


def _factor(point: PointResult) -> float | None:
    if point.status is not Status.DONE or not point.bytes or not point.bitrate_kbps:
        return None
    return point.bitrate_kbps * point.frames / point.bytes


def _point(
    point: PointResult, infos: dict[str, MetricInfo], usual: dict[str, float]
) -> PointResult:
    if point.status is not Status.DONE:
        return point
    rate = point.bitrate_kbps
    if rate is not None and not 0 < rate < math.inf:
        return _set_aside(point, f"rate {rate} kbit/s: shall be finite and above 0")
    factor, expected = _factor(point), usual.get(point.sequence)
    if factor is not None and expected and not math.isclose(factor, expected, rel_tol=1e-6):
        text = f"rate {rate:.6g} kbit/s is not that of {point.bytes} bytes in {point.frames}"
        return _set_aside(point, f"{text} pictures, which is {rate_of(point, expected):.6g}")
    metrics = {name: _value(infos.get(name), result) for name, result in point.metrics.items()}
    if all(metrics[name] is result for name, result in point.metrics.items()):
        return point
    return replace(point, metrics=metrics)


def rate_of(point: PointResult, factor: float) -> float:
    """Return the rate in kbit/s that the bytes of a point have."""
    return factor * (point.bytes or 0) / point.frames


def _set_aside(point: PointResult, reason: str) -> PointResult:
    return replace(point, status=Status.MISMATCH, reason=reason)


def _value(info: MetricInfo | None, result: MetricResult) -> MetricResult:
    value = result.value
    if value is None:
        return result
    if not math.isfinite(value):
        return replace(result, value=None, reason=f"{value} is not a finite number")
    if info is not None and info.signature != result.signature:
        reason = f"made by {result.signature}, where the campaign has {info.signature}"
        return replace(result, value=None, reason=reason)
    if MEAN_OF_PICTURES in result.signature and result.pictures and None not in result.pictures:
        mean = math.fsum(p for p in result.pictures if p is not None) / len(result.pictures)
        if not math.isclose(mean, value, rel_tol=TOLERANCE, abs_tol=TOLERANCE):
            reason = f"{value!r} is not {mean!r}, the mean of its pictures"
            return replace(result, value=None, reason=reason)
    return result

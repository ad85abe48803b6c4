"""Rate points of a configuration by card and sequence, and the curves they make."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from math import isfinite

from ctc.rd_curve import Curve, convex_hull
from ctc.results import ConfigurationResults, MetricInfo, PointResult, Status

# Name of a hull and the cards whose points it is the hull of.
Hulls = Mapping[str, Sequence[str]]
# What PSNR counts for a picture without error (conditions, clause 5.1): a mark, not a measure.
NO_ERROR_DB = 999.99
PointPair = tuple[PointResult | None, PointResult | None]


class PointTable:
    """The points of a configuration, found by card and sequence in the order of the card."""

    def __init__(self, configuration: ConfigurationResults, hulls: Hulls | None = None) -> None:
        self.configuration = configuration
        self._hulls = hulls or {}
        self._class_of = dict(configuration.sequences)
        self.classes = tuple(dict.fromkeys(c for _, c in configuration.sequences))
        found: dict[tuple[str, str], dict[str, PointResult]] = defaultdict(dict)
        for point in configuration.points:
            found[point.card, point.sequence][point.rate_point] = point
        self._found = found

    def of(self, card: str, sequence: str) -> list[PointResult]:
        """The points of a card on a sequence; one not in the results stands as not run.

        Of a hull, the points of all its members.
        """
        if card in self._hulls:
            return [p for member in self._hulls[card] for p in self.of(member, sequence)]
        found = self._found.get((card, sequence), {})
        rate_points = self.configuration.rate_points.get(card) or tuple(found)
        return [found.get(r) or self._not_run(card, sequence, r) for r in rate_points]

    def curve(self, card: str, sequence: str, metric: MetricInfo) -> tuple[Curve | None, str]:
        """The curve of a card, of a hull the hull; or None and why it cannot be made."""
        curve, fault = curve_of(self.of(card, sequence), metric)
        if curve is not None and card in self._hulls:
            curve = convex_hull(curve, metric.higher_is_better)
        return curve, fault

    def time_pairs(self, anchor: str, test: str, sequence: str) -> list[PointPair]:
        """(anchor, test) points in the order of the cards; None where one has no counterpart.

        A hull has no time of its own: its points come from several runs, another set per metric.
        """
        if test in self._hulls or anchor in self._hulls:
            return []
        anchor_points, test_points = self.of(anchor, sequence), self.of(test, sequence)
        return list(zip_longest(anchor_points, test_points))

    def _not_run(self, card: str, sequence: str, rate_point: str) -> PointResult:
        sequence_class = self._class_of.get(sequence, "")
        return PointResult(
            self.configuration.name, sequence, sequence_class, card, rate_point, Status.NOT_RUN
        )


def curve_of(points: list[PointResult], metric: MetricInfo) -> tuple[Curve | None, str]:
    """Return the curve of all points, or None and why the first unusable point has no place."""
    rates, qualities = [], []
    for point in points:
        fault = _fault_of_point(point, metric)
        if fault:
            return None, f"rate point {point.rate_point}: {fault}"
        value = point.metrics[metric.name].value
        if value is not None and point.bitrate_kbps is not None:
            rates.append(point.bitrate_kbps)
            qualities.append(value)
    if not points:
        return None, "no rate point"
    return Curve.of(rates, qualities), ""


def _fault_of_point(point: PointResult, metric: MetricInfo) -> str:
    if point.status is not Status.DONE:
        return f"{point.status.value}: {point.reason}" if point.reason else point.status.value
    if not point.bitrate_kbps or point.bitrate_kbps <= 0:
        return "no rate"
    result = point.metrics.get(metric.name)
    if result is None:
        return f"{metric.name} was not measured"
    if result.value is None:
        return f"{metric.name} is undefined: {result.reason}"
    if not isfinite(result.value):
        return f"{metric.name} = {result.value}: shall be finite"
    lossless = result.pictures.count(NO_ERROR_DB)
    if metric.unit == "dB" and (lossless or result.value >= NO_ERROR_DB):
        count = lossless or point.frames
        return (
            f"{metric.name}: {count} pictures have no error ({NO_ERROR_DB} dB): no place on a curve"
        )
    return ""


def fault_of_pair(anchor: list[PointResult], test: list[PointResult], metric: str) -> str:
    """Why two complete sets of points were not made under the same conditions; empty if so."""
    frames = sorted({p.frames for p in (*anchor, *test)})
    if len(frames) > 1:
        return f"unlike frame counts: {', '.join(map(str, frames))}"
    signatures = sorted({p.metrics[metric].signature for p in (*anchor, *test)})
    if len(signatures) > 1:
        return f"unlike signatures of {metric}: {' and '.join(signatures)}"
    return ""

"""Points of a configuration by sequence, codec and rate point, in the order of the conditions."""

from __future__ import annotations

from dataclasses import dataclass, field

from ctc.results import ConfigurationResults, MetricInfo, PointResult, Status


@dataclass(frozen=True)
class PointIndex:
    """Look-up of a configuration's points; a point that was never run is None."""

    configuration: ConfigurationResults
    by_key: dict[tuple[str, str, str], PointResult] = field(init=False)

    def __post_init__(self) -> None:
        by_key = {(p.sequence, p.card, p.rate_point): p for p in self.configuration.points}
        object.__setattr__(self, "by_key", by_key)

    @property
    def classes(self) -> tuple[str, ...]:
        """Sequence classes in the order of the conditions."""
        return tuple(dict.fromkeys(name for _, name in self.configuration.sequences))

    @property
    def tests(self) -> tuple[str, ...]:
        """Every card but the anchor."""
        return tuple(c for c in self.configuration.cards if c != self.configuration.anchor)

    def sequences_of(self, sequence_class: str) -> tuple[str, ...]:
        """Sequences of a class in the order of the conditions."""
        return tuple(n for n, c in self.configuration.sequences if c == sequence_class)

    def labels(self, card: str) -> tuple[str, ...]:
        """Rate points of a card in the order of the card."""
        return self.configuration.rate_points.get(card, ())

    def points(self, sequence: str, card: str) -> list[PointResult | None]:
        """The points of one curve, one for each label of the card."""
        return [self.by_key.get((sequence, card, label)) for label in self.labels(card)]

    def curve(self, sequence: str, card: str, metric: str) -> tuple[tuple[float, float], ...]:
        """Return (kbit/s, value) of the points that have both, by rising rate."""
        found = []
        for point in self.points(sequence, card):
            value = metric_value(point, metric)
            if point is not None and point.bitrate_kbps and value is not None:
                found.append((point.bitrate_kbps, value))
        return tuple(sorted(found))

    def mean_curve(
        self, sequences: tuple[str, ...], card: str, metric: str
    ) -> tuple[tuple[float, float], ...]:
        """Return the mean rate and mean value of each rate point that every sequence has."""
        means = (self.mean_point(sequences, card, label, metric) for label in self.labels(card))
        return tuple(sorted(mean for mean in means if mean is not None))

    def mean_point(
        self, sequences: tuple[str, ...], card: str, label: str, metric: str
    ) -> tuple[float, float] | None:
        """Return mean rate and mean value of a rate point, None when any sequence lacks it."""
        rates, values = [], []
        for sequence in sequences:
            point = self.by_key.get((sequence, card, label))
            value = metric_value(point, metric)
            if point is None or not point.bitrate_kbps or value is None:
                return None
            rates.append(point.bitrate_kbps)
            values.append(value)
        if not rates:
            return None
        return sum(rates) / len(rates), sum(values) / len(values)


def metric_value(point: PointResult | None, metric: str) -> float | None:
    """Return the value of a metric at a point that was done, None when it is absent."""
    if point is None or point.status is not Status.DONE:
        return None
    result = point.metrics.get(metric)
    return None if result is None else result.value


def absence_reason(point: PointResult | None, metric: str) -> str:
    """Return why `metric_value` is None: the metric's own reason, or the point's."""
    if point is None:
        return "not run"
    if point.status is not Status.DONE:
        return f"{point.status.value}: {point.reason}" if point.reason else point.status.value
    result = point.metrics.get(metric)
    return "not measured" if result is None else result.reason or "undefined"


def axis_title(metric: MetricInfo) -> str:
    """Return the axis label of a metric with its unit and its direction where less is better."""
    unit = f" ({metric.unit})" if metric.unit else ""
    return f"{metric.title}{unit}" + ("" if metric.higher_is_better else ", lower is better")

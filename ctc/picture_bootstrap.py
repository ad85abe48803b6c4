"""BD-rates of resampled pictures: blocks of consecutive pictures drawn with replacement.

The blocks are the same for every codec, rate point and metric of a sequence, and the rate is held,
since a file has one size. Source: Künsch 1989 (moving blocks), taken in a circle so that every
picture weighs the same; ctc/conditions/conditions.md, clause 6.5.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from math import ceil, fsum, isclose, sqrt

import numpy as np

from ctc.bd_many import bd_rates
from ctc.rd_points import PointTable
from ctc.results import MetricInfo, PointResult
from ctc.uncertainty import Array, BootstrapSettings, Interval

# An interval from resamples of which more than this share has no figure would describe the others.
MOST_UNDEFINED = 0.01
MEAN_TOLERANCE = 1e-9


class PictureBootstrap:
    """Resampled BD-rates of all sequences for the cards and metrics of a configuration."""

    def __init__(
        self, table: PointTable, anchor: str, tests: list[str], settings: BootstrapSettings
    ) -> None:
        self._settings = settings
        self._figures: dict[tuple[str, str, str], Array | str] = {}
        metrics, cards = table.configuration.metrics, [anchor, *tests]
        # A sequence at a time: the resamples of all of them would not fit in memory.
        for sequence, _ in table.configuration.sequences:
            curves = _curves(table, sequence, cards, metrics, settings)
            for metric in metrics:
                for test in tests:
                    pair = curves[anchor, metric.name], curves[test, metric.name]
                    self._figures[sequence, test, metric.name] = _bd_rates(*pair)

    def interval(self, test: str, metric: str, sequences: list[str]) -> Interval:
        """The interval of the mean over these sequences when their pictures are drawn anew."""
        signature = self._settings.signature("pictures", "percentile")
        total: Array = np.zeros(self._settings.resamples)
        for sequence in sequences:
            figures = self._figures[sequence, test, metric]
            if isinstance(figures, str):
                return Interval(None, None, signature, f"{sequence}: {figures}")
            total += figures
        means = total[np.isfinite(total)] / len(sequences)
        undefined = 1 - len(means) / len(total)
        if undefined > MOST_UNDEFINED:
            reason = f"{100 * undefined:.3g} % of the resamples have no figure"
            return Interval(None, None, signature, reason)
        tails = [(1 - self._settings.level) / 2, (1 + self._settings.level) / 2]
        low, high = np.quantile(means, tails)
        return Interval(float(low), float(high), signature)


@dataclass(frozen=True)
class _Curve:
    """log10 rates, shape (points,), and qualities; a fault says why there are none.

    qualities: of pictures, shape (points, pictures); then resampled, shape (resamples, points).
    """

    log_rates: Array
    qualities: Array
    fault: str = ""


def _bd_rates(anchor: _Curve, test: _Curve) -> Array | str:
    """BD-rates of all resamples, NaN where undefined; or the reason why there are none."""
    if anchor.fault or test.fault:
        return anchor.fault or test.fault
    return bd_rates(anchor.log_rates, anchor.qualities, test.log_rates, test.qualities)


def _curves(
    table: PointTable,
    sequence: str,
    cards: list[str],
    metrics: tuple[MetricInfo, ...],
    settings: BootstrapSettings,
) -> dict[tuple[str, str], _Curve]:
    """The resampled curve of each card and metric on one sequence."""
    measured = {
        (card, metric.name): _measured(table.of(card, sequence), card, metric)
        for card in cards
        for metric in metrics
    }
    found = {key: curve for key, curve in measured.items() if curve.fault}
    for pictures in {c.qualities.shape[1] for c in measured.values() if not c.fault}:
        keys = [k for k, c in measured.items() if not c.fault and c.qualities.shape[1] == pictures]
        stacked = np.concatenate([measured[key].qualities for key in keys])
        means = resampled_means(stacked, sequence, settings)
        edges = np.cumsum([len(measured[key].log_rates) for key in keys])
        for key, qualities in zip(keys, np.split(means, edges[:-1], axis=1), strict=True):
            found[key] = _Curve(measured[key].log_rates, qualities)
    return found


def _measured(points: list[PointResult], card: str, metric: MetricInfo) -> _Curve:
    """The curve of each picture, in rising rate; more is better."""
    fault = next((f for f in (_fault(p, metric.name) for p in points) if f), "")
    # Two points of one rate make a curve only if they are equal in all; one of them is enough.
    once = {p.bitrate_kbps: p for p in sorted(points, key=lambda p: p.bitrate_kbps or 0.0)}
    if fault or len(once) < 2 or len({p.frames for p in once.values()}) > 1:
        empty = np.empty((0, 0))
        return _Curve(empty, empty, f"{card}: {fault or 'no two points of like frame counts'}")
    pictures = [p.metrics[metric.name].pictures for p in once.values()]
    sign = 1.0 if metric.higher_is_better else -1.0
    rates = np.array(list(once), dtype=np.float64)
    return _Curve(np.log10(rates), sign * np.array(pictures, dtype=np.float64))


def resampled_means(series: Array, sequence: str, settings: BootstrapSettings) -> Array:
    """Return the mean of each series over each resample, shape (resamples, series).

    series: shape (series, pictures). Blocks are of about sqrt(pictures) consecutive pictures.
    """
    pictures = series.shape[1]
    length = ceil(sqrt(pictures))
    blocks = ceil(pictures / length)
    seed = hashlib.sha256(f"{settings.seed}/{sequence}".encode()).digest()[:8]
    raw = np.random.PCG64(int.from_bytes(seed, "big")).random_raw(settings.resamples * blocks)
    starts = (((raw >> np.uint64(32)) * np.uint64(pictures)) >> np.uint64(32)).astype(np.int64)
    rows = np.repeat(np.arange(settings.resamples, dtype=np.int64), blocks)
    size = settings.resamples * pictures
    drawn = np.bincount(rows * pictures + starts, minlength=size).astype(np.float64)
    following = np.arange(pictures)[:, np.newaxis] + np.arange(length)
    block_sums = series[:, following % pictures].sum(axis=2)
    sums: Array = drawn.reshape(settings.resamples, pictures) @ block_sums.T
    sums /= blocks * length
    return sums


def _fault(point: PointResult, metric: str) -> str:
    """Why the pictures of a point cannot be drawn anew; empty when they can."""
    result = point.metrics.get(metric)
    if result is None or not point.bitrate_kbps:
        return f"rate point {point.rate_point}: no rate or no {metric}"
    values = [value for value in result.pictures if value is not None]
    where = f"rate point {point.rate_point}: {metric}"
    if not values or result.value is None:
        return f"{where} has no figures of pictures"
    if len(values) != len(result.pictures) or len(values) != point.frames:
        return f"{where} has {len(values)} figures for {point.frames} pictures"
    mean = fsum(values) / len(values)
    if not isclose(mean, result.value, rel_tol=MEAN_TOLERANCE, abs_tol=MEAN_TOLERANCE):
        return f"{where} is not the mean of its pictures"
    return ""

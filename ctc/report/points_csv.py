"""tables/points.csv: every point of a campaign in one long table.

An absent value is an empty cell; its reason stands in the column `absent`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from ctc.report.index import absence_reason, metric_value
from ctc.results import CampaignResults, ConfigurationResults, Cost, PointResult

IDENTITY = ("configuration", "class", "sequence", "card", "rate_point", "status", "reason")
SIZE = ("frames", "bytes", "kbps")
COST = ("wall_s", "cpu_s", "peak_rss_mib", "concurrent_jobs")
HASHES = ("bitstream_sha256", "decoded_sha256")


def write_points(results: CampaignResults, path: Path) -> None:
    """Write the long table; floats are written so that reading gives back the same double."""
    metrics = tuple(dict.fromkeys(m.name for conf in results.configurations for m in conf.metrics))
    components = tuple(
        dict.fromkeys(
            name
            for conf in results.configurations
            for point in conf.points
            for name in point.component_bytes
        )
    )
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        costs = [f"{stage}_{name}" for stage in ("encode", "decode") for name in COST]
        sizes = [f"bytes_{name.replace(' ', '_')}" for name in components]
        table.writerow([*IDENTITY, *SIZE, *sizes, *metrics, *costs, *HASHES, "absent"])
        for conf in results.configurations:
            table.writerows(_rows(conf, metrics, components))


def _rows(
    conf: ConfigurationResults, metrics: tuple[str, ...], components: tuple[str, ...]
) -> Iterator[list[object]]:
    expected = {metric.name for metric in conf.metrics}
    for point in ordered_points(conf):
        values = {name: metric_value(point, name) for name in metrics}
        absent = [
            f"{name}: {absence_reason(point, name)}"
            for name, value in values.items()
            if value is None and name in expected
        ]
        yield [
            *(conf.name, point.sequence_class, point.sequence, point.card, point.rate_point),
            *(point.status.value, point.reason),
            *(point.frames or None, point.bytes, point.bitrate_kbps),
            *(point.component_bytes.get(name) for name in components),
            *values.values(),
            *_cost(point.encode),
            *_cost(point.decode),
            *(point.bitstream_sha256, point.decoded_sha256),
            "; ".join(absent),
        ]


def ordered_points(conf: ConfigurationResults) -> list[PointResult]:
    """Return the points in the order of the conditions: sequence, card, rate point."""
    sequences = {name: place for place, (name, _) in enumerate(conf.sequences)}
    cards = {name: place for place, name in enumerate(conf.cards)}
    labels = {
        (card, label): place
        for card, names in conf.rate_points.items()
        for place, label in enumerate(names)
    }
    last = len(conf.points)
    return sorted(
        conf.points,
        key=lambda p: (
            sequences.get(p.sequence, last),
            cards.get(p.card, last),
            labels.get((p.card, p.rate_point), last),
        ),
    )


def _cost(cost: Cost | None) -> list[object]:
    if cost is None:
        return [None] * len(COST)
    return [cost.wall_s, cost.cpu_s, cost.peak_rss_mib, cost.concurrent_jobs]

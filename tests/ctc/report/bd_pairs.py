"""Campaigns of given or random pairs of curves, for tests of BD-rate formulas."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from ctc.results import (
    CampaignResults,
    CardInfo,
    ConfigurationResults,
    Cost,
    MetricInfo,
    MetricResult,
    PointResult,
    Status,
)

Points = Sequence[tuple[float, float | None]]
HIGHER = MetricInfo("psnr_y", "PSNR-Y", "dB", True, "psnr|plane:y|v:1")
LOWER = MetricInfo("dists", "DISTS", "", False, "dists|v:1")


@dataclass(frozen=True)
class Pair:
    """Rate points (kbit/s, value) of anchor and test; the value None is an absent metric."""

    name: str
    anchor: Points
    test: Points


def _points(
    conf: str, card: str, name: str, points: Points, metric: MetricInfo
) -> list[PointResult]:
    return [
        PointResult(
            conf,
            name,
            "P",
            card,
            str(place),
            Status.DONE,
            frames=100,
            bytes=round(rate * 1_000_000),
            bitrate_kbps=rate,
            metrics={
                metric.name: MetricResult(value, metric.signature, "" if value else "not there")
            },
            encode=Cost(3.0 if card == "anchor" else 4.5, 1.0, 1.0, 1, "machine"),
            decode=Cost(0.5, 0.5, 1.0, 1, "machine"),
        )
        for place, (rate, value) in enumerate(points)
    ]


def configuration(name: str, metric: MetricInfo, pairs: Sequence[Pair]) -> ConfigurationResults:
    """Return a configuration of pairs that all have the counts of points of the first."""
    points = []
    for pair in pairs:
        points += _points(name, "anchor", pair.name, pair.anchor, metric)
        points += _points(name, "test", pair.name, pair.test, metric)
    return ConfigurationResults(
        name=name,
        anchor="anchor",
        cards=("anchor", "test"),
        sequences=tuple((pair.name, "P") for pair in pairs),
        rate_points={
            "anchor": tuple(str(k) for k in range(len(pairs[0].anchor))),
            "test": tuple(str(k) for k in range(len(pairs[0].test))),
        },
        metrics=(metric,),
        points=tuple(points),
    )


def campaign(
    configurations: Sequence[ConfigurationResults], **bd_rate: str | float
) -> CampaignResults:
    """Return a campaign of these configurations."""
    return CampaignResults(
        name="pairs",
        conditions="pairs",
        conditions_version="1",
        bd_rate={"interpolation": "pchip", "minimum_overlap": 0.5, **bd_rate},
        cards={name: CardInfo(name, name.title(), "0" * 64) for name in ("anchor", "test")},
        configurations=tuple(configurations),
    )


def random_curve(count: int, lower: bool, chance: random.Random) -> list[tuple[float, float]]:
    """Return a curve that mostly rises, sometimes with a fold or a point given twice."""
    rate, value = chance.uniform(5, 300), chance.uniform(24, 33)
    points = []
    for _ in range(count):
        points.append((rate, (60.0 - value) / 100 if lower else value))
        rate *= chance.uniform(1.05, 2.6)
        value += chance.choice((1, 1, 1, 0.2)) * chance.uniform(0.05, 4.0)
    if chance.random() < 0.08:
        fold = chance.randrange(count)
        points[fold] = (points[fold][0], points[chance.randrange(count)][1])
    if chance.random() < 0.05:
        points[-1] = points[0]
    if chance.random() < 0.05:
        points[-1] = (points[0][0], points[-1][1])
    chance.shuffle(points)
    return points


FEW_POINTS = ((4, 4), (2, 3), (1, 4))
MANY_POINTS = ((6, 6), (8, 8), (5, 4), (3, 7))


def random_campaign(
    counts: Sequence[tuple[int, int]], pairs_of_each: int, seed: int
) -> CampaignResults:
    """Return pairs with these numbers of points, for both directions of a metric."""
    chance = random.Random(seed)
    configurations = []
    for anchor, test in counts:
        for metric in (HIGHER, LOWER):
            lower = not metric.higher_is_better
            pairs = [
                Pair(
                    f"S{place}",
                    random_curve(anchor, lower, chance),
                    random_curve(test, lower, chance),
                )
                for place in range(pairs_of_each)
            ]
            name = f"{metric.name}-{anchor}-{test}"
            configurations.append(configuration(name, metric, pairs))
    return campaign(configurations)


ANCHOR = ((4000.0, 40.0), (2000.0, 38.0), (1000.0, 35.0), (500.0, 31.0))


def _test(qualities: Sequence[float | None], rates: Sequence[float] | None = None) -> Points:
    return list(zip(rates or [4000.0, 2000.0, 1000.0, 500.0], qualities, strict=True))


EDGE_PAIRS: tuple[tuple[Pair, str], ...] = (
    (Pair("ten-percent", ANCHOR, _test([40, 38, 35, 31], [3600, 1800, 900, 450])), "ok"),
    (Pair("no-overlap", ANCHOR, _test([30, 28, 25, 21])), "no-overlap"),
    (Pair("touching", ANCHOR, _test([31, 28, 25, 21])), "touching"),
    (Pair("half-a-percent", ANCHOR, _test([31.05, 28, 25, 21])), "low-overlap"),
    (Pair("folded-quality", ANCHOR, _test([40, 35.2, 38.1, 31])), "non-monotonic"),
    (
        Pair("folded-rate", ANCHOR, _test([40, 38, 35, 31], [4000, 900, 1000, 500])),
        "non-monotonic",
    ),
    (
        Pair("equal-rates", ANCHOR, _test([40, 38, 35, 31], [4000, 1000, 1000, 500])),
        "non-monotonic",
    ),
    (Pair("equal-quality", ANCHOR, _test([40, 35, 35, 31])), "non-monotonic"),
    (Pair("rising-order", ANCHOR, _test([31, 35, 38, 40], [450, 900, 1800, 3600])), "ok"),
    (Pair("one-twice", ANCHOR, _test([40, 38, 38, 31], [3600, 1800, 1800, 450])), "ok"),
    (Pair("all-equal", ANCHOR, _test([38, 38, 38, 38], [2000] * 4)), "too-few-points"),
    (Pair("absent", ANCHOR, _test([40, None, 35, 31])), "missing-points"),
)


def edge_campaign() -> CampaignResults:
    """Return the edge cases for a metric of which more is better, and mirrored for less."""
    higher = [pair for pair, _ in EDGE_PAIRS]

    def mirrored(points: Points) -> Points:
        return [(rate, None if value is None else (100 - value) / 100) for rate, value in points]

    lower = [Pair(p.name, mirrored(p.anchor), mirrored(p.test)) for p in higher]
    return campaign([configuration("more", HIGHER, higher), configuration("less", LOWER, lower)])

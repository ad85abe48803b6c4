"""Intervals against scipy's bootstrap, resampled BD-rates against single ones, what has none."""

from __future__ import annotations

import dataclasses
import doctest
import random

import numpy as np
import pytest
from scipy import stats

from ctc import uncertainty
from ctc.bd_many import bd_rates
from ctc.bd_rate import bd_rate
from ctc.comparison import BdSettings, compare_configuration
from ctc.comparison_uncertainty import MeanUncertainty, uncertainty_of
from ctc.picture_bootstrap import resampled_means
from ctc.rd_curve import Curve
from ctc.results import ConfigurationResults, MetricResult, PointResult
from ctc.uncertainty import (
    BootstrapSettings,
    influences,
    resample_indices,
    sequence_intervals,
    sign_test,
)
from tests.ctc.formula_results import LPIPS, PSNR, RATE_POINTS, point

SKEWED = [-0.41, -0.35, -0.33, -0.32, -0.30, -0.28, -0.25, -0.21, -0.10, 0.15, 0.48]


def test_interval_of_a_skewed_set_agrees_with_scipy() -> None:
    figures = np.array([SKEWED])
    interval = sequence_intervals(figures, BootstrapSettings(resamples=100_000))[0]
    peer = stats.bootstrap(
        (figures[0],), np.mean, n_resamples=100_000, method="BCa", rng=np.random.default_rng(5)
    ).confidence_interval
    assert interval.low == pytest.approx(peer.low, abs=0.003)
    assert interval.high == pytest.approx(peer.high, abs=0.01)
    # A plain percentile interval lies lower here: the correction is really applied.
    plain = stats.bootstrap((figures[0],), np.mean, n_resamples=100_000, method="percentile")
    assert interval.high is not None
    assert interval.high > plain.confidence_interval.high + 0.01


def test_intervals_cover_the_true_mean_about_as_often_as_they_say() -> None:
    chance = np.random.default_rng(3)
    samples = chance.normal(-0.2, 0.1, size=(400, 20))
    intervals = sequence_intervals(samples, BootstrapSettings(resamples=1000))
    hits = sum(i.low <= -0.2 <= i.high for i in intervals if i.low is not None and i.high)
    assert 0.88 < hits / 400 < 0.98


def test_same_settings_same_interval_other_seed_another() -> None:
    figures = np.array([SKEWED])
    first = sequence_intervals(figures, BootstrapSettings(resamples=500))
    assert first == sequence_intervals(figures, BootstrapSettings(resamples=500))
    assert first != sequence_intervals(figures, BootstrapSettings(resamples=500, seed=2))
    # PCG64's raw stream is part of numpy's promise, so these indices hold on every machine.
    assert resample_indices(10, BootstrapSettings(resamples=2)).tolist() == [
        [5, 9, 1, 9, 3, 4, 8, 4, 5, 0],
        [7, 5, 3, 7, 3, 4, 1, 4, 2, 2],
    ]


def test_every_index_is_equally_likely() -> None:
    counts = np.bincount(resample_indices(7, BootstrapSettings(resamples=10_000)).ravel())
    assert len(counts) == 7
    assert stats.chisquare(counts).pvalue > 0.001


def test_equal_figures_give_a_point_and_few_give_none() -> None:
    same = sequence_intervals(np.full((1, 6), -0.25), BootstrapSettings(resamples=100))[0]
    assert (same.low, same.high) == (-0.25, -0.25)
    few = sequence_intervals(np.array([SKEWED[:3]]))[0]
    assert (few.low, few.high, few.reason) == (None, None, "3 sequences: an interval needs 4")


def test_influence_and_signs() -> None:
    strongest = influences([("a", -0.1), ("b", -0.1), ("c", 0.5)])[0]
    assert (strongest.sequence, strongest.mean_without) == ("c", pytest.approx(-0.1))
    assert strongest.shift == pytest.approx(0.2)
    assert influences([("a", -0.1)]) == ()
    for gains, losses in ((9, 2), (5, 5), (6, 0), (0, 0)):
        result = sign_test([-1.0] * gains + [1.0] * losses + [0.0])
        expected = stats.binomtest(gains, gains + losses).pvalue if gains + losses else 1.0
        assert result.p_value == pytest.approx(expected)
        assert (result.gains, result.losses, result.ties) == (gains, losses, 1)


@pytest.mark.parametrize("count", [2, 3, 4, 6])
def test_many_bd_rates_equal_single_ones(count: int) -> None:
    chance = random.Random(count)
    rates = [100 * 1.7**i for i in range(count)]
    pairs = []
    for _ in range(300):
        qualities = [[30.0 + chance.uniform(0, 3)] for _ in range(2)]
        for values in qualities:
            while len(values) < count:
                values.append(values[-1] + chance.uniform(-0.2, 3))
        pairs.append(qualities)
    logs = np.log10(rates)
    found = bd_rates(
        logs, np.array([p[0] for p in pairs]), logs + 0.1, np.array([p[1] for p in pairs])
    )
    shifted = [r * 10**0.1 for r in rates]
    defined = 0
    for (anchor, test), value in zip(pairs, found, strict=True):
        single = bd_rate(Curve.of(rates, anchor), Curve.of(shifted, test)).value
        defined += single is not None
        assert (single is None) == bool(np.isnan(value))
        if single is not None:
            assert value == pytest.approx(single, rel=1e-9, abs=1e-12)
    assert 20 < defined < 300


@pytest.mark.parametrize("pictures", [1, 7, 100])
def test_resamples_are_of_consecutive_pictures_and_treat_all_alike(pictures: int) -> None:
    settings = BootstrapSettings(resamples=4000)
    weights = resampled_means(np.eye(pictures), "a", settings)
    assert weights.shape == (4000, pictures)
    assert np.allclose(weights.sum(axis=1), 1)
    assert np.allclose(weights.mean(axis=0), 1 / pictures, rtol=0.12)
    if pictures == 100:
        # Blocks of 10: a picture and the next are drawn together far more often than by chance.
        neighbours = np.corrcoef(weights.ravel(), np.roll(weights, 1, axis=1).ravel())[0, 1]
        assert 0.85 < neighbours < 0.95
        assert not np.array_equal(weights, resampled_means(np.eye(100), "b", settings))
        assert np.array_equal(weights, resampled_means(np.eye(100), "a", settings))


def wide_configuration(sequences: int = 6, noise: float = 0.4) -> ConfigurationResults:
    """Sequences of class A whose test codec saves 5 to 30 %, with noisy pictures."""
    names = tuple((f"s{n}", "A") for n in range(sequences))
    chance = random.Random(4)
    points: list[PointResult] = []
    for place, (name, _) in enumerate(names):
        for card in ("anchor", "test"):
            factor = 0.95 - 0.05 * place if card == "test" else 1.0
            for index in range(len(RATE_POINTS)):
                made = point(card, "a1", "A", index, rate_factor=factor, frames=60)
                metrics = {}
                for info, scale in ((PSNR, noise), (LPIPS, noise / 40)):
                    centre = made.metrics[info.name].value or 0.0
                    pictures = [centre + chance.gauss(0, scale) for _ in range(60)]
                    mean = sum(pictures) / 60
                    metrics[info.name] = MetricResult(
                        mean, info.signature, pictures=tuple(pictures)
                    )
                points.append(dataclasses.replace(made, sequence=name, metrics=metrics))
    rate_points = dict.fromkeys(("anchor", "test"), RATE_POINTS)
    return ConfigurationResults(
        "ldb", "anchor", ("anchor", "test"), names, rate_points, (PSNR, LPIPS), tuple(points)
    )


def overall(configuration: ConfigurationResults, metric: str = "psnr_y") -> MeanUncertainty:
    comparison = compare_configuration(configuration)
    found = uncertainty_of(configuration, comparison, BootstrapSettings(resamples=2000))
    return next(u.means[-1] for u in found if u.metric == metric)


@pytest.mark.parametrize("metric", ["psnr_y", "lpips"])
def test_a_report_has_both_intervals_around_its_mean(metric: str) -> None:
    configuration = wide_configuration()
    mean = compare_configuration(configuration).cards[0].by_metric(metric).overall.value
    found = overall(configuration, metric)
    assert mean is not None and found.sequences.low is not None and found.pictures.low is not None
    assert found.sequences.high is not None and found.pictures.high is not None
    assert -0.31 < found.sequences.low < mean < found.sequences.high < -0.04
    assert found.pictures.low < mean < found.pictures.high
    assert found.signs is not None and (found.signs.gains, found.signs.losses) == (6, 0)
    assert {i.sequence for i in found.influence[:2]} == {"s0", "s5"}
    assert "|of:pictures|" in found.pictures.signature


def test_quieter_pictures_make_a_narrower_interval() -> None:
    widths = []
    for noise in (0.4, 0.05):
        interval = overall(wide_configuration(noise=noise)).pictures
        assert interval.low is not None and interval.high is not None
        widths.append(interval.high - interval.low)
    assert 5 < widths[0] / widths[1] < 12


def test_what_has_no_interval_says_why() -> None:
    configuration = wide_configuration(3)
    found = overall(configuration)
    assert found.sequences.reason == "3 sequences: an interval needs 4"
    bare = tuple(
        dataclasses.replace(p, metrics={"psnr_y": MetricResult(30 + i % 4, PSNR.signature)})
        for i, p in enumerate(configuration.points)
    )
    found = overall(dataclasses.replace(configuration, points=bare))
    assert found.pictures.reason == "the mean is withheld"
    assert found.sequences.reason.startswith("withheld: 3 of 3 sequences have no figure")
    assert (found.influence, found.signs) == ((), None)
    settings = BdSettings(interpolation="akima")
    comparison = compare_configuration(configuration, settings)
    akima = uncertainty_of(configuration, comparison)[0].means[0].pictures
    assert akima.reason == "resampled pictures are compared by pchip only"
    without = uncertainty_of(configuration, comparison, pictures=False)[0].means[0].pictures
    assert without.reason == "not asked for"


@pytest.mark.parametrize(
    ("pictures", "value", "text"),
    [
        ((), 36.0, "psnr_y has no figures of pictures"),
        ((36.0,) * 5, 36.0, "psnr_y has 5 figures for 60 pictures"),
        ((36.0,) * 60, 36.1, "psnr_y is not the mean of its pictures"),
    ],
)
def test_pictures_that_do_not_make_the_figure_are_not_resampled(
    pictures: tuple[float, ...], value: float, text: str
) -> None:
    configuration = wide_configuration(4)
    first = configuration.points[1]
    changed = dataclasses.replace(
        first,
        metrics={**first.metrics, "psnr_y": MetricResult(value, PSNR.signature, "", pictures)},
    )
    points = (configuration.points[0], changed, *configuration.points[2:])
    found = overall(dataclasses.replace(configuration, points=points))
    assert found.pictures.low is None
    assert found.pictures.reason == f"s0: anchor: rate point 27: {text}"


def test_doctests() -> None:
    failed, tried = doctest.testmod(uncertainty)
    assert tried > 0 and failed == 0

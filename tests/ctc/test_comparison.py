"""Comparison of cards: figures, means with N or a reason, run-time ratios, never a mixed mean."""

from __future__ import annotations

import dataclasses
import doctest
import importlib

import pytest

from ctc.averages import curve_average, mean_of
from ctc.bd_rate import BdResult, BdStatus, bd_rate
from ctc.comparison import BdSettings, Comparison, compare_configuration
from ctc.complexity import time_ratio
from ctc.errors import ReportError
from ctc.rd_curve import Curve
from ctc.results import ConfigurationResults, Cost, MetricResult, PointResult, Status
from tests.ctc.formula_results import LPIPS, PSNR, configuration


def edited(
    results: ConfigurationResults, card: str, sequence: str, index: int, **changes: object
) -> ConfigurationResults:
    """The results with the index-th point of a card on a sequence changed."""
    own = [p for p in results.points if (p.card, p.sequence) == (card, sequence)]
    target = own[index]
    points = tuple(
        dataclasses.replace(p, **changes) if p is target else p  # type: ignore[arg-type]
        for p in results.points
    )
    return dataclasses.replace(results, points=points)


def first(comparison: Comparison, metric: str = "psnr_y"):  # type: ignore[no-untyped-def]
    return comparison.cards[0].by_metric(metric)


def test_a_codec_at_90_percent_of_the_rate_gains_10_percent_everywhere() -> None:
    comparison = compare_configuration(configuration(test=0.9))
    assert comparison.classes == ("A", "B")
    for metric in ("psnr_y", "lpips"):
        figures = first(comparison, metric)
        assert [f.bd_rate.value for f in figures.sequences] == pytest.approx([-0.1] * 3, abs=1e-12)
        assert [(m.name, m.count, m.total) for m in figures.classes] == [("A", 2, 2), ("B", 1, 1)]
        assert figures.overall.value == pytest.approx(-0.1, abs=1e-12)
    assert first(comparison, "psnr_y").metric_overall.value > 0
    assert first(comparison, "lpips").metric_overall.value < 0


def test_anchor_can_be_another_card() -> None:
    comparison = compare_configuration(configuration(test=0.5), anchor="test")
    assert [c.card for c in comparison.cards] == ["anchor"]
    with pytest.raises(ReportError, match=r"'tset' is not among its cards.*did you mean"):
        compare_configuration(configuration(test=0.5), anchor="tset")


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"status": Status.FAILED, "reason": "exit code 1"}, "rate point 32: failed: exit code 1"),
        ({"status": Status.NOT_RUN}, "rate point 32: not-run"),
        ({"bitrate_kbps": None}, "rate point 32: no rate"),
        ({"metrics": {}}, "rate point 32: psnr_y was not measured"),
        (
            {"metrics": {"psnr_y": MetricResult(None, PSNR.signature, "weights are missing")}},
            "rate point 32: psnr_y is undefined: weights are missing",
        ),
        (
            {"metrics": {"psnr_y": MetricResult(float("inf"), PSNR.signature)}},
            "rate point 32: psnr_y = inf: shall be finite",
        ),
        (
            {"metrics": {"psnr_y": MetricResult(350.0, PSNR.signature, "", (25.0, 999.99, 26.0))}},
            "rate point 32: psnr_y: 1 pictures have no error (999.99 dB): no place on a curve",
        ),
    ],
)
def test_a_missing_point_leaves_its_figure_and_its_means_empty(
    changes: dict[str, object], text: str
) -> None:
    results = edited(configuration(test=0.9), "test", "a2", 2, **changes)
    figures = first(compare_configuration(results))
    broken = figures.sequences[1].bd_rate
    assert (broken.value, broken.status) == (None, BdStatus.MISSING_POINTS)
    assert broken.reason == f"test: {text}"
    class_a, class_b = figures.classes
    assert class_a.value is None
    assert class_a.reason == "withheld: 1 of 2 sequences have no figure (missing-points 1): a2"
    assert class_a.count_text == "1 of 2"
    assert class_b.value == pytest.approx(-0.1, abs=1e-12)
    assert figures.overall.value is None


def test_a_point_absent_from_the_results_is_not_run() -> None:
    results = configuration(test=0.9)
    results = dataclasses.replace(results, points=results.points[:-1])
    figure = first(compare_configuration(results)).sequences[2]
    assert figure.bd_rate.reason == "test: rate point 37: not-run"
    assert figure.test_curve is None and figure.anchor_curve is not None


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"frames": 4}, "unlike frame counts: 4, 8"),
        (
            {"metrics": {"psnr_y": MetricResult(38.0, "psnr|v:2"), "lpips": MetricResult(0.1, "")}},
            "unlike signatures of psnr_y: psnr|plane:y|v:1 and psnr|v:2",
        ),
    ],
)
def test_unlike_conditions_never_enter_one_figure(changes: dict[str, object], text: str) -> None:
    results = edited(configuration(test=0.9), "test", "a1", 0, **changes)
    figures = first(compare_configuration(results))
    assert figures.sequences[0].bd_rate.status is BdStatus.NOT_COMPARABLE
    assert figures.sequences[0].bd_rate.reason == text
    assert figures.classes[0].value is None and figures.overall.value is None


def shifted_quality(point: PointResult, by: float) -> PointResult:
    metrics = dict(point.metrics)
    value = metrics["psnr_y"].value
    assert value is not None
    metrics["psnr_y"] = MetricResult(value + by, PSNR.signature)
    return dataclasses.replace(point, metrics=metrics)


def test_low_overlap_is_marked_or_left_out_as_the_conditions_say() -> None:
    results = configuration(test=0.9)
    points = tuple(
        shifted_quality(p, 6.0) if (p.card, p.sequence) == ("test", "a2") else p
        for p in results.points
    )
    results = dataclasses.replace(results, points=points)
    marked = first(compare_configuration(results))
    assert marked.sequences[1].bd_rate.status is BdStatus.LOW_OVERLAP
    assert marked.classes[0].value == pytest.approx(
        (-0.1 + marked.sequences[1].bd_rate.value) / 2, abs=1e-12
    )
    assert marked.classes[0].low_overlap == 1
    assert marked.classes[0].reason == "1 of 2 sequences have low overlap"
    settings = BdSettings.from_conditions({"on_low_overlap": "exclude", "minimum_overlap": 0.5})
    left_out = first(compare_configuration(results, settings))
    assert left_out.classes[0].value == pytest.approx(-0.1, abs=1e-12)
    assert left_out.classes[0].count_text == "1 of 2"
    points = tuple(shifted_quality(p, 60.0) if p.card == "test" else p for p in results.points)
    apart = first(compare_configuration(dataclasses.replace(results, points=points), settings))
    assert apart.overall.reason.startswith("withheld: 3 of 3 sequences have no figure (no-overlap")


def test_all_low_overlap_leaves_no_mean_when_excluded() -> None:
    low = ("a", BdResult(0.2, BdStatus.LOW_OVERLAP, 0.1))
    assert mean_of("A", [low], exclude_low_overlap=True).reason == (
        "all 1 sequences have low overlap"
    )
    assert mean_of("A", []).reason == "no sequence"


def test_classes_outside_overall_are_reported_but_not_averaged() -> None:
    results = dataclasses.replace(configuration(test=0.9), outside_overall=("B",))
    results = edited(results, "test", "b1", 0, status=Status.FAILED)
    figures = first(compare_configuration(results))
    assert figures.classes[1].value is None
    assert (figures.overall.value, figures.overall.total) == (pytest.approx(-0.1), 2)


def test_run_time_ratios_are_geometric_and_only_between_like_conditions() -> None:
    results = configuration(test=0.9)
    card = compare_configuration(results).cards[0]
    assert [r.name for r in card.encode_time] == ["A", "B", "Overall"]
    assert card.encode_time[-1].value == pytest.approx(0.9)
    assert card.decode_time[-1].count == 12
    elsewhere = edited(results, "test", "b1", 1, encode=Cost(9, 9, 1, 1, "other"))
    ratios = compare_configuration(elsewhere).cards[0].encode_time
    assert ratios[0].value == pytest.approx(0.9)
    assert (ratios[1].value, ratios[1].reason) == (None, "times from 2 machines: box, other")
    assert ratios[2].value is None


@pytest.mark.parametrize(
    ("cost", "text"),
    [
        (None, "1 times are missing"),
        (Cost(1, 1, 1, 2, "m"), "times taken beside unlike numbers of jobs: 1, 2"),
        (Cost(0, 1, 1, 1, "m"), "a time is not above 0"),
        (Cost(1, 1, 1, 1, ""), "the machine of a time is not recorded"),
    ],
)
def test_times_that_cannot_be_compared(cost: Cost | None, text: str) -> None:
    ratio = time_ratio("x", [(Cost(1, 1, 1, 1, "m"), cost)])
    assert (ratio.value, ratio.reason) == (None, text)


def test_geometric_mean_of_two_and_eight_is_four() -> None:
    one, two, eight = (Cost(s, s, 1, 1, "m") for s in (1, 2, 8))
    assert time_ratio("x", [(one, two), (one, eight)]).value == pytest.approx(4)


def test_curve_average_is_another_figure_and_needs_equal_curves() -> None:
    """A clip of high rate outweighs one of low rate in averaged curves, not in averaged figures."""
    high, low = (
        Curve.of([40000, 20000, 10000], [40, 37, 34]),
        Curve.of([400, 200, 100], [41, 38, 35]),
    )
    better_high = Curve.of([r * 0.8 for r in high.rates], high.qualities)
    per_sequence = [bd_rate(high, better_high).value, bd_rate(low, low).value]
    assert mean_of("", [("h", bd_rate(high, better_high)), ("l", bd_rate(low, low))]).value == (
        pytest.approx(-0.1)
    )
    averaged = bd_rate(curve_average([high, low]), curve_average([better_high, low])).value
    assert averaged is not None and averaged < -0.19 < sum(filter(None, per_sequence)) / 2
    with pytest.raises(ReportError, match="shall be one number"):
        curve_average([high, Curve.of([1], [1])])


def test_an_unknown_metric_names_the_near_miss() -> None:
    card = compare_configuration(configuration(test=0.9)).cards[0]
    with pytest.raises(ReportError, match="did you mean 'lpips'"):
        card.by_metric("lpisp")
    assert card.by_metric("lpips").metric is LPIPS


@pytest.mark.parametrize("name", ["averages", "bd_rate", "complexity", "rd_curve"])
def test_doctests(name: str) -> None:
    failed, tried = doctest.testmod(importlib.import_module(f"ctc.{name}"))
    assert tried > 0 and failed == 0

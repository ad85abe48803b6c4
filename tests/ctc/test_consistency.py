"""Hand-edited, foreign and mixed results are refused or withheld with the reason."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from ctc import results_reader
from ctc.consistency import consistent_results
from ctc.errors import ReportError
from ctc.record import Record
from ctc.report.data import report_data
from ctc.results import CampaignResults, MetricResult, PointResult, Status
from tests.ctc.synthetic_results import (
    Shape,
    change_points,
    faulty_campaign,
    find_point,
    synthetic_campaign,
)

WHERE = ("VOXCELEB_001", "x265", "27")


def edited(change: Callable[[PointResult], PointResult]) -> CampaignResults:
    results = synthetic_campaign()
    return change_points(results, **{"__".join(WHERE): change(find_point(results, *WHERE))})


def with_value(value: float | None, signature: str = "") -> CampaignResults:
    def change(point: PointResult) -> PointResult:
        old = point.metrics["psnr_y"]
        new = replace(old, value=value, signature=signature or old.signature)
        return replace(point, metrics={**point.metrics, "psnr_y": new})

    return edited(change)


def test_sound_results_stay_what_they_are() -> None:
    for results in (synthetic_campaign(), faulty_campaign()):
        assert consistent_results(results) == results


def test_an_edited_rate_sets_the_point_aside_and_no_mean_is_made() -> None:
    results = edited(lambda point: replace(point, bitrate_kbps=(point.bitrate_kbps or 0) * 0.5))
    found = find_point(consistent_results(results), *WHERE)
    assert found.status is Status.MISMATCH
    assert "is not that of" in found.reason
    comparison = report_data(results).comparisons[0].cards[0]
    assert comparison.by_metric("psnr_y").classes[0].value is None
    assert comparison.by_metric("psnr_y").classes[1].value is not None


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_no_number_is_absent(value: float) -> None:
    found = find_point(consistent_results(with_value(value)), *WHERE).metrics["psnr_y"]
    assert found.value is None
    assert "is not a finite number" in found.reason


def test_a_value_of_another_metric_version_is_absent() -> None:
    found = consistent_results(with_value(33.0, "psnr|plane:y|peak:2^b-1|v:1"))
    result = find_point(found, *WHERE).metrics["psnr_y"]
    assert result.value is None
    assert "made by psnr|plane:y|peak:2^b-1|v:1" in result.reason


def test_an_edited_value_that_is_not_the_mean_of_its_pictures_is_absent() -> None:
    results = synthetic_campaign(Shape(metrics=1))
    conf = results.configurations[0]
    signature = "psnr|average:mean of pictures|v:1"
    info = replace(conf.metrics[0], signature=signature)

    def signed(point: PointResult, value: float | None) -> PointResult:
        old = point.metrics["psnr_y"]
        new = MetricResult(old.value if value is None else value, signature, "", old.pictures)
        return replace(point, metrics={"psnr_y": new})

    points = [signed(point, None) for point in conf.points]
    points[3] = signed(conf.points[3], 50.0)
    mixed = replace(conf, metrics=(info,), points=tuple(points))
    found = consistent_results(replace(results, configurations=(mixed,))).configurations[0]
    absent = [point for point in found.points if point.metrics["psnr_y"].value is None]
    assert absent == [found.points[3]]
    assert "the mean of its pictures" in absent[0].metrics["psnr_y"].reason


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: replace(p, card="x266"), "its card is not one of"),
        (lambda p: replace(p, sequence="VOXCELEB_01"), "did you mean 'VOXCELEB_001'"),
        (lambda p: replace(p, rate_point="28"), "its rate point is not one of"),
        (lambda p: replace(p, rate_point="22"), "stands twice"),
        (lambda p: replace(p, configuration="other"), "is of configuration 'other'"),
    ],
)
def test_a_point_of_another_campaign_is_refused(
    change: Callable[[PointResult], PointResult], message: str
) -> None:
    with pytest.raises(ReportError, match=message):
        consistent_results(edited(change))


def test_unlike_frame_counts_are_not_compared() -> None:
    def change(point: PointResult) -> PointResult:
        size, rate = point.bytes or 0, point.bitrate_kbps or 0.0
        return replace(point, frames=50, bytes=size // 2, bitrate_kbps=size // 2 * rate * 2 / size)

    comparison = report_data(edited(change)).comparisons[0].cards[0]
    figure = comparison.by_metric("psnr_y").sequences[0].bd_rate
    assert (figure.value, figure.status.value) == (None, "not-comparable")
    assert comparison.by_metric("psnr_y").overall.value is None


def test_a_record_without_times_has_no_cost() -> None:
    record = Record(key="0" * 64, stage="encode", status="done", inputs={}, cost={"wall_s": 1.0})
    assert results_reader._cost(record) is None
    full = {"wall_s": 1.0, "cpu_s": 0.5, "peak_rss_mib": 3.0, "concurrent_jobs": 2}
    cost = results_reader._cost(replace(record, cost=full, where={"host": "h", "cpu": "c"}))
    assert cost is not None
    assert (cost.wall_s, cost.concurrent_jobs, cost.machine) == (1.0, 2, "h, c")


def test_a_configuration_without_metrics_or_with_an_undescribed_card_is_refused() -> None:
    results = synthetic_campaign()
    conf = results.configurations[0]
    with pytest.raises(ReportError, match="gfvc-low-delay: has no metric"):
        consistent_results(replace(results, configurations=(replace(conf, metrics=()),)))
    fewer = {name: card for name, card in results.cards.items() if name != "x265"}
    with pytest.raises(ReportError, match="card 'x265' is not described"):
        consistent_results(replace(results, cards=fewer))

"""BD figures against published values, workbook cells, an independent package, and bad curves."""

from __future__ import annotations

import math
import random
from pathlib import Path

import pytest
from bjontegaard import bd_psnr as peer_bd_psnr
from bjontegaard import bd_rate as peer_bd_rate
from hypothesis import given, settings
from hypothesis import strategies as st

from ctc.bd_rate import BdStatus, bd_metric, bd_rate
from ctc.errors import ReportError
from ctc.rd_curve import Curve
from ctc.strict_yaml import load_yaml

GOLDEN = load_yaml(Path(__file__).parents[1] / "golden" / "bd_rate.yaml", ReportError)
ANCHOR = Curve.of([4000, 2000, 1000, 500], [40, 38, 35, 31])
METHODS = ("pchip", "akima", "cubic")


def curve(points: dict[str, list[float]]) -> Curve:
    return Curve.of(points["rates"], points["qualities"])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("vector", GOLDEN["vectors"], ids=lambda v: v["name"])
def test_published_values(vector: dict[str, object], method: str) -> None:
    if method not in vector["percent"]:  # type: ignore[operator]
        return
    expected = vector["percent"][method]  # type: ignore[index]
    result = bd_rate(curve(vector["anchor"]), curve(vector["test"]), interpolation=method)  # type: ignore[arg-type]
    assert result.value is not None
    assert result.value * 100 == pytest.approx(float(expected), abs=vector["tolerance"])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("vector", [v for v in GOLDEN["vectors"] if "psnr" in v])
def test_published_bd_psnr(vector: dict[str, object], method: str) -> None:
    result = bd_metric(curve(vector["anchor"]), curve(vector["test"]), interpolation=method)  # type: ignore[arg-type]
    assert result.value == pytest.approx(vector["psnr"][method], abs=5e-7)  # type: ignore[index]


def random_pair(source: random.Random, count: int) -> tuple[Curve, Curve]:
    curves = []
    for _ in range(2):
        rates, qualities = [source.uniform(50, 500)], [source.uniform(28, 33)]
        for _ in range(count - 1):
            rates.append(rates[-1] * source.uniform(1.1, 3.0))
            qualities.append(qualities[-1] + source.uniform(0.3, 3.0))
        curves.append(Curve.of(rates, qualities))
    return curves[0], curves[1]


@pytest.mark.parametrize("method", METHODS)
def test_agrees_with_bjontegaard_over_random_pairs(method: str) -> None:
    source = random.Random(method)
    compared = 0
    while compared < (2000 if method != "cubic" else 500):
        count = source.choice([4, 5, 6, 8]) if method == "cubic" else source.choice([2, 3, 4, 6, 9])
        anchor, test = random_pair(source, count)
        ours = bd_rate(anchor, test, interpolation=method)
        if ours.overlap is None or ours.overlap < 0.3:
            continue
        compared += 1
        both = (anchor.rates, anchor.qualities, test.rates, test.qualities)
        peer = peer_bd_rate(*both, method=method, min_overlap=0) / 100
        assert ours.value == pytest.approx(peer, rel=1e-9, abs=1e-9)
        delta = bd_metric(anchor, test, interpolation=method)
        if delta.overlap is not None and delta.overlap > 0.3:
            peer = peer_bd_psnr(*both, method=method, min_overlap=0)
            assert delta.value == pytest.approx(peer, rel=1e-9, abs=1e-9)


def test_unequal_numbers_of_points_agree_with_bjontegaard() -> None:
    source = random.Random(7)
    for _ in range(200):
        anchor, test = random_pair(source, 4)[0], random_pair(source, 7)[1]
        ours = bd_rate(anchor, test, minimum_overlap=0.1)
        if ours.status is BdStatus.OK:
            both = (anchor.rates, anchor.qualities, test.rates, test.qualities)
            peer = peer_bd_rate(*both, "pchip", require_matching_points=False, min_overlap=0)
            assert ours.value == pytest.approx(peer / 100, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("case", GOLDEN["edge_cases"], ids=lambda c: c["name"])
def test_edge_cases(case: dict[str, object]) -> None:
    """No 0 %, no -10000, no NaN, no extrapolation: a status, and a value only where one is."""
    higher = bool(case.get("higher_is_better", True))
    anchor = curve(case["anchor"]) if "anchor" in case else ANCHOR  # type: ignore[arg-type]
    result = bd_rate(anchor, curve(case["test"]), higher_is_better=higher)  # type: ignore[arg-type]
    assert result.status.value == case["status"]
    assert (result.reason == "") == (result.status is BdStatus.OK)
    if "percent" in case:
        assert result.value is not None
        assert result.value * 100 == pytest.approx(float(case["percent"]), abs=1e-9)  # type: ignore[arg-type]
    else:
        assert result.value is None


def test_labels_and_reasons_name_what_is_wrong() -> None:
    low = bd_rate(ANCHOR, Curve.of([800, 400, 200, 100], [31.045, 29, 27, 25]))
    assert low.label == "low-overlap 0.3 %"
    assert low.reason == "the curves share 0.3 % of their quality range, less than 50 %"
    broken = bd_rate(ANCHOR, Curve.of([4000, 2000, 1000, 500], [40, 35.2, 38.1, 31]))
    assert broken.reason == (
        "test: 35.2 at 2000 kbit/s and 38.1 at 1000 kbit/s: rate shall rise strictly with quality"
    )
    lpips = bd_rate(
        Curve.of([100, 200], [0.3, 0.3]), Curve.of([1, 2], [0.4, 0.3]), higher_is_better=False
    )
    assert lpips.reason.startswith("anchor: 0.3 at 100 kbit/s and 0.3 at 200 kbit/s")
    few = bd_rate(ANCHOR, Curve.of([100], [30]))
    assert few.reason == "test has 1 of the 2 points that pchip needs"
    assert bd_rate(ANCHOR, ANCHOR, interpolation="cubic").value == pytest.approx(0, abs=1e-12)
    three = Curve.of([400, 200, 100], [40, 35, 31])
    assert bd_rate(three, ANCHOR, interpolation="cubic").status is BdStatus.TOO_FEW_POINTS


@pytest.mark.parametrize("method", METHODS)
def test_a_metric_of_which_less_is_better_needs_no_trick(method: str) -> None:
    """BD on LPIPS equals BD on 1 - LPIPS; the BD-metric keeps the sign of the metric."""
    anchor, test = (
        ([400, 200, 100, 50], [0.1, 0.16, 0.25, 0.4]),
        ([380, 190, 95, 45], [0.09, 0.15, 0.23, 0.38]),
    )
    lpips = (Curve.of(*anchor), Curve.of(*test))
    flipped = [Curve.of(c.rates, [1 - q for q in c.qualities]) for c in lpips]
    raw = bd_rate(*lpips, interpolation=method, higher_is_better=False)
    turned = bd_rate(*flipped, interpolation=method)
    assert raw.value == pytest.approx(turned.value, abs=1e-12)
    assert raw.value is not None and raw.value < 0
    raw_delta = bd_metric(*lpips, interpolation=method, higher_is_better=False)
    turned_delta = bd_metric(*flipped, interpolation=method)
    assert raw_delta.value is not None and turned_delta.value is not None
    assert raw_delta.value == pytest.approx(-turned_delta.value, abs=1e-12)
    assert raw_delta.value < 0


def test_order_and_exact_duplicates_of_points_do_not_matter() -> None:
    test = Curve.of([3600, 1800, 900, 450], [40, 38, 35, 31])
    shuffled = Curve.of([900, 3600, 450, 1800, 900], [35, 40, 31, 38, 35])
    assert bd_rate(ANCHOR, shuffled) == bd_rate(ANCHOR, test)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.2, 5.0), st.sampled_from(METHODS))
def test_scaling_every_rate_scales_the_figure(seed: int, factor: float, method: str) -> None:
    anchor, test = random_pair(random.Random(seed), 4)
    base = bd_rate(anchor, test, interpolation=method)
    scaled = Curve.of([r * factor for r in test.rates], test.qualities)
    moved = bd_rate(anchor, scaled, interpolation=method)
    if base.value is not None and moved.value is not None:
        assert moved.value + 1 == pytest.approx((base.value + 1) * factor, rel=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["pchip", "akima"]))
def test_swapping_anchor_and_test_inverts_the_ratio(seed: int, method: str) -> None:
    anchor, test = random_pair(random.Random(seed), 5)
    forward, back = (
        bd_rate(*pair, interpolation=method) for pair in ((anchor, test), (test, anchor))
    )
    assert forward.status is back.status
    if forward.value is not None and back.value is not None:
        assert (1 + forward.value) * (1 + back.value) == pytest.approx(1, rel=1e-9)


@pytest.mark.parametrize(
    ("rates", "qualities", "text"),
    [
        ([100, 0], [30, 31], "rate[1] = 0.0: shall be finite and above 0"),
        ([100, -5], [30, 31], "rate[1] = -5.0"),
        ([100, math.inf], [30, 31], "rate[1] = inf"),
        ([100, 200], [30, math.inf], "quality[1] = inf: shall be finite"),
        ([100, 200], [math.nan, 30], "quality[0] = nan"),
        ([100, 200], [30], "2 rates and 1 qualities"),
    ],
)
def test_a_curve_refuses_what_is_no_point(
    rates: list[float], qualities: list[float], text: str
) -> None:
    with pytest.raises(ReportError, match=text.replace("[", r"\[")):
        Curve.of(rates, qualities)


def test_an_unknown_interpolation_names_the_near_miss() -> None:
    with pytest.raises(ReportError, match="did you mean 'pchip'"):
        bd_rate(ANCHOR, ANCHOR, interpolation="phcip")

"""Matched points and convex hulls: what is compared where BD-rate is undefined."""

from __future__ import annotations

import random

import pytest
from scipy.interpolate import PchipInterpolator
from scipy.spatial import ConvexHull

from ctc.bd_interpolation import pchip_value
from ctc.matched_points import at_same_quality, at_same_rate
from ctc.rd_curve import Curve, convex_hull

ANCHOR = Curve.of([800, 400, 200, 100], [38, 35, 31, 26])


def test_at_the_rate_of_the_test_the_anchor_curve_is_read() -> None:
    """A straight line in log rate: halfway between 100 and 400 kbit/s is 200."""
    line = Curve.of([100, 400], [30, 34])
    pair = at_same_rate(line, Curve.of([200], [35]))[0]
    assert pair.exact and pair.anchor_quality == pytest.approx(32)
    assert pair.quality_difference == pytest.approx(3)
    assert pair.rate_difference == 0
    pair = at_same_quality(line, Curve.of([50], [32]))[0]
    assert pair.exact and pair.anchor_rate == pytest.approx(200)
    assert pair.rate_difference == pytest.approx(-0.75)


def test_out_of_reach_the_nearest_point_stands_with_its_own_rate() -> None:
    low, inside, high = at_same_rate(ANCHOR, Curve.of([5, 300, 900], [25, 30, 39]))
    assert (low.exact, low.anchor_rate, low.anchor_quality) == (False, 100, 26)
    assert inside.exact
    assert (high.exact, high.anchor_rate) == (False, 800)
    below, above = at_same_quality(ANCHOR, Curve.of([5, 50], [22, 40]))
    assert (below.exact, below.anchor_quality) == (False, 26)
    assert (above.exact, above.anchor_rate) == (False, 800)


def test_an_anchor_that_does_not_rise_gives_points_only() -> None:
    bent = Curve.of([100, 200, 400], [30, 29, 33])
    pair = at_same_rate(bent, Curve.of([190], [30]))[0]
    assert (pair.exact, pair.anchor_rate, pair.anchor_quality) == (False, 200, 29)
    single = at_same_rate(Curve.of([100], [30]), Curve.of([100], [31]))[0]
    assert (single.exact, single.quality_difference) == (True, 1)


def test_less_is_better_is_matched_the_same_way() -> None:
    lpips = Curve.of([400, 200, 100], [0.1, 0.2, 0.4])
    pair = at_same_quality(lpips, Curve.of([60], [0.3]), higher_is_better=False)[0]
    turned = Curve.of([400, 200, 100], [0.9, 0.8, 0.6])
    assert pair.exact
    assert pair.anchor_rate == pytest.approx(
        at_same_quality(turned, Curve.of([60], [0.7]))[0].anchor_rate
    )


def test_values_of_the_curve_agree_with_scipy() -> None:
    source = random.Random(2)
    for _ in range(100):
        x = sorted(source.uniform(0, 10) for _ in range(5))
        y = [source.uniform(0, 10) for _ in x]
        peer = PchipInterpolator(x, y)
        for at in [*x, *(source.uniform(x[0], x[-1]) for _ in range(5))]:
            assert pchip_value(x, y, at) == pytest.approx(float(peer(at)), abs=1e-9)


def test_hull_is_the_upper_chain_of_the_hull_of_all_points() -> None:
    """Against Qhull: every hull point is a vertex, and no point lies above the chain."""
    import numpy as np

    source = random.Random(6)
    for _ in range(40):
        rates = [2 ** source.uniform(4, 9) for _ in range(30)]
        qualities = [source.uniform(25, 30) + 3 * np.log2(r) for r in rates]
        hull = convex_hull(Curve.of(rates, qualities))
        points = np.column_stack([np.log10(rates), qualities])
        vertices = {tuple(np.round(points[v], 9)) for v in ConvexHull(points).vertices}
        ours = list(zip(np.log10(hull.rates), hull.qualities, strict=True))
        assert {tuple(np.round(p, 9)) for p in ours} <= vertices
        assert list(hull.rates) == sorted(hull.rates)
        assert list(hull.qualities) == sorted(hull.qualities)
        assert max(hull.qualities) == max(qualities)
        x, y = zip(*ours, strict=True)
        for at, quality in points:
            if x[0] <= at <= x[-1]:
                assert quality <= np.interp(at, x, y) + 1e-9


def test_hull_of_less_is_better_and_of_repeated_rates() -> None:
    hull = convex_hull(Curve.of([100, 100, 200, 400], [0.5, 0.4, 0.45, 0.2]), False)
    assert (hull.rates, hull.qualities) == ((100, 400), (0.4, 0.2))
    assert convex_hull(Curve.of([100], [30])).rates == (100,)

"""Pairs of anchor and test at one rate or one quality, where BD figures are undefined.

Each rate point of the test stands against the anchor's curve at the same rate (and at the same
quality) where the curve reaches it, and else against the nearest point of the anchor, whose own
rate and quality are then shown: nothing is extrapolated. One point of the test is enough.

Source: ctc/conditions/conditions.md, clause 6.6.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import log10

from ctc.bd_interpolation import pchip_value
from ctc.rd_curve import Curve


@dataclass(frozen=True, slots=True)
class MatchedPair:
    """One point of the test and what of the anchor it stands against; kbit/s and metric units.

    exact: the anchor's curve reaches the rate (or quality) of the test; if not, its nearest point
    is given.
    """

    test_rate: float
    test_quality: float
    anchor_rate: float
    anchor_quality: float
    exact: bool

    @property
    def rate_difference(self) -> float:
        """Rate of test over anchor, as a fraction: -0.8 is 80 % less."""
        return self.test_rate / self.anchor_rate - 1.0

    @property
    def quality_difference(self) -> float:
        """Quality of test less that of anchor, in the metric's unit and with its sign."""
        return self.test_quality - self.anchor_quality


def at_same_rate(anchor: Curve, test: Curve, higher_is_better: bool = True) -> list[MatchedPair]:
    """Return a pair for each point of the test, at its rate, by rising rate.

    >>> anchor = Curve.of([100, 200], [30, 32])
    >>> at_same_rate(anchor, Curve.of([100], [33]))[0].quality_difference
    3.0
    """
    found = []
    rising = _rising(anchor, higher_is_better)
    for rate, quality in sorted(zip(test.rates, test.qualities, strict=True)):
        if rising and rising[0][0] <= rate <= rising[-1][0]:
            x, y = [log10(r) for r, _ in rising], [q for _, q in rising]
            found.append(MatchedPair(rate, quality, rate, pchip_value(x, y, log10(rate)), True))
            continue
        near = min(
            zip(anchor.rates, anchor.qualities, strict=True), key=lambda p: _apart(p[0], rate)
        )
        found.append(MatchedPair(rate, quality, near[0], near[1], near[0] == rate))
    return found


def at_same_quality(anchor: Curve, test: Curve, higher_is_better: bool = True) -> list[MatchedPair]:
    """Return a pair for each point of the test, at its quality, by rising rate."""
    found = []
    sign = 1.0 if higher_is_better else -1.0
    rising = [(sign * q, r) for r, q in _rising(anchor, higher_is_better)]
    for rate, quality in sorted(zip(test.rates, test.qualities, strict=True)):
        if rising and rising[0][0] <= sign * quality <= rising[-1][0]:
            x, y = [q for q, _ in rising], [log10(r) for _, r in rising]
            reached = 10.0 ** pchip_value(x, y, sign * quality)
            found.append(MatchedPair(rate, quality, reached, quality, True))
            continue
        points = zip(anchor.rates, anchor.qualities, strict=True)
        near = min(points, key=lambda p: abs(p[1] - quality))
        found.append(MatchedPair(rate, quality, near[0], near[1], near[1] == quality))
    return found


def _rising(anchor: Curve, higher_is_better: bool) -> list[tuple[float, float]]:
    """(rate, quality) by rising rate if quality rises strictly with it, at least 2; else none."""
    sign = 1.0 if higher_is_better else -1.0
    points = sorted(set(zip(anchor.rates, anchor.qualities, strict=True)))
    rises = all(a[0] < b[0] and sign * a[1] < sign * b[1] for a, b in pairwise(points))
    return points if rises and len(points) > 1 else []


def _apart(first: float, second: float) -> float:
    return abs(log10(first / second))

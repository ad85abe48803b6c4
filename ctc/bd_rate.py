"""Bjontegaard figures with a status: a number is there only when it is defined.

What each status carries, and why:

- ok: value.
- low-overlap: value, flagged with the overlap; it is defined, but speaks for a small part of the
  curves. Conditions say whether means mark it or leave it out (`on_low_overlap`).
- no-overlap, touching, too-few-points: no value; there is nothing to integrate over, and neither
  extrapolation nor 0 is an answer.
- non-monotonic: no value; where rate is not a strictly rising function of quality, each
  interpolation gives another number (one such curve: -17.2 %, -18.0 % and -12.0 %).
- missing-points, not-comparable: no value; a rate point failed, or the two curves were not made
  under the same conditions.

Source: ctc/conditions/conditions.md, clauses 6.1 and 6.2; VCEG-M33; JVET-T2010.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from ctc.bd_interpolation import INTEGRALS, LEAST_POINTS, Integral
from ctc.errors import ReportError, near_miss
from ctc.rd_curve import Curve

Points = list[tuple[float, float]]


class BdStatus(str, Enum):
    """What can be said of one pair of curves."""

    OK = "ok"
    LOW_OVERLAP = "low-overlap"
    NO_OVERLAP = "no-overlap"
    TOUCHING = "touching"
    NON_MONOTONIC = "non-monotonic"
    TOO_FEW_POINTS = "too-few-points"
    MISSING_POINTS = "missing-points"
    NOT_COMPARABLE = "not-comparable"


@dataclass(frozen=True, slots=True)
class BdResult:
    """A Bjontegaard figure of test over anchor.

    value: BD-rate as a fraction (-0.05 is 5 % less rate) or BD-metric in the metric's unit, None
    when undefined; overlap: length of the common interval over that of both together, 0..1, None
    when there was none to measure; reason: one line, empty when the status is ok.
    """

    value: float | None
    status: BdStatus
    overlap: float | None = None
    reason: str = ""

    @property
    def label(self) -> str:
        """The status as printed: `ok`, `low-overlap 30 %`, `no-overlap`.

        >>> BdResult(-0.38, BdStatus.LOW_OVERLAP, 0.3).label
        'low-overlap 30 %'
        """
        if self.status is BdStatus.LOW_OVERLAP and self.overlap is not None:
            return f"{self.status.value} {_percent(self.overlap)}"
        return self.status.value


def bd_rate(
    anchor: Curve,
    test: Curve,
    *,
    interpolation: str = "pchip",
    minimum_overlap: float = 0.5,
    higher_is_better: bool = True,
) -> BdResult:
    """Return the mean rate difference of test over anchor at equal quality, as a fraction.

    Raises:
        ReportError: an interpolation that does not exist.

    >>> anchor = Curve.of([4000, 2000, 1000, 500], [40, 38, 35, 31])
    >>> test = Curve.of([3600, 1800, 900, 450], [40, 38, 35, 31])
    >>> round(bd_rate(anchor, test).value, 9)
    -0.1
    """
    integral = _integral_of(interpolation)
    a, t = anchor.by_quality(higher_is_better), test.by_quality(higher_is_better)
    fault = _fault(a, t, interpolation, higher_is_better)
    if fault is not None:
        return fault
    a_quality, t_quality = [p[0] for p in a], [p[0] for p in t]
    low, high, status, overlap, reason = _interval(a_quality, t_quality, "quality", minimum_overlap)
    if status is BdStatus.NO_OVERLAP or status is BdStatus.TOUCHING:
        return BdResult(None, status, overlap, reason)
    log10 = math.log10
    a_rate, t_rate = [log10(p[1]) for p in a], [log10(p[1]) for p in t]
    difference = integral(t_quality, t_rate, low, high) - integral(a_quality, a_rate, low, high)
    return BdResult(10.0 ** (difference / (high - low)) - 1.0, status, overlap, reason)


def bd_metric(
    anchor: Curve,
    test: Curve,
    *,
    interpolation: str = "pchip",
    minimum_overlap: float = 0.5,
    higher_is_better: bool = True,
) -> BdResult:
    """Return the mean metric difference of test over anchor at equal rate, in the metric's unit.

    The sign is that of the metric itself: for one of which less is better, negative is a gain.

    Raises:
        ReportError: an interpolation that does not exist.

    >>> anchor = Curve.of([4000, 2000, 1000, 500], [40, 38, 35, 31])
    >>> test = Curve.of([4000, 2000, 1000, 500], [40.5, 38.5, 35.5, 31.5])
    >>> round(bd_metric(anchor, test).value, 9)
    0.5
    """
    integral = _integral_of(interpolation)
    a, t = anchor.by_quality(higher_is_better), test.by_quality(higher_is_better)
    fault = _fault(a, t, interpolation, higher_is_better)
    if fault is not None:
        return fault
    a_rate, t_rate = [math.log10(p[1]) for p in a], [math.log10(p[1]) for p in t]
    low, high, status, overlap, reason = _interval(a_rate, t_rate, "log-rate", minimum_overlap)
    if status is BdStatus.NO_OVERLAP or status is BdStatus.TOUCHING:
        return BdResult(None, status, overlap, reason)
    a_quality, t_quality = [p[0] for p in a], [p[0] for p in t]
    difference = integral(t_rate, t_quality, low, high) - integral(a_rate, a_quality, low, high)
    value = difference / (high - low)
    return BdResult(value if higher_is_better else -value, status, overlap, reason)


def _integral_of(interpolation: str) -> Integral:
    try:
        return INTEGRALS[interpolation]
    except KeyError:
        hint = near_miss(interpolation, INTEGRALS)
        raise ReportError(
            f"interpolation '{interpolation}': shall be one of {sorted(INTEGRALS)}{hint}"
        ) from None


def _fault(
    anchor: Points, test: Points, interpolation: str, higher_is_better: bool
) -> BdResult | None:
    """The reason why either curve cannot be interpolated, None when both can."""
    least = LEAST_POINTS[interpolation]
    for name, points in (("anchor", anchor), ("test", test)):
        if len(points) < least:
            reason = f"{name} has {len(points)} of the {least} points that {interpolation} needs"
            return BdResult(None, BdStatus.TOO_FEW_POINTS, None, reason)
    for name, points in (("anchor", anchor), ("test", test)):
        quality, rate = points[0]
        for better, dearer in points[1:]:
            if better <= quality or dearer <= rate:
                sign = 1 if higher_is_better else -1
                reason = (
                    f"{name}: {sign * quality:.6g} at {rate:.6g} kbit/s and "
                    f"{sign * better:.6g} at {dearer:.6g} kbit/s: "
                    "rate shall rise strictly with quality"
                )
                return BdResult(None, BdStatus.NON_MONOTONIC, None, reason)
            quality, rate = better, dearer
    return None


def _interval(
    anchor: list[float], test: list[float], axis: str, minimum_overlap: float
) -> tuple[float, float, BdStatus, float, str]:
    """Ends of the interval common to two rising lists; its status, overlap and reason."""
    low, high = max(anchor[0], test[0]), min(anchor[-1], test[-1])
    if high < low:
        return low, high, BdStatus.NO_OVERLAP, 0.0, f"no {axis} is reached by both curves"
    if high == low:
        return low, high, BdStatus.TOUCHING, 0.0, f"the curves share a single {axis}"
    overlap = (high - low) / (max(anchor[-1], test[-1]) - min(anchor[0], test[0]))
    if overlap >= minimum_overlap:
        return low, high, BdStatus.OK, overlap, ""
    reason = (
        f"the curves share {_percent(overlap)} of their {axis} range, "
        f"less than {_percent(minimum_overlap)}"
    )
    return low, high, BdStatus.LOW_OVERLAP, overlap, reason


def _percent(share: float) -> str:
    """A share of 1 in percent, to three digits."""
    return f"{100 * share:.3g} %"

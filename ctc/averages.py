"""Means of Bjontegaard figures, with how many they stand for.

A mean over fewer sequences than the conditions name is another figure, so it is withheld when any
sequence has none. The one exception is declared by the conditions: `on_low_overlap: exclude`.

Source: ctc/conditions/conditions.md, clause 6.3.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum

from ctc.bd_rate import BdResult, BdStatus
from ctc.errors import ReportError
from ctc.rd_curve import Curve

OVERALL = "Overall"


@dataclass(frozen=True, slots=True)
class Mean:
    """An arithmetic mean of per-sequence figures, e.g. of a class.

    value: None when withheld, with the reason; count: sequences in the mean; total: sequences of
    the class; low_overlap: how many of those counted have low overlap, or, where conditions
    exclude them, how many were left out.
    """

    name: str
    value: float | None
    count: int
    total: int
    low_overlap: int = 0
    reason: str = ""

    @property
    def count_text(self) -> str:
        """The N that is printed with the mean.

        >>> Mean("A", -0.1, 3, 4).count_text
        '3 of 4'
        """
        return f"{self.total}" if self.count == self.total else f"{self.count} of {self.total}"


def mean_of(
    name: str, figures: Sequence[tuple[str, BdResult]], *, exclude_low_overlap: bool = False
) -> Mean:
    """Return the mean of (sequence, figure) pairs; withheld when a figure is undefined.

    >>> ok = BdStatus.OK
    >>> mean_of("A", [("a", BdResult(-0.25, ok)), ("b", BdResult(0.75, ok))]).value
    0.25
    """
    total = len(figures)
    low = sum(figure.status is BdStatus.LOW_OVERLAP for _, figure in figures)
    absent = [(sequence, figure) for sequence, figure in figures if figure.value is None]
    defined = [figure.value for _, figure in figures if figure.value is not None]
    if absent:
        return Mean(name, None, len(defined), total, low, _withheld(absent, total))
    if exclude_low_overlap:
        defined = [f.value for _, f in figures if f.value is not None and f.status is BdStatus.OK]
    if not defined:
        reason = f"all {total} sequences have low overlap" if total else "no sequence"
        return Mean(name, None, 0, total, low, reason)
    return Mean(name, fsum(defined) / len(defined), len(defined), total, low, _marked(low, total))


def _withheld(absent: Sequence[tuple[str, BdResult]], total: int) -> str:
    kinds = Counter(figure.status.value for _, figure in absent)
    kinds_text = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))
    first = absent[0][0]
    named = first if len(absent) == 1 else f"{first} and {len(absent) - 1} more"
    return f"withheld: {len(absent)} of {total} sequences have no figure ({kinds_text}): {named}"


def _marked(low: int, total: int) -> str:
    return f"{low} of {total} sequences have low overlap" if low else ""


def curve_average(curves: Sequence[Curve]) -> Curve:
    """Return the point-by-point mean of curves given in the same order of rate points.

    The basis of the curve-averaged BD-rate of some papers, another figure than the mean of
    per-sequence BD-rates (one published pair of clips: -18.6 % against -6.8 %), so reports show it
    only under its own name.

    Raises:
        ReportError: no curve, or unequal numbers of points.

    >>> curve_average([Curve.of([100, 200], [30, 34]), Curve.of([300, 400], [32, 36])])
    Curve(rates=(200.0, 300.0), qualities=(31.0, 35.0))
    """
    counts = {len(curve.rates) for curve in curves}
    if len(counts) != 1:
        raise ReportError(f"curve average: curves of {sorted(counts)} points: shall be one number")
    number = len(curves)
    rates = [fsum(point) / number for point in zip(*(c.rates for c in curves), strict=True)]
    qualities = [fsum(point) / number for point in zip(*(c.qualities for c in curves), strict=True)]
    return Curve.of(rates, qualities)

"""A rate-distortion curve: the rate points of one codec on one sequence, for one metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite, log10

from ctc.errors import ReportError


@dataclass(frozen=True, slots=True)
class Curve:
    """Rate points in any order: rates in kbit/s (above 0), qualities in the metric's own unit.

    An infinite quality (a lossless point) has no place on a curve, so it is refused here rather
    than turned into a large number.

    Raises:
        ReportError: unequal lengths, a rate that is not finite and above 0, or a quality that is
            not finite.
    """

    rates: tuple[float, ...]
    qualities: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.rates) != len(self.qualities):
            raise ReportError(
                f"curve: {len(self.rates)} rates and {len(self.qualities)} qualities: "
                "shall be equally many"
            )
        # One sum finds every infinity and NaN; only then is it worth looking for which.
        if self.rates and min(self.rates) > 0 and isfinite(sum(self.rates) + sum(self.qualities)):
            return
        for index, rate in enumerate(self.rates):
            if not 0 < rate < inf:
                raise ReportError(f"curve: rate[{index}] = {rate}: shall be finite and above 0")
        for index, quality in enumerate(self.qualities):
            if not isfinite(quality):
                raise ReportError(f"curve: quality[{index}] = {quality}: shall be finite")

    @classmethod
    def of(cls, rates: Sequence[float], qualities: Sequence[float]) -> Curve:
        """Return a curve from any two sequences of numbers.

        >>> Curve.of([1000, 500], [35, 31])
        Curve(rates=(1000.0, 500.0), qualities=(35.0, 31.0))
        """
        return cls(tuple(map(float, rates)), tuple(map(float, qualities)))

    def by_quality(self, higher_is_better: bool = True) -> list[tuple[float, float]]:
        """(quality, rate) from worst to best quality; exact duplicates of a point count once.

        For a metric of which less is better the qualities are negated, so that they always rise.
        """
        if higher_is_better:
            points = sorted(zip(self.qualities, self.rates, strict=True))
        else:
            points = sorted((-q, r) for q, r in zip(self.qualities, self.rates, strict=True))
        return points if len(set(points)) == len(points) else sorted(set(points))


def convex_hull(curve: Curve, higher_is_better: bool = True) -> Curve:
    """Return the points on the upper convex hull over log10 of rate, up to the best quality.

    What a codec reaches when its parameters are chosen for each rate. Rises strictly in both.

    >>> convex_hull(Curve.of([100, 200, 150, 400], [30, 32.5, 30.5, 34])).rates
    (100.0, 200.0, 400.0)
    """
    hull: list[tuple[float, float]] = []
    best: dict[float, float] = {}
    for quality, rate in curve.by_quality(higher_is_better):
        best[rate] = quality  # by_quality rises, so the best of one rate comes last
    for point in sorted((log10(rate), quality) for rate, quality in best.items()):
        while len(hull) > 1 and not _turns_right(hull[-2], hull[-1], point):
            hull.pop()
        hull.append(point)
    top = max(range(len(hull)), key=lambda i: hull[i][1]) if hull else -1
    kept = hull[: top + 1]
    rates = {log10(rate): rate for rate in best}
    sign = 1.0 if higher_is_better else -1.0
    return Curve.of([rates[x] for x, _ in kept], [sign * quality for _, quality in kept])


def _turns_right(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> bool:
    return (b[0] - a[0]) * (c[1] - a[1]) < (b[1] - a[1]) * (c[0] - a[0])

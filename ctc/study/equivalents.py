"""The rate point that a metric holds a distortion for: its place on the metric's own QP ladder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Equivalent:
    """A QP, with `<` or `>` where the distortion is beyond the ladder; None with the reason."""

    qp: float | None
    beyond: str = ""
    reason: str = ""

    @property
    def text(self) -> str:
        """`37.5`, `<27`, `>52` or the reason."""
        return self.reason if self.qp is None else f"{self.beyond}{self.qp:.1f}"


def equivalent_qp(
    qps: Sequence[float],
    ladder: Sequence[float | None],
    value: float | None,
    higher_is_better: bool,
) -> Equivalent:
    """Return the QP at which the metric gives `value`, linear between the points of the ladder.

    >>> equivalent_qp([22, 32, 42], [40.0, 35.0, 30.0], 32.5, True).text
    '37.0'
    >>> equivalent_qp([22, 32, 42], [40.0, 35.0, 30.0], 41.0, True).text
    '<22.0'
    """
    points = [point for point in ladder if point is not None]
    if value is None or len(points) != len(ladder):
        return Equivalent(None, reason="undefined")
    sign = 1.0 if higher_is_better else -1.0
    quality = sign * np.array(points)
    if not (np.diff(quality) < 0).all():
        return Equivalent(None, reason="ladder not monotonic")
    wanted = sign * value
    if wanted > quality[0]:
        return Equivalent(float(qps[0]), "<")
    if wanted < quality[-1]:
        return Equivalent(float(qps[-1]), ">")
    return Equivalent(float(np.interp(-wanted, -quality, np.asarray(qps, dtype=np.float64))))

"""Run-time ratios of test over anchor, only between like conditions.

Source: ctc/conditions/conditions.md, clause 6.4; the EncT and DecT columns of JVET reports are the
geometric mean of the ratios of the rate points.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ctc.results import Cost


@dataclass(frozen=True, slots=True)
class TimeRatio:
    """Geometric mean of run-time ratios (1.5 is 150 %); None with a reason when unlike."""

    name: str
    value: float | None
    count: int
    reason: str = ""


Pair = tuple[Cost | None, Cost | None]


def time_ratio(name: str, pairs: Sequence[Pair]) -> TimeRatio:
    """Return the ratio of test over anchor from (anchor, test) costs of corresponding points.

    Absent when a time is missing, a machine is not recorded, or machine or number of concurrent
    jobs is not one and the same for all.

    >>> slow, fast = Cost(8, 8, 1, machine="m"), Cost(2, 2, 1, machine="m")
    >>> time_ratio("EncT", [(fast, slow), (slow, slow)]).value
    2.0
    """
    costs = [cost for pair in pairs for cost in pair if cost is not None]
    if not pairs or len(costs) != 2 * len(pairs):
        missing = 2 * len(pairs) - len(costs)
        return TimeRatio(name, None, 0, f"{missing} times are missing" if pairs else "no point")
    fault = _unlike(costs)
    if fault:
        return TimeRatio(name, None, 0, fault)
    logs = [math.log(test.wall_s / anchor.wall_s) for anchor, test in pairs if anchor and test]
    return TimeRatio(name, math.exp(sum(logs) / len(logs)), len(logs))


def _unlike(costs: Sequence[Cost]) -> str:
    """Why these times cannot be compared; empty when they can."""
    if any(cost.wall_s <= 0 for cost in costs):
        return "a time is not above 0"
    machines = sorted({cost.machine for cost in costs})
    if "" in machines:
        return "the machine of a time is not recorded"
    if len(machines) > 1:
        return f"times from {len(machines)} machines: {', '.join(machines)}"
    jobs = sorted({cost.concurrent_jobs for cost in costs})
    if len(jobs) > 1:
        return f"times taken beside unlike numbers of jobs: {', '.join(map(str, jobs))}"
    return ""

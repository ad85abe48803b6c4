"""One figure of the study."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Score:
    """One metric on one variant of one sequence; value is None with a reason when undefined."""

    sequence: str
    variant: str
    metric: str
    value: float | None
    reason: str = ""
    kbps: float | None = None

"""Which metrics need which weights."""

from __future__ import annotations

from ctc.metrics.registry import metric_by_name, own_names


def users_of(weights: str) -> list[str]:
    """Return the names of our metrics that need a set of weights."""
    return [name for name in own_names() if weights in metric_by_name(name).weight_sets()]

"""Metrics by name: our own, and those that installed packages offer as `ctc.metrics`."""

from __future__ import annotations

import importlib
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points

from ctc.errors import MetricError, near_miss
from ctc.metrics.base import Metric
from ctc.set_names import NOT_AVAILABLE, SET_FIGURES

ENTRY_POINT_GROUP = "ctc.metrics"
MODULES = (
    "psnr",
    "ssim",
    "ms_ssim",
    "vmaf",
    "xpsnr",
    "lpips",
    "dists",
    "one_minus",
    "gfvc",
    "gmsd",
    "haarpsi",
    "vifp",
    "fsim",
    "ciede2000",
    "temporal",
    "face_motion",
    "ssimulacra2",
    "set_features",
)


@lru_cache(maxsize=1)
def _own_metrics() -> dict[str, Metric]:
    found: dict[str, Metric] = {}
    for module in MODULES:
        found.update(importlib.import_module(f"ctc.metrics.{module}").METRICS)
    return found


def _offered() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=ENTRY_POINT_GROUP)}


def own_names() -> tuple[str, ...]:
    """Return the names of the metrics of this package, sorted."""
    return tuple(sorted(_own_metrics()))


def metric_names() -> tuple[str, ...]:
    """Return every name that metric_by_name knows, sorted."""
    return tuple(sorted({*_own_metrics(), *_offered()}))


def metric_sets() -> dict[str, tuple[str, ...]]:
    """Return named sets of metrics: those of the GFVC common software's versions and tracks."""
    from ctc.metrics.gfvc import SETS

    return dict(SETS)


def metric_by_name(name: str) -> Metric:
    """Return the metric of this name, for instance `psnr-y`.

    Raises:
        MetricError: no such metric, or a package's metric that cannot be loaded.
    """
    own = _own_metrics()
    if name in own:
        return own[name]
    offered = _offered()
    if name in offered:
        return _load(offered[name])
    if name in NOT_AVAILABLE:
        raise MetricError(f"metric '{name}' is not available: it {NOT_AVAILABLE[name]}")
    if name in SET_FIGURES:
        raise MetricError(
            f"metric '{name}' is a figure of a whole set: conditions may list it, and "
            "`ctc setfigures` gives it"
        )
    raise MetricError(
        f"metric '{name}' is unknown{near_miss(name, metric_names())}; `ctc metrics` lists all"
    )


def _load(point: EntryPoint) -> Metric:
    """Return an installed package's metric: a Metric, or a class or function that makes one."""
    origin = f"metric '{point.name}' ({ENTRY_POINT_GROUP} = {point.value})"
    try:
        loaded = point.load()
    except (ImportError, AttributeError) as problem:
        raise MetricError(f"{origin}: cannot be loaded: {problem}") from problem
    metric = loaded() if callable(loaded) else loaded
    if not isinstance(metric, Metric):
        raise MetricError(f"{origin}: is a {type(metric).__name__}: shall be a ctc Metric")
    return metric

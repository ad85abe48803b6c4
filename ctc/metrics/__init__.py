"""Metrics of decoded video against the original, each with a signature that reproduces it."""

from ctc.metrics.base import Metric, Scores, VideoFile
from ctc.metrics.per_picture import class_average, measure_all
from ctc.metrics.registry import metric_by_name, metric_names, metric_sets

__all__ = [
    "Metric",
    "Scores",
    "VideoFile",
    "class_average",
    "measure_all",
    "metric_by_name",
    "metric_names",
    "metric_sets",
]

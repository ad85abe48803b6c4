"""Metrics that score picture by picture, measured together so that reading and features are shared.

Source: ctc/conditions/conditions.md, clause 5.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from ctc.metrics.base import Metric, Scores, VideoFile
from ctc.metrics.pictures import (
    BATCH_SAMPLES,
    PictureBatch,
    check_pair,
    pictures_per_batch,
    read_batches,
)

Values = npt.NDArray[np.float64]


class PictureMetric(Metric):
    """A metric with one figure a picture; the sequence's figure is the mean over pictures."""

    @property
    def samples_at_once(self) -> int:
        """How much of a file is best held at a time, in luma samples; at least one picture is."""
        return BATCH_SAMPLES

    @abstractmethod
    def compare(self, original: PictureBatch, decoded: PictureBatch) -> Values:
        """Return one figure for each picture, shape (pictures,), NaN where undefined.

        A metric of trajectories returns what it observes of each picture, (pictures, ...), and
        overrides `picture_scores`.
        """

    def picture_scores(self, observed: Values) -> Values:
        """Return the figures of all pictures from what was observed of all of them."""
        return observed

    def sequence_score(self, pictures: Values) -> float | None:
        """Return the sequence's figure from the pictures' figures; None when undefined."""
        return float(pictures.mean()) if np.isfinite(pictures).all() else None

    def reason(self, pictures: Values) -> str:
        """Return why the sequence has no figure."""
        missing = int(len(pictures) - np.isfinite(pictures).sum())
        return f"undefined in {missing} of {len(pictures)} pictures"

    def measure(self, original: VideoFile, decoded: Sequence[VideoFile]) -> list[Scores]:
        """Return one Scores for each decoded file.

        Raises:
            MetricError: a file that is missing, cut, or unlike the original.
        """
        return measure_together([self], original, decoded)[0]


def measure_together(
    metrics: Sequence[PictureMetric], original: VideoFile, decoded: Sequence[VideoFile]
) -> list[list[Scores]]:
    """Return Scores[metric][decoded file]; each file is read once, in step with the original.

    Raises:
        MetricError: a file that is missing, cut, or unlike the original.
    """
    for video in decoded:
        check_pair(original, video)
    parts: list[list[list[Values]]] = [[[] for _ in decoded] for _ in metrics]
    samples = min(metric.samples_at_once for metric in metrics)
    step = pictures_per_batch(original.format, samples)
    streams = [read_batches(video, step) for video in decoded]
    for batch in read_batches(original, step):
        for index, stream in enumerate(streams):
            other = next(stream)
            for row, metric in zip(parts, metrics, strict=True):
                row[index].append(metric.compare(batch, other))
    return [
        [_scores(metric, np.concatenate(values)) for values in row]
        for row, metric in zip(parts, metrics, strict=True)
    ]


def _scores(metric: PictureMetric, values: Values) -> Scores:
    figures = metric.picture_scores(values)
    pictures = tuple(float(v) if np.isfinite(v) else None for v in figures)
    sequence = metric.sequence_score(figures)
    return Scores(sequence, pictures, "" if sequence is not None else metric.reason(figures))


def measure_all(
    metrics: Sequence[Metric], original: VideoFile, decoded: Sequence[VideoFile]
) -> list[list[Scores]]:
    """Return Scores[metric][decoded file], sharing all that the metrics have in common.

    A metric that cannot run here, or is undefined for the format, gives absent figures with the
    reason.

    Raises:
        MetricError: a file that is missing, cut, or unlike the original.
    """
    results: dict[int, list[Scores]] = {}
    for index, metric in enumerate(metrics):
        reason = metric.unavailable() or metric.applies_to(original.format)
        if reason:
            results[index] = [Scores(None, (), reason) for _ in decoded]
    together = {
        i: m for i, m in enumerate(metrics) if i not in results and isinstance(m, PictureMetric)
    }
    if together:
        scores = measure_together(list(together.values()), original, decoded)
        results.update(zip(together, scores, strict=True))
    for index, metric in enumerate(metrics):
        if index not in results:
            results[index] = metric.measure(original, decoded)
    return [results[index] for index in range(len(metrics))]


def class_average(values: Iterable[float | None]) -> float | None:
    """Return the mean over the sequences of a class; None when any of them is missing.

    >>> class_average([30.0, 32.0]), class_average([30.0, None]), class_average([])
    (31.0, None, None)
    """
    known = list(values)
    figures = [v for v in known if v is not None]
    return sum(figures) / len(figures) if figures and len(figures) == len(known) else None

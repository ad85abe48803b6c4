"""The study: every metric on every distortion of every sequence, and the QP it takes each for."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ctc.metrics import Metric, VideoFile, class_average, measure_all, metric_by_name
from ctc.registry import LoadedCard
from ctc.study.clips import code, distort, read_clip
from ctc.study.distortions import all_distortions
from ctc.study.equivalents import Equivalent, equivalent_qp
from ctc.study.score import Score
from ctc.study.study_scores import Finished

DEFAULT_METRICS = (
    "psnr-y", "apsnr-y", "ssim-y", "ms-ssim-y", "vmaf", "vmaf-neg", "xpsnr-y",
    "lpips-alex", "lpips-squeeze", "lpips-vgg", "dists",
    "fsim-y", "gmsd-y", "haarpsi-y", "vifp-y", "ciede2000", "ssimulacra2",
    "temporal-difference", "warped-error", "flow-error",
    "landmark-distance", "landmark-trajectory", "mouth-opening-error", "eye-opening-error",
    "head-pose-error", "identity-similarity",
)  # fmt: skip


@dataclass(frozen=True)
class Study:
    """All figures; variants in order, the ladder first.

    rights: what the list says of each sequence's footage; command: what made the study.
    """

    card: str
    frames: int
    sequences: tuple[str, ...]
    metrics: tuple[str, ...]
    signatures: dict[str, str]
    higher_is_better: dict[str, bool]
    ladder: tuple[str, ...]
    distortions: tuple[str, ...]
    scores: tuple[Score, ...]
    rights: dict[str, str] = field(default_factory=dict)
    command: str = ""

    def mean(self, variant: str, metric: str) -> float | None:
        """Return the mean over sequences; None when any is missing."""
        return class_average(
            s.value for s in self.scores if s.variant == variant and s.metric == metric
        )

    def equivalents(self, metric: str) -> dict[str, Equivalent]:
        """Return the equivalent QP of every distortion, by the means over sequences."""
        ladder = [self.mean(ladder_label(point), metric) for point in self.ladder]
        qps = [float(point) for point in self.ladder]
        better = self.higher_is_better[metric]
        return {
            name: equivalent_qp(qps, ladder, self.mean(name, metric), better)
            for name in self.distortions
        }


def ladder_label(point: str) -> str:
    """Return the name of a rung: `QP 37`."""
    return f"QP {point}"


def run_study(
    originals: dict[str, VideoFile],
    card: LoadedCard,
    points: tuple[str, ...],
    metrics: tuple[str, ...],
    progress: Callable[[str], None],
    finished: Finished | None = None,
) -> Study:
    """Return the study of these originals; metrics that cannot run here have absent figures.

    finished: where the scores of each sequence are kept until the report is written.

    Raises:
        CtcError: an unknown metric, or a codec that fails.
    """
    found = {name: metric_by_name(name) for name in metrics}
    scores: list[Score] = []
    for name, original in originals.items():
        known = finished.read(name) if finished is not None else None
        if known is None:
            with tempfile.TemporaryDirectory(prefix="metric-study-") as folder:
                known = tuple(_scores(name, original, card, points, found, Path(folder)))
            if finished is not None:
                finished.write(name, known)
        scores += known
        progress(name)
    return Study(
        card.card.name,
        max(video.frames for video in originals.values()),
        tuple(originals),
        metrics,
        {name: metric.signature() for name, metric in found.items()},
        {name: metric.higher_is_better for name, metric in found.items()},
        points,
        tuple(d.label for d in all_distortions()),
        tuple(scores),
    )


def _scores(
    name: str,
    original: VideoFile,
    card: LoadedCard,
    points: tuple[str, ...],
    metrics: dict[str, Metric],
    folder: Path,
) -> Iterator[Score]:
    variants: dict[str, VideoFile] = {}
    rates: dict[str, float] = {}
    seconds = original.frames / original.format.frame_rate
    for point in points:
        video, size = code(original, card, point, folder)
        variants[ladder_label(point)] = video
        rates[ladder_label(point)] = round(float(size * 8 / seconds / 1000), 3)
    clip = read_clip(original)
    for distortion in all_distortions():
        variants[distortion.label] = distort(original, clip, distortion, folder)
    results = measure_all(list(metrics.values()), original, list(variants.values()))
    for metric, row in zip(metrics, results, strict=True):
        for variant, score in zip(variants, row, strict=True):
            # To the digits of the CSV, so that a study that went on equals one that did not stop.
            value = None if score.sequence is None else float(f"{score.sequence:.10g}")
            yield Score(name, variant, metric, value, score.reason, rates.get(variant))

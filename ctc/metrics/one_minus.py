"""1-LPIPS and 1-DISTS, the quality axes of the GFVC common test conditions.

Source: ctc/conditions/conditions.md, clause 5; the GFVC common software reports them so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from ctc.metrics.base import Metric
from ctc.metrics.dists import METRICS as DISTS
from ctc.metrics.lpips import METRICS as LPIPS
from ctc.metrics.per_picture import PictureMetric, Values
from ctc.metrics.pictures import PictureBatch
from reference_sw.video.format import VideoFormat


@dataclass(frozen=True)
class OneMinus(PictureMetric):
    """1 less a distance, so that higher is better."""

    name: ClassVar[str] = "1-minus"

    of: PictureMetric = field()

    @property
    def title(self) -> str:
        """`1-LPIPS-VGG`."""
        return f"1-{self.of.title}"

    @property
    def samples_at_once(self) -> int:
        """As the distance."""
        return self.of.samples_at_once

    def signature(self) -> str:
        """The distance's own signature after `1-`."""
        return f"1-{self.of.signature()}"

    def weight_sets(self) -> tuple[str, ...]:
        """The distance's."""
        return self.of.weight_sets()

    def unavailable(self) -> str:
        """As the distance."""
        return self.of.unavailable()

    def applies_to(self, video: VideoFormat) -> str:
        """As the distance."""
        return self.of.applies_to(video)

    def compare(self, original: PictureBatch, decoded: PictureBatch) -> Values:
        """Return 1 less the distance of each picture."""
        return 1.0 - self.of.compare(original, decoded)


METRICS: dict[str, Metric] = {
    f"1-{name}": OneMinus(metric)
    for name, metric in {**LPIPS, **DISTS}.items()
    if isinstance(metric, PictureMetric)
}

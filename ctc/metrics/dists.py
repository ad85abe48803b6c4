"""DISTS: deep image structure and texture similarity, on VGG16 with L2 pooling.

Source: K. Ding, K. Ma, S. Wang, E. P. Simoncelli, "Image quality assessment: unifying structure
and texture similarity", IEEE TPAMI 2020; the alpha and beta of its authors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ctc.metrics.base import Metric
from ctc.metrics.learned import (
    VGG_SAMPLES,
    LearnedPictureMetric,
    rgb_tensor,
    tensors_of,
)
from ctc.metrics.per_picture import Values
from ctc.metrics.pictures import PictureBatch
from reference_sw.video.format import VideoFormat

if TYPE_CHECKING:
    import torch

SMALLEST_SIDE = 32
RESIZE_NONE = "none"
RESIZE_GFVC = "mean by round(min/256)"


@dataclass(frozen=True)
class Dists(LearnedPictureMetric):
    """DISTS distance, 0 for identical pictures.

    resize: none, or block means by round(min(width, height) / 256) as the GFVC common software
    does; they are equal up to a smaller side of 383.
    """

    name: ClassVar[str] = "dists"
    higher_is_better: ClassVar[bool] = False

    backbone: str = "vgg"
    resize: str = RESIZE_NONE

    @property
    def title(self) -> str:
        """`DISTS`."""
        return "DISTS" if self.resize == RESIZE_NONE else "DISTS (GFVC)"

    @property
    def samples_at_once(self) -> int:
        """One picture of 256x256 for VGG16."""
        return VGG_SAMPLES

    def weight_sets(self) -> tuple[str, ...]:
        """The backbone, and alpha and beta."""
        return ("vgg16", "dists-alpha-beta")

    def applies_to(self, video: VideoFormat) -> str:
        """Defined for pictures that survive the backbone's poolings."""
        small = min(video.width, video.height) < SMALLEST_SIDE
        return f"needs pictures of at least {SMALLEST_SIDE}x{SMALLEST_SIDE}" if small else ""

    def compare(self, original: PictureBatch, decoded: PictureBatch) -> Values:
        """Return the DISTS distance of each picture."""
        import torch

        from ctc.metrics.networks.perceptual import dists_distance, dists_statistics

        tensors, weights = tensors_of("vgg16"), tensors_of("dists-alpha-beta")

        def distance() -> Values:
            with torch.inference_mode():
                key = f"dists features {self.resize} {id(tensors)}"
                a = original.derived(
                    key, lambda: dists_statistics(self._features(original, tensors))
                )
                b = self._features(decoded, tensors)
                figures = dists_distance(a, b, weights["alpha"], weights["beta"])
            return np.asarray(figures.cpu().double().numpy(), dtype=np.float64)

        return decoded.derived(f"dists {self.resize} against {id(original)}", distance)

    def _features(
        self, batch: PictureBatch, tensors: dict[str, torch.Tensor]
    ) -> list[torch.Tensor]:
        from torch.nn.functional import avg_pool2d

        from ctc.metrics.networks.backbones import vgg_stage
        from ctc.metrics.networks.perceptual import (
            dists_features,
            first_vgg_stage,
            normalised_input,
        )

        factor = max(1, round(min(batch.format.width, batch.format.height) / 256))
        x = rgb_tensor(batch)
        if self.resize == RESIZE_NONE or factor == 1:
            return dists_features(tensors, x, first_vgg_stage(tensors, batch))
        x = avg_pool2d(x, factor)
        return dists_features(tensors, x, vgg_stage(tensors, 0, normalised_input(x)))


METRICS: dict[str, Metric] = {"dists": Dists(), "dists-gfvc": Dists(resize=RESIZE_GFVC)}

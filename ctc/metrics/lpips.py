"""LPIPS with an AlexNet, SqueezeNet or VGG16 backbone, v0.1 linear layers.

Source: R. Zhang, P. Isola, A. A. Efros, E. Shechtman, O. Wang, "The unreasonable effectiveness of
deep features as a perceptual metric", CVPR 2018; the v0.1 weights of its authors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ctc.metrics.base import Metric
from ctc.metrics.learned import VGG_SAMPLES, LearnedPictureMetric, tensors_of
from ctc.metrics.per_picture import Values
from ctc.metrics.pictures import BATCH_SAMPLES, PictureBatch
from reference_sw.video.format import VideoFormat

_TITLES = {"alex": "LPIPS-Alex", "squeeze": "LPIPS-Squeeze", "vgg": "LPIPS-VGG"}
_BACKBONES = {"alex": "alexnet", "squeeze": "squeezenet", "vgg": "vgg16"}
SMALLEST_SIDE = 32


@dataclass(frozen=True)
class Lpips(LearnedPictureMetric):
    """LPIPS distance, 0 for identical pictures; the backbone is part of the name."""

    name: ClassVar[str] = "lpips"
    higher_is_better: ClassVar[bool] = False

    net: str = "alex"
    heads: str = "v0.1"
    resize: str = "none"

    @property
    def title(self) -> str:
        """`LPIPS-Alex`."""
        return _TITLES[self.net]

    @property
    def samples_at_once(self) -> int:
        """One picture of 256x256 for VGG16."""
        return VGG_SAMPLES if self.net == "vgg" else BATCH_SAMPLES

    def weight_sets(self) -> tuple[str, ...]:
        """The backbone and the linear layers."""
        return (_BACKBONES[self.net], f"lpips-{self.net}-heads")

    def applies_to(self, video: VideoFormat) -> str:
        """Defined for pictures that survive the backbone's poolings."""
        small = min(video.width, video.height) < SMALLEST_SIDE
        return f"needs pictures of at least {SMALLEST_SIDE}x{SMALLEST_SIDE}" if small else ""

    def compare(self, original: PictureBatch, decoded: PictureBatch) -> Values:
        """Return the LPIPS distance of each picture."""
        import torch

        from ctc.metrics.networks.perceptual import backbone_features, lpips_distance

        backbone, heads = self.weight_sets()
        tensors, linear = tensors_of(backbone), tensors_of(heads)
        weights = [linear[f"lin{layer}.weight"] for layer in range(len(linear))]

        def distance() -> Values:
            with torch.inference_mode():
                key = f"lpips features {self.net} {id(tensors)}"
                a = original.derived(key, lambda: backbone_features(self.net, tensors, original))
                b = backbone_features(self.net, tensors, decoded)
                figures = lpips_distance(a, b, weights)
            return np.asarray(figures.cpu().double().numpy(), dtype=np.float64)

        return decoded.derived(f"lpips {self.net} against {id(original)}", distance)


METRICS: dict[str, Metric] = {f"lpips-{net}": Lpips(net) for net in ("alex", "squeeze", "vgg")}

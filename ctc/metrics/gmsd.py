"""Gradient magnitude similarity deviation.

Source: W. Xue, L. Zhang, X. Mou, A. C. Bovik, "Gradient magnitude similarity deviation: a highly
efficient perceptual image quality index", IEEE TIP 23(2), 2014, equations 3 to 6.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ctc.metrics.base import Metric
from ctc.metrics.luma import LUMA_PATH, Maps, block_means, luma, similarity
from ctc.metrics.per_picture import PictureMetric, Values
from ctc.metrics.pictures import PictureBatch

CONSTANT = 170.0
_PREWITT = np.ones(3) / 3


def gradient_magnitude(planes: Maps) -> Maps:
    """Return the Prewitt gradient magnitude of planes (n, h, w), zeros beyond the edges."""
    from scipy.ndimage import correlate1d

    step = np.array([1.0, 0.0, -1.0])
    across = correlate1d(
        correlate1d(planes, step, -1, mode="constant"), _PREWITT, -2, mode="constant"
    )
    down = correlate1d(
        correlate1d(planes, step, -2, mode="constant"), _PREWITT, -1, mode="constant"
    )
    return np.asarray(np.hypot(across, down), dtype=np.float64)


@dataclass(frozen=True)
class Gmsd(PictureMetric):
    """GMSD of luma: the standard deviation of gradient similarity, 0 for identical pictures."""

    name: ClassVar[str] = "gmsd"
    higher_is_better: ClassVar[bool] = False

    input: str = LUMA_PATH
    downsample: str = "2"
    constant: float = CONSTANT

    @property
    def title(self) -> str:
        """`GMSD`."""
        return "GMSD"

    def compare(self, original: PictureBatch, decoded: PictureBatch) -> Values:
        """Return the GMSD of each picture."""
        a, b = _gradients(original), _gradients(decoded)
        return np.asarray(similarity(a, b, self.constant).std(axis=(1, 2), ddof=1))


def _gradients(batch: PictureBatch) -> Maps:
    return batch.derived("gmsd gradients", lambda: gradient_magnitude(block_means(luma(batch), 2)))


METRICS: dict[str, Metric] = {"gmsd-y": Gmsd()}

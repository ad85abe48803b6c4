"""Feature similarity index, on luma (FSIM) and with chrominance (FSIMc).

Source: L. Zhang, L. Zhang, X. Mou, D. Zhang, "FSIM: a feature similarity index for image quality
assessment", IEEE TIP 20(8), 2011, equations 4 to 8 and 10.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ctc.metrics.base import Metric
from ctc.metrics.luma import LUMA_PATH, YIQ_PATH, Maps, block_means, luma, similarity, yiq
from ctc.metrics.per_picture import PictureMetric, Values
from ctc.metrics.phase_congruency import phase_congruency
from ctc.metrics.pictures import PictureBatch
from reference_sw.video.format import VideoFormat

T_PHASE, T_GRADIENT, T_CHROMA, CHROMA_EXPONENT = 0.85, 160.0, 200.0, 0.03
SMALLEST_SIDE = 32


def scharr_magnitude(planes: Maps) -> Maps:
    """Return the Scharr gradient magnitude of planes (n, h, w), zeros beyond the edges."""
    from scipy.ndimage import correlate1d

    step, smooth = np.array([1.0, 0.0, -1.0]), np.array([3.0, 10.0, 3.0]) / 16
    across = correlate1d(
        correlate1d(planes, step, -1, mode="constant"), smooth, -2, mode="constant"
    )
    down = correlate1d(correlate1d(planes, step, -2, mode="constant"), smooth, -1, mode="constant")
    return np.asarray(np.hypot(across, down), dtype=np.float64)


@dataclass(frozen=True)
class Fsim(PictureMetric):
    """FSIM or FSIMc, 1 for identical pictures; downsampled by round(min/256) as published."""

    name: ClassVar[str] = "fsim"

    colour: bool = False
    downsample: str = "round(min/256)"

    @property
    def title(self) -> str:
        """`FSIM` or `FSIMc`."""
        return "FSIMc" if self.colour else "FSIM"

    def extra_signature(self) -> list[str]:
        """What the pictures are turned into first."""
        return [f"input:{YIQ_PATH if self.colour else LUMA_PATH}"]

    def applies_to(self, video: VideoFormat) -> str:
        """Defined where the filters have room."""
        small = min(video.width, video.height) < SMALLEST_SIDE
        return f"needs pictures of at least {SMALLEST_SIDE}x{SMALLEST_SIDE}" if small else ""

    def compare(self, original: PictureBatch, decoded: PictureBatch) -> Values:
        """Return the FSIM of each picture; undefined where neither has any feature."""
        (phase_a, slope_a), (phase_b, slope_b) = (self._maps(b) for b in (original, decoded))
        weights = np.maximum(phase_a, phase_b)
        alike = similarity(phase_a, phase_b, T_PHASE) * similarity(slope_a, slope_b, T_GRADIENT)
        if self.colour:
            chroma = np.ones_like(alike)
            for a, b in zip(_chroma(original), _chroma(decoded), strict=True):
                chroma *= similarity(a, b, T_CHROMA)
            # The real part of a power, as published, for products below zero.
            turn = np.where(chroma < 0, np.cos(np.pi * CHROMA_EXPONENT), 1.0)
            alike = alike * np.abs(chroma) ** CHROMA_EXPONENT * turn
        total = weights.sum(axis=(1, 2))
        summed = (alike * weights).sum(axis=(1, 2))
        undefined = np.full_like(total, np.nan)
        return np.asarray(np.divide(summed, total, out=undefined, where=total > 0))

    def _maps(self, batch: PictureBatch) -> tuple[Maps, Maps]:
        def make() -> tuple[Maps, Maps]:
            source = yiq(batch)[0] if self.colour else luma(batch)
            small = block_means(source, _factor(batch.format))
            return phase_congruency(small), scharr_magnitude(small)

        return batch.derived(f"fsim {self.colour}", make)


def _factor(video: VideoFormat) -> int:
    return max(1, int(min(video.width, video.height) / 256 + 0.5))


def _chroma(batch: PictureBatch) -> tuple[Maps, ...]:
    def make() -> tuple[Maps, ...]:
        return tuple(block_means(plane, _factor(batch.format)) for plane in yiq(batch)[1:])

    return batch.derived("fsim chroma", make)


METRICS: dict[str, Metric] = {"fsim-y": Fsim(), "fsimc": Fsim(colour=True)}

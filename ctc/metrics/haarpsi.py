"""Haar wavelet-based perceptual similarity index.

Source: R. Reisenhofer, S. Bosse, G. Kutyniok, T. Wiegand, "A Haar wavelet-based perceptual
similarity index for image quality assessment", Signal Processing: Image Communication 61, 2018.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ctc.metrics.base import Metric
from ctc.metrics.luma import LUMA_PATH, YIQ_PATH, Maps, block_means, luma, similarity, yiq
from ctc.metrics.per_picture import PictureMetric, Values
from ctc.metrics.pictures import PictureBatch
from reference_sw.video.format import VideoFormat

CONSTANT, ALPHA, SCALES = 30.0, 4.2, 3
SMALLEST_SIDE = 16


def _box_sums(planes: Maps, size: int, halves: int) -> Maps:
    """Return the Haar coefficient of each sample: rows of the later half less the earlier's.

    halves: the axis (-2 rows, -1 columns) along which the two halves differ in sign.
    """
    from scipy.ndimage import correlate1d

    along = np.ones(size) / size
    across = np.ones(size)
    across[size // 2 :] = -1
    other = -1 if halves == -2 else -2
    # origin -1: an even window reaches half its size less one back, as Matlab's conv2 'same'.
    kept = correlate1d(planes, across, halves, mode="constant", origin=-1)
    return np.asarray(correlate1d(kept, along, other, mode="constant", origin=-1))


def haar_magnitudes(planes: Maps) -> Maps:
    """Return |coefficients| of shape (2 orientations, 3 scales, n, h, w)."""
    return np.stack(
        [
            np.stack([np.abs(_box_sums(planes, 2**scale, axis)) for scale in range(1, SCALES + 1)])
            for axis in (-2, -1)
        ]
    )


def _pool(similarities: Maps, weights: Maps) -> Values:
    """Return the squared inverse logistic of the weighted mean of logistic similarities."""
    logistic = 1 / (1 + np.exp(-ALPHA * similarities))
    mean = (logistic * weights).sum(axis=(0, 2, 3)) / weights.sum(axis=(0, 2, 3))
    return np.asarray((np.log(mean / (1 - mean)) / ALPHA) ** 2, dtype=np.float64)


@dataclass(frozen=True)
class HaarPsi(PictureMetric):
    """HaarPSI of luma, or with the two chromatic channels; 1 for identical pictures."""

    name: ClassVar[str] = "haarpsi"

    colour: bool = False
    parameters: str = "c:30,alpha:4.2,subsampled:2"

    @property
    def title(self) -> str:
        """`HaarPSI`."""
        return "HaarPSI colour" if self.colour else "HaarPSI"

    def extra_signature(self) -> list[str]:
        """What the pictures are turned into first."""
        return [f"input:{YIQ_PATH if self.colour else LUMA_PATH}"]

    def applies_to(self, video: VideoFormat) -> str:
        """Defined where the largest wavelet fits."""
        small = min(video.width, video.height) < SMALLEST_SIDE
        return f"needs pictures of at least {SMALLEST_SIDE}x{SMALLEST_SIDE}" if small else ""

    def compare(self, original: PictureBatch, decoded: PictureBatch) -> Values:
        """Return the HaarPSI of each picture."""
        a, b = (self._magnitudes(batch) for batch in (original, decoded))
        weights = np.maximum(a[:, 2], b[:, 2])
        local = similarity(a[:, :2], b[:, :2], CONSTANT).mean(axis=1)
        if self.colour:
            chroma = [
                similarity(x, y, CONSTANT)
                for x, y in zip(_chroma(original), _chroma(decoded), strict=True)
            ]
            local = np.concatenate([local, [(chroma[0] + chroma[1]) / 2]])
            weights = np.concatenate([weights, [weights.mean(axis=0)]])
        # Two black pictures have no structure to weigh: they are identical.
        flat = weights.sum(axis=(0, 2, 3)) == 0
        return np.where(flat, 1.0, _pool(local, np.where(flat[None, :, None, None], 1.0, weights)))

    def _magnitudes(self, batch: PictureBatch) -> Maps:
        key = f"haar {self.colour}"
        source = yiq(batch)[0] if self.colour else luma(batch)
        return batch.derived(key, lambda: haar_magnitudes(block_means(source, 2)))


def _chroma(batch: PictureBatch) -> tuple[Maps, Maps]:
    def make() -> tuple[Maps, Maps]:
        means = [_means(block_means(plane, 2)) for plane in yiq(batch)[1:]]
        return np.abs(means[0]), np.abs(means[1])

    return batch.derived("haar chroma", make)


def _means(planes: Maps) -> Maps:
    """Return 2x2 means of each sample and those below and to the right, zeros beyond the edges."""
    padded = np.pad(planes, ((0, 0), (0, 1), (0, 1)))
    rows = padded[:, :-1] + padded[:, 1:]
    return np.asarray((rows[:, :, :-1] + rows[:, :, 1:]) / 4, dtype=np.float64)


METRICS: dict[str, Metric] = {"haarpsi-y": HaarPsi(), "haarpsi-colour": HaarPsi(colour=True)}

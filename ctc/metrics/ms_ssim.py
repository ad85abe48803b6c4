"""Multi-scale structural similarity of one plane or the mean over planes.

Source: Z. Wang, E. P. Simoncelli, A. C. Bovik, "Multiscale structural similarity for image quality
assessment", Asilomar 2003, equation 7 and the five exponents of section 3.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ctc.metrics.base import Metric
from ctc.metrics.per_picture import PictureMetric, Values
from ctc.metrics.pictures import PictureBatch
from ctc.metrics.psnr import missing_planes
from ctc.metrics.ssim import Maps, filter_valid, similarity_maps
from reference_sw.video.format import VideoFormat

EXPONENTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
SMALLEST_SIDE = 161


def halved(planes: Maps) -> Maps:
    """Return 2x2 means; an odd last row or column is averaged with zeros ahead of the first.

    >>> halved(np.array([[[1.0, 3.0], [5.0, 7.0]]])).tolist()
    [[[4.0]]]
    """
    odd_rows, odd_columns = planes.shape[1] % 2, planes.shape[2] % 2
    padded = np.pad(planes, ((0, 0), (odd_rows, odd_rows), (odd_columns, odd_columns)))
    rows, columns = padded.shape[1] // 2 * 2, padded.shape[2] // 2 * 2
    cut = padded[:, :rows, :columns]
    blocks = cut.reshape(len(cut), rows // 2, 2, columns // 2, 2)
    return np.asarray(blocks.mean(axis=(2, 4)), dtype=np.float64)


def _pyramid(batch: PictureBatch, plane: str) -> list[Maps]:
    def build() -> list[Maps]:
        levels = [batch.plane(plane).astype(np.float64)]
        for _ in EXPONENTS[1:]:
            levels.append(halved(levels[-1]))
        return levels

    return batch.derived(f"pyramid {plane}", build)


def ms_ssim(original: PictureBatch, decoded: PictureBatch, plane: str) -> Values:
    """Return the MS-SSIM of one plane of each picture, shape (pictures,), 0..1."""
    a, b = _pyramid(original, plane), _pyramid(decoded, plane)
    means = original.derived(f"ms-ssim means {plane}", lambda: [filter_valid(x) for x in a])
    peak = (1 << original.format.bit_depth) - 1
    figure = np.ones(len(original))
    for level, exponent in enumerate(EXPONENTS):
        whole, contrast = similarity_maps(a[level], b[level], means[level], peak)
        last = level == len(EXPONENTS) - 1
        mean = (whole if last else contrast).mean(axis=(1, 2))
        # A negative factor has no real power: it counts as 0, as the signature says.
        figure *= np.maximum(mean, 0.0) ** exponent
    return figure


@dataclass(frozen=True)
class MsSsim(PictureMetric):
    """MS-SSIM: five scales, 11x11 Gaussian of sigma 1.5 wholly inside, 2x2 means between scales."""

    name: ClassVar[str] = "ms-ssim"

    planes: str = "y"
    window: str = "gaussian11x11,1.5,valid"
    scales: str = "5,mean2x2"
    peak: str = "2^b-1"
    negative: str = "0"

    @property
    def title(self) -> str:
        """`MS-SSIM Y`."""
        return f"MS-SSIM {self.planes.upper()}"

    def applies_to(self, video: VideoFormat) -> str:
        """Defined where the file has the planes and the fifth scale holds a whole window."""
        small = min(min(shape) for shape in video.plane_shapes[: len(self.planes)])
        too_small = f"needs planes of at least {SMALLEST_SIDE} samples a side"
        return missing_planes(video, tuple(self.planes)) or (
            "" if small >= SMALLEST_SIDE else too_small
        )

    def compare(self, original: PictureBatch, decoded: PictureBatch) -> Values:
        """Return the MS-SSIM of each picture."""
        figures = [ms_ssim(original, decoded, plane) for plane in self.planes]
        return np.asarray(np.mean(figures, axis=0), dtype=np.float64)


METRICS: dict[str, Metric] = {"ms-ssim-y": MsSsim("y"), "ms-ssim-rgb": MsSsim("rgb")}

"""Structural similarity of one plane or the mean over planes.

Source: Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli, "Image quality assessment: from error
visibility to structural similarity", IEEE TIP 13(4), 2004, equations 13 to 17.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from ctc.metrics.base import Metric
from ctc.metrics.per_picture import PictureMetric, Values
from ctc.metrics.pictures import PictureBatch
from ctc.metrics.psnr import missing_planes
from reference_sw.video.format import VideoFormat

Maps = npt.NDArray[np.float64]

WINDOW = 11
SIGMA = 1.5
K1, K2 = 0.01, 0.03


def gaussian_window(size: int = WINDOW, sigma: float = SIGMA) -> npt.NDArray[np.float64]:
    """Return a Gaussian of `size` taps that sums to 1.

    >>> gaussian_window(3, 1.0).round(4).tolist()
    [0.2741, 0.4519, 0.2741]
    """
    offsets = np.arange(size, dtype=np.float64) - (size - 1) / 2
    taps = np.exp(-(offsets**2) / (2 * sigma**2))
    return np.asarray(taps / taps.sum(), dtype=np.float64)


def filter_valid(planes: Maps) -> Maps:
    """Return each plane under the 11x11 window, where it lies wholly inside: (n, h-10, w-10)."""
    from scipy.ndimage import correlate1d

    taps, edge = gaussian_window(), WINDOW // 2
    rows = correlate1d(planes, taps, axis=-1)[..., edge:-edge]
    return np.asarray(correlate1d(rows, taps, axis=-2)[..., edge:-edge, :], dtype=np.float64)


def similarity_maps(a: Maps, b: Maps, mean_a: Maps, peak: int) -> tuple[Maps, Maps]:
    """Return the SSIM map and its contrast-structure factor, each (n, h-10, w-10).

    mean_a: filter_valid(a), given so that the original's is computed once.
    """
    c1, c2 = (K1 * peak) ** 2, (K2 * peak) ** 2
    mean_b = filter_valid(b)
    product, power = mean_a * mean_b, mean_a**2 + mean_b**2
    # The two variances are only ever added: one filter for both.
    squares = filter_valid(a * a + b * b)
    contrast = (2 * (filter_valid(a * b) - product) + c2) / (squares - power + c2)
    return (2 * product + c1) / (power + c1) * contrast, contrast


def downsampled(planes: Maps, factor: int) -> Maps:
    """Return planes averaged over factor x factor and decimated, edges mirrored (Matlab form)."""
    from scipy.ndimage import uniform_filter

    if factor == 1:
        return planes
    smooth = uniform_filter(planes, size=(0, factor, factor), mode="reflect")
    return np.asarray(smooth[:, ::factor, ::factor], dtype=np.float64)


def ssim(original: PictureBatch, decoded: PictureBatch, plane: str, downsample: bool) -> Values:
    """Return the mean SSIM of one plane of each picture, shape (pictures,)."""
    shape = original.plane(plane).shape
    factor = max(1, int(min(shape[1:]) / 256 + 0.5)) if downsample else 1
    peak = (1 << original.format.bit_depth) - 1

    def samples(batch: PictureBatch) -> Maps:
        key = f"float64 {plane} /{factor}"
        return batch.derived(key, lambda: downsampled(_float(batch.plane(plane)), factor))

    a, b = samples(original), samples(decoded)
    mean_a = original.derived(f"ssim mean {plane} /{factor}", lambda: filter_valid(a))
    return np.asarray(similarity_maps(a, b, mean_a, peak)[0].mean(axis=(1, 2)), dtype=np.float64)


def _float(planes: npt.NDArray[np.uint8] | npt.NDArray[np.uint16]) -> Maps:
    return planes.astype(np.float64)


@dataclass(frozen=True)
class Ssim(PictureMetric):
    """SSIM: 11x11 Gaussian, sigma 1.5, windows wholly inside the picture, L = 2^b-1.

    planes: letters; the figure is the mean over them. downsample: `none`, or `round(min/256)` as
    the authors' Matlab program suggests (equal at 256x256).
    """

    name: ClassVar[str] = "ssim"

    planes: str = "y"
    window: str = "gaussian11x11,1.5,valid"
    k: str = "0.01,0.03"
    peak: str = "2^b-1"
    downsample: str = "none"

    @property
    def title(self) -> str:
        """`SSIM Y`."""
        suffix = "" if self.downsample == "none" else ", downsampled"
        return f"SSIM {self.planes.upper()}{suffix}"

    def applies_to(self, video: VideoFormat) -> str:
        """Defined where the file has the planes and each is at least 11x11."""
        small = min(min(shape) for shape in video.plane_shapes[: len(self.planes)])
        too_small = "" if small >= WINDOW else f"planes are smaller than {WINDOW}x{WINDOW}"
        return missing_planes(video, tuple(self.planes)) or too_small

    def compare(self, original: PictureBatch, decoded: PictureBatch) -> Values:
        """Return the SSIM of each picture."""
        down = self.downsample != "none"
        figures = [ssim(original, decoded, plane, down) for plane in self.planes]
        return np.asarray(np.mean(figures, axis=0), dtype=np.float64)


METRICS: dict[str, Metric] = {
    "ssim-y": Ssim("y"),
    "ssim-u": Ssim("u"),
    "ssim-v": Ssim("v"),
    "ssim-r": Ssim("r"),
    "ssim-rgb": Ssim("rgb"),
    "ssim-y-downsampled": Ssim("y", downsample="round(min/256)"),
}

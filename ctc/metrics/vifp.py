"""Visual information fidelity in the pixel domain, four scales.

Source: H. R. Sheikh, A. C. Bovik, "Image information and visual quality", IEEE TIP 15(2), 2006;
the authors' multi-scale pixel-domain program (not the wavelet form).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ctc.metrics.base import Metric
from ctc.metrics.luma import LUMA_PATH, Maps, luma
from ctc.metrics.per_picture import PictureMetric, Values
from ctc.metrics.pictures import PictureBatch
from ctc.metrics.ssim import gaussian_window
from reference_sw.video.format import VideoFormat

NOISE = 2.0
_WINDOWS = (17, 9, 5, 3)
_TINY = 1e-10
SMALLEST_SIDE = 41


def _filtered(planes: Maps, size: int) -> Maps:
    from scipy.ndimage import correlate1d

    taps, edge = gaussian_window(size, size / 5), size // 2
    rows = correlate1d(planes, taps, axis=-1)[..., edge:-edge]
    return np.asarray(correlate1d(rows, taps, axis=-2)[..., edge:-edge, :], dtype=np.float64)


def _information(a: Maps, b: Maps, size: int) -> tuple[Values, Values]:
    """Return the information that b and a carry about the scene at one scale: two of (n,)."""
    mean_a, mean_b = _filtered(a, size), _filtered(b, size)
    var_a = np.maximum(_filtered(a * a, size) - mean_a**2, 0)
    var_b = np.maximum(_filtered(b * b, size) - mean_b**2, 0)
    covariance = _filtered(a * b, size) - mean_a * mean_b
    gain = covariance / (var_a + _TINY)
    error = var_b - gain * covariance
    no_a, no_b, inverse = var_a < _TINY, var_b < _TINY, gain < 0
    gain[no_a | no_b] = 0
    error = np.where(no_a | inverse, var_b, error)
    error[no_b] = 0
    var_a[no_a] = 0
    gain[inverse] = 0
    error = np.maximum(error, _TINY)
    carried = np.log10(1 + gain**2 * var_a / (error + NOISE)).sum(axis=(1, 2))
    return carried, np.log10(1 + var_a / NOISE).sum(axis=(1, 2))


@dataclass(frozen=True)
class Vifp(PictureMetric):
    """VIFp of luma: 1 for identical pictures, above 1 for more contrast than the original's."""

    name: ClassVar[str] = "vifp"

    input: str = LUMA_PATH
    noise: float = NOISE
    scales: int = len(_WINDOWS)

    @property
    def title(self) -> str:
        """`VIFp`."""
        return "VIFp"

    def applies_to(self, video: VideoFormat) -> str:
        """Defined where every scale holds a whole window."""
        small = min(video.width, video.height) < SMALLEST_SIDE
        return f"needs pictures of at least {SMALLEST_SIDE}x{SMALLEST_SIDE}" if small else ""

    def compare(self, original: PictureBatch, decoded: PictureBatch) -> Values:
        """Return the VIFp of each picture; undefined for an original without any detail."""
        a, b = luma(original), luma(decoded)
        carried, total = np.zeros(len(original)), np.zeros(len(original))
        for scale, size in enumerate(_WINDOWS):
            if scale:
                a, b = (_filtered(x, size)[:, ::2, ::2] for x in (a, b))
            parts = _information(a, b, size)
            carried, total = carried + parts[0], total + parts[1]
        return np.divide(carried, total, out=np.full_like(total, np.nan), where=total > 0)


METRICS: dict[str, Metric] = {"vifp-y": Vifp()}

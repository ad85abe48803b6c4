"""Distortion that encoder decisions are made on: 1 - SSIM of luma at 1/2 and 1/4 of the size.

Not a reported metric: it only has to rank one choice against another.
Source: Wang et al., Image quality assessment, 2004, equation 13.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import uniform_filter

from reference_sw.video.format import ColourModel, Picture, VideoFormat

Luma = npt.NDArray[np.float64]
WINDOW = 7
SCALES = 2


def luma(picture: Picture, video: VideoFormat) -> Luma:
    """Return brightness as float64, 0..255: plane Y, or the mean of R, G, G, B."""
    depth = 2.0 ** (video.bit_depth - 8)
    planes = [plane.astype(np.float64) / depth for plane in picture.planes]
    if video.colour is ColourModel.RGB:
        return np.asarray((planes[0] + 2 * planes[1] + planes[2]) / 4)
    return planes[0]


def distortion(original: Luma, decoded: Luma) -> float:
    """Return 1 - SSIM averaged over scales, 0 for equal pictures."""
    total = 0.0
    for _ in range(SCALES):
        original, decoded = _halved(original), _halved(decoded)
        total += 1.0 - _ssim(original, decoded)
    return total / SCALES


def _halved(x: Luma) -> Luma:
    h, w = x.shape[0] // 2 * 2, x.shape[1] // 2 * 2
    return np.asarray((x[:h:2, :w:2] + x[1:h:2, :w:2] + x[:h:2, 1:w:2] + x[1:h:2, 1:w:2]) / 4)


def _ssim(a: Luma, b: Luma) -> float:
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean_a, mean_b = uniform_filter(a, WINDOW), uniform_filter(b, WINDOW)
    var_a = uniform_filter(a * a, WINDOW) - mean_a * mean_a
    var_b = uniform_filter(b * b, WINDOW) - mean_b * mean_b
    cov = uniform_filter(a * b, WINDOW) - mean_a * mean_b
    top = (2 * mean_a * mean_b + c1) * (2 * cov + c2)
    bottom = (mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2)
    return float((top / bottom).mean())

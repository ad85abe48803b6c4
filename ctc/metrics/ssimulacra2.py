"""SSIMULACRA 2: structure, new edges and lost detail at six scales in the XYB colour space.

Source: J. Sneyers, SSIMULACRA 2 version 2.1 (cloudinary/ssimulacra2), April 2023; the blur: D.
Charalampidis, "Recursive implementation of the Gaussian filter using truncated cosine functions",
IEEE TSP 64(14), 2016, whose impulse response is finite and used here as such.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from ctc.metrics.base import Metric
from ctc.metrics.colour import COLOUR_PATH, rgb
from ctc.metrics.per_picture import PictureMetric, Values
from ctc.metrics.pictures import PictureBatch
from ctc.metrics.ssimulacra2_weights import POLYNOMIAL, POWER, SCALE, WEIGHTS
from reference_sw.video.format import VideoFormat

Maps = npt.NDArray[np.float64]

SCALES = 6
SMALLEST_SIDE = 8
SIGMA = 1.5
C2 = 0.0009
_BIAS = 0.0037930732552754493
_ABSORBANCE = np.array(
    [
        [0.30, 0.622, 0.078],
        [0.23, 0.692, 0.078],
        [0.24342268924547819, 0.20476744424496821, 0.5518098665095536],
    ]
)


@lru_cache(maxsize=1)
def blur_taps() -> Maps:
    """Return the taps of the truncated-cosine Gaussian of sigma 1.5: nine, symmetric, of sum 1."""
    reach = round(3.2795 * SIGMA + 0.2546)
    omega = np.array([1, 3, 5]) * np.pi / (2 * reach)
    sign = np.array([1.0, -1.0, 1.0])
    p = sign / np.tan(omega / 2)
    r = sign * p**2 / np.sin(omega)
    rho = np.exp(-0.5 * SIGMA**2 * omega**2) / reach
    d13, d35, d51 = p[0] * r[1] - r[0] * p[1], p[1] * r[2] - r[1] * p[2], p[2] * r[0] - r[2] * p[0]
    zeta = np.array([d35 / d13, d51 / d13, 1.0])
    gamma = np.array([1.0, reach**2 - SIGMA**2, float(zeta @ rho)])
    beta = np.linalg.solve(np.stack([p, r, zeta]), gamma)
    offsets = np.arange(-reach + 1, reach)
    return np.asarray((beta[:, None] * np.cos(omega[:, None] * offsets)).sum(axis=0))


def blur(planes: Maps) -> Maps:
    """Return planes (..., h, w) under the blur, zeros beyond the edges."""
    from scipy.ndimage import correlate1d

    rows = correlate1d(planes, blur_taps(), axis=-1, mode="constant")
    return np.asarray(correlate1d(rows, blur_taps(), axis=-2, mode="constant"), dtype=np.float64)


def positive_xyb(linear: Maps) -> Maps:
    """Return X, Y and B - Y of linear RGB (n, 3, h, w), each moved into about 0..1."""
    mixed = np.einsum("ck,nkhw->nchw", _ABSORBANCE, linear) + _BIAS
    long, medium, short = np.moveaxis(np.cbrt(np.maximum(mixed, 0)) - np.cbrt(_BIAS), 1, 0)
    x, y = (long - medium) / 2, (long + medium) / 2
    return np.stack([x * 14 + 0.42, y + 0.01, short - y + 0.55], axis=1)


def linear_of_srgb(samples: Maps) -> Maps:
    """Return linear light of sRGB values in 0..1."""
    return np.where(samples <= 0.04045, samples / 12.92, ((samples + 0.055) / 1.055) ** 2.4)


def halved(planes: Maps) -> Maps:
    """Return 2x2 means of (n, 3, h, w); an odd last row or column counts twice."""
    n, c, height, width = planes.shape
    padded = np.pad(planes, ((0, 0), (0, 0), (0, height % 2), (0, width % 2)), mode="edge")
    blocks = padded.reshape(n, c, (height + 1) // 2, 2, (width + 1) // 2, 2)
    return np.asarray(blocks.mean(axis=(3, 5)), dtype=np.float64)


def _norms(errors: Maps) -> Maps:
    """Return the 1-norm and the 4-norm over samples of (n, 3, h, w): (n, 3, 2)."""
    mean = errors.mean(axis=(2, 3))
    fourth = np.sqrt(np.sqrt((errors**4).mean(axis=(2, 3))))
    return np.stack([mean, fourth], axis=2)


def scale_errors(a: Maps, b: Maps, of_a: tuple[Maps, Maps]) -> Maps:
    """Return structure, new-edge and lost-detail norms of one scale: (n, 3 channels, 2, 3).

    of_a: blur(a) and blur(a * a), given so that the original's are computed once.
    """
    (mean_a, square_a), (mean_b, square_b) = of_a, (blur(b), blur(b * b))
    brightness = 1 - (mean_a - mean_b) ** 2
    top = 2 * (blur(a * b) - mean_a * mean_b) + C2
    bottom = (square_a - mean_a**2) + (square_b - mean_b**2) + C2
    structure = np.maximum(1 - brightness * top / bottom, 0)
    edges = (1 + np.abs(b - mean_b)) / (1 + np.abs(a - mean_a)) - 1
    parts = [structure, np.maximum(edges, 0), np.maximum(-edges, 0)]
    return np.stack([_norms(part) for part in parts], axis=3)


def score_of(errors: Maps) -> Values:
    """Return the score from the errors of all scales, (n, 3 channels, scales, 2 norms, 3 maps)."""
    weights = WEIGHTS.reshape(3, SCALES, 2, 3)[:, : errors.shape[2]]
    summed = (errors * weights).sum(axis=(1, 2, 3, 4)) * SCALE
    x = POLYNOMIAL[0] * summed + POLYNOMIAL[1] * summed**2 + POLYNOMIAL[2] * summed**3
    return np.where(x > 0, 100 - 10 * np.maximum(x, 0) ** POWER, 100.0)


@dataclass(frozen=True)
class Ssimulacra2(PictureMetric):
    """SSIMULACRA 2: 100 for identical pictures, 90 visually lossless, 50 medium, below 0 poor."""

    name: ClassVar[str] = "ssimulacra2"

    release: str = "2.1"
    transfer: str = "srgb"

    @property
    def title(self) -> str:
        """`SSIMULACRA 2`."""
        return "SSIMULACRA 2"

    def extra_signature(self) -> list[str]:
        """How pictures become RGB."""
        return [COLOUR_PATH]

    def applies_to(self, video: VideoFormat) -> str:
        """Defined for pictures of at least 8x8."""
        small = min(video.width, video.height) < SMALLEST_SIDE
        return f"needs pictures of at least {SMALLEST_SIDE}x{SMALLEST_SIDE}" if small else ""

    def compare(self, original: PictureBatch, decoded: PictureBatch) -> Values:
        """Return the score of each picture."""
        a, b = _scales(original), _scales(decoded)
        of_a = original.derived("xyb moments", lambda: [(blur(x), blur(x * x)) for x in a])
        triples = zip(a, b, of_a, strict=True)
        return score_of(np.stack([scale_errors(*triple) for triple in triples], axis=2))


def _scales(batch: PictureBatch) -> list[Maps]:
    """Return the pictures in XYB at up to six scales, halved in linear light."""

    def make() -> list[Maps]:
        peak = (1 << batch.format.bit_depth) - 1
        linear = linear_of_srgb(rgb(batch).astype(np.float64) / peak)
        levels = [positive_xyb(linear)]
        while len(levels) < SCALES and min(levels[-1].shape[2:]) >= SMALLEST_SIDE:
            linear = halved(linear)
            levels.append(positive_xyb(linear))
        return levels

    return batch.derived("xyb scales", make)


METRICS: dict[str, Metric] = {"ssimulacra2": Ssimulacra2()}

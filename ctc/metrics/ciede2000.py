"""CIEDE2000 colour difference, the mean over the samples of a picture.

Source: CIE 142-2001; G. Sharma, W. Wu, E. N. Dalal, "The CIEDE2000 color-difference formula:
implementation notes", Color Research and Application 30(1), 2005; sRGB by IEC 61966-2-1, D65.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from ctc.metrics.base import Metric
from ctc.metrics.colour import COLOUR_PATH, rgb
from ctc.metrics.per_picture import PictureMetric, Values
from ctc.metrics.pictures import PictureBatch

Array = npt.NDArray[np.float64]

_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
_WHITE = np.array([0.95047, 1.0, 1.08883])


def lab_of_srgb(pictures: Array) -> Array:
    """Return CIE L*, a*, b* (3, n, h, w) of sRGB values in 0..1 of shape (n, 3, h, w)."""
    linear = np.where(pictures <= 0.04045, pictures / 12.92, ((pictures + 0.055) / 1.055) ** 2.4)
    xyz = np.einsum("ck,nkhw->cnhw", _TO_XYZ, linear) / _WHITE[:, None, None, None]
    epsilon, kappa = 216 / 24389, 24389 / 27
    f = np.where(xyz > epsilon, np.cbrt(xyz), (kappa * xyz + 16) / 116)
    return np.stack([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def ciede2000(first: Array, second: Array) -> Array:
    """Return the colour difference of L*, a*, b* arrays of shape (3, ...).

    >>> pair = np.array([[50.0, 2.6772, -79.7751]]).T, np.array([[50.0, 0.0, -82.7485]]).T
    >>> ciede2000(*pair).round(4).tolist()
    [2.0425]
    """
    (l1, a1, b1), (l2, a2, b2) = first, second
    chroma7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    g = 0.5 * (1 - np.sqrt(chroma7 / (chroma7 + 25.0**7)))
    a1, a2 = (1 + g) * a1, (1 + g) * a2
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = (np.degrees(np.arctan2(b, a)) % 360 for a, b in ((a1, b1), (a2, b2)))
    grey = c1 * c2 == 0
    turn = np.where(grey, 0.0, (h2 - h1 + 180) % 360 - 180)
    # At exactly half a turn the sign follows the formula: h2 - h1 of +180 stays +180.
    turn = np.where(~grey & (h2 - h1 == 180), 180.0, turn)
    mean_h = np.where(
        np.abs(h1 - h2) > 180, (h1 + h2 + np.where(h1 + h2 < 360, 360, -360)) / 2, (h1 + h2) / 2
    )
    mean_h = np.where(grey, h1 + h2, mean_h)
    return _difference(
        l2 - l1,
        c2 - c1,
        2 * np.sqrt(c1 * c2) * _sin(turn / 2),
        (l1 + l2) / 2,
        (c1 + c2) / 2,
        mean_h,
    )


def _difference(dl: Array, dc: Array, dh: Array, mean_l: Array, mean_c: Array, h: Array) -> Array:
    """Return the weighted root of the three differences, with their rotation term."""
    t = (
        1
        - 0.17 * _cos(h - 30)
        + 0.24 * _cos(2 * h)
        + 0.32 * _cos(3 * h + 6)
        - 0.20 * _cos(4 * h - 63)
    )
    offset = (mean_l - 50) ** 2
    lightness = dl / (1 + 0.015 * offset / np.sqrt(20 + offset))
    chroma, hue = dc / (1 + 0.045 * mean_c), dh / (1 + 0.015 * mean_c * t)
    angle = 30 * np.exp(-(((h - 275) / 25) ** 2))
    rotation = -_sin(2 * angle) * 2 * np.sqrt(mean_c**7 / (mean_c**7 + 25.0**7))
    squared = lightness**2 + chroma**2 + hue**2 + rotation * chroma * hue
    return np.asarray(np.sqrt(np.maximum(squared, 0)), dtype=np.float64)


def _cos(degrees: Array) -> Array:
    return np.asarray(np.cos(np.radians(degrees)), dtype=np.float64)


def _sin(degrees: Array) -> Array:
    return np.asarray(np.sin(np.radians(degrees)), dtype=np.float64)


@dataclass(frozen=True)
class Ciede2000(PictureMetric):
    """Mean CIEDE2000 difference over a picture, 0 for identical pictures."""

    name: ClassVar[str] = "ciede2000"
    higher_is_better: ClassVar[bool] = False

    space: str = "srgb,d65"
    pooling: str = "mean"

    @property
    def title(self) -> str:
        """`CIEDE2000`."""
        return "CIEDE2000"

    def extra_signature(self) -> list[str]:
        """How pictures become RGB."""
        return [COLOUR_PATH]

    def compare(self, original: PictureBatch, decoded: PictureBatch) -> Values:
        """Return the mean colour difference of each picture."""
        return np.asarray(ciede2000(_lab(original), _lab(decoded)).mean(axis=(1, 2)))


def _lab(batch: PictureBatch) -> Array:
    peak = (1 << batch.format.bit_depth) - 1
    return batch.derived("lab", lambda: lab_of_srgb(rgb(batch).astype(np.float64) / peak))


METRICS: dict[str, Metric] = {"ciede2000": Ciede2000()}

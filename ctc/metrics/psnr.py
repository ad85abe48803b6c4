"""PSNR of one plane, and the weighted forms in use.

Source: ctc/conditions/conditions.md, clause 5.1; VTM EncGOP.cpp xCalculateAddPSNR (peak
255<<(b-8), 999.99 dB for identical pictures).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ctc.metrics.base import Metric
from ctc.metrics.per_picture import PictureMetric, Values
from ctc.metrics.pictures import PLANES, PictureBatch
from reference_sw.video.format import VideoFormat

PEAK_VTM = "255<<(b-8)"
PEAK_MAXIMUM = "2^b-1"
ZERO_MSE_DB = 999.99
MEAN_OF_DB = "mean of pictures"
DB_OF_MEAN = "of mean MSE"


def mean_squared_error(original: PictureBatch, decoded: PictureBatch, plane: str) -> Values:
    """Return the MSE of one plane of each picture, shape (pictures,); exact sums of squares."""

    def compute() -> Values:
        a, b = original.plane(plane), decoded.plane(plane)
        difference = np.subtract(a, b, dtype=np.int32).reshape(len(original), -1)
        if original.format.bit_depth <= 12:
            # |difference| < 2^12: int32 squares, and rows summed in int64, cannot overflow.
            squares = (difference * difference).sum(axis=1, dtype=np.int64)
        else:
            wide = difference.astype(np.int64)
            squares = (wide * wide).sum(axis=1)
        return np.asarray(squares / float(difference.shape[1]), dtype=np.float64)

    return decoded.derived(f"mse {plane} against {id(original)}", compute)


def peak_value(peak: str, bit_depth: int) -> int:
    """Return the peak of a rule by its name.

    >>> peak_value("255<<(b-8)", 10), peak_value("2^b-1", 10)
    (1020, 1023)
    """
    return 255 << (bit_depth - 8) if peak == PEAK_VTM else (1 << bit_depth) - 1


def decibel(mse: Values, peak: int, zero_mse: float) -> Values:
    """Return 10 log10(peak^2 / mse), and `zero_mse` where mse is 0."""
    safe = np.where(mse > 0, mse, 1.0)
    return np.where(mse > 0, 10.0 * np.log10(peak * peak / safe), zero_mse)


def missing_planes(video: VideoFormat, planes: tuple[str, ...]) -> str:
    """Return why these planes are not in files of this format; empty when they are."""
    names = PLANES[video.colour][: len(video.plane_shapes)]
    absent = [plane for plane in planes if plane not in names]
    return (
        f"needs plane {absent[0].upper()}; files hold {'/'.join(names).upper()}" if absent else ""
    )


@dataclass(frozen=True)
class Psnr(PictureMetric):
    """PSNR of one plane, in dB.  Source: ctc/conditions/conditions.md, clause 5.1."""

    name: ClassVar[str] = "psnr"
    unit: ClassVar[str] = "dB"

    plane: str = "y"
    peak: str = PEAK_VTM
    zero_mse: float = ZERO_MSE_DB
    average: str = MEAN_OF_DB

    @property
    def title(self) -> str:
        """`PSNR Y`, with what departs from the usual form."""
        return _title(f"PSNR {self.plane.upper()}", self.peak, self.average)

    def applies_to(self, video: VideoFormat) -> str:
        """Defined where the file has the plane."""
        return missing_planes(video, (self.plane,))

    def compare(self, original: PictureBatch, decoded: PictureBatch) -> Values:
        """Return the PSNR of each picture in dB."""
        mse = mean_squared_error(original, decoded, self.plane)
        return decibel(mse, peak_value(self.peak, original.format.bit_depth), self.zero_mse)

    def sequence_score(self, pictures: Values) -> float | None:
        """Return the mean of the pictures' dB, or the dB of the mean MSE."""
        return _sequence(pictures, self.average, self.zero_mse)


@dataclass(frozen=True)
class WeightedPsnr(PictureMetric):
    """PSNR over three planes, weighted as dB or as MSE.

    weights: integers a plane, or `samples` for the planes' numbers of samples (4:1:1 at 4:2:0).
    Source: ctc/conditions/conditions.md, clause 5.1.
    """

    name: ClassVar[str] = "psnr-weighted"
    unit: ClassVar[str] = "dB"

    planes: str = "yuv"
    weights: str = "6:1:1"
    weighted: str = "dB"
    peak: str = PEAK_VTM
    zero_mse: float = ZERO_MSE_DB
    average: str = MEAN_OF_DB

    @property
    def title(self) -> str:
        """`PSNR YUV 6:1:1`, with what departs from the usual form."""
        label = f"PSNR {self.planes.upper()} {self.weights}"
        return _title(
            label if self.weighted == "dB" else f"{label} on MSE", self.peak, self.average
        )

    def applies_to(self, video: VideoFormat) -> str:
        """Defined where the file has the planes."""
        return missing_planes(video, tuple(self.planes))

    def compare(self, original: PictureBatch, decoded: PictureBatch) -> Values:
        """Return the weighted PSNR of each picture in dB."""
        weights = self._weights(original.format)
        peak = peak_value(self.peak, original.format.bit_depth)
        mse = np.stack([mean_squared_error(original, decoded, p) for p in self.planes])
        if self.weighted == "MSE":
            return decibel(weights @ mse, peak, self.zero_mse)
        return np.asarray(weights @ decibel(mse, peak, self.zero_mse), dtype=np.float64)

    def sequence_score(self, pictures: Values) -> float | None:
        """Return the mean of the pictures' dB, or the dB of the mean MSE."""
        return _sequence(pictures, self.average, self.zero_mse)

    def _weights(self, video: VideoFormat) -> Values:
        if self.weights == "samples":
            parts = [float(height * width) for height, width in video.plane_shapes]
        else:
            parts = [float(part) for part in self.weights.split(":")]
        total = math.fsum(parts)
        return np.array([part / total for part in parts])


def _title(label: str, peak: str, average: str) -> str:
    label = label if peak == PEAK_VTM else f"{label}, peak {PEAK_MAXIMUM}"
    return label if average == MEAN_OF_DB else f"{label}, of mean MSE"


def _sequence(pictures: Values, average: str, zero_mse: float) -> float:
    if average == MEAN_OF_DB:
        return float(pictures.mean())
    # The peak cancels: from dB back to relative MSE, the mean of which gives the dB again.
    relative = np.where(pictures == zero_mse, 0.0, 10.0 ** (-pictures / 10.0))
    mean = float(relative.mean())
    return -10.0 * math.log10(mean) if mean > 0 else zero_mse


def _metrics() -> dict[str, Metric]:
    found: dict[str, Metric] = {}
    for plane in "yuvrgb":
        found[f"psnr-{plane}"] = Psnr(plane)
        found[f"psnr-{plane}-maxpeak"] = Psnr(plane, peak=PEAK_MAXIMUM)
        found[f"apsnr-{plane}"] = Psnr(plane, average=DB_OF_MEAN)
    for weights in ("6:1:1", "4:1:1", "14:1:1"):
        short = weights.replace(":", "")
        found[f"psnr-yuv-{short}"] = WeightedPsnr(weights=weights)
        found[f"psnr-yuv-{short}-mse"] = WeightedPsnr(weights=weights, weighted="MSE")
    found["psnr-yuv-samples-mse"] = WeightedPsnr(weights="samples", weighted="MSE")
    found["apsnr-yuv-samples-mse"] = WeightedPsnr(
        weights="samples", weighted="MSE", average=DB_OF_MEAN
    )
    found["psnr-rgb"] = WeightedPsnr("rgb", "1:1:1")
    found["psnr-rgb-mse"] = WeightedPsnr("rgb", "1:1:1", weighted="MSE")
    return found


METRICS = _metrics()

"""What changes from picture to picture: temporal differences, warped error and flow agreement.

Metrics of single pictures do not see motion: one sharp picture repeated may score better than a
moving video that is coarser. These do: a frozen video errs by all the motion there is.
Source: temporal differences and flow: ctc/conditions/conditions.md, clause 5; warped error: W.-S.
Lai et al., "Learning blind video temporal consistency", ECCV 2018, equations 4 and 9.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ctc.metrics.base import Metric
from ctc.metrics.luma import LUMA_PATH, Maps, luma
from ctc.metrics.optical_flow import FLOW, SMALLEST_SIDE, flow_between, warped
from ctc.metrics.per_picture import PictureMetric, Values
from ctc.metrics.pictures import PictureBatch
from reference_sw.video.format import VideoFormat

MASK_SHARPNESS = 50.0


def luma_pairs(batch: PictureBatch) -> tuple[Maps, Maps]:
    """Return each picture's predecessor and the picture, as far as there is one: two (m, h, w)."""
    pictures = luma(batch)
    if batch.before is None:
        return pictures[:-1], pictures[1:]
    return np.concatenate([luma(batch.before), pictures[:-1]]), pictures


def _from_second(batch: PictureBatch, values: Maps) -> Values:
    """Return figures of all pictures of a batch: the file's first picture has none."""
    missing = len(batch) - len(values)
    return np.concatenate([np.full(missing, np.nan), values])


class TemporalMetric(PictureMetric):
    """A metric of pairs of pictures; the sequence's figure is the mean from the second on."""

    def sequence_score(self, pictures: Values) -> float | None:
        """Return the mean over the pictures that have a predecessor; None when there is none."""
        return float(pictures[1:].mean()) if len(pictures) > 1 else None


@dataclass(frozen=True)
class TemporalDifference(TemporalMetric):
    """Mean absolute error of the change of luma since the picture before, in steps of 1/255."""

    name: ClassVar[str] = "temporal-difference"
    higher_is_better: ClassVar[bool] = False

    input: str = LUMA_PATH
    pooling: str = "mean absolute"

    @property
    def title(self) -> str:
        """`Temporal difference error`."""
        return "Temporal difference error"

    def compare(self, original: PictureBatch, decoded: PictureBatch) -> Values:
        """Return the error of each picture; NaN for the first of the file."""
        (a0, a1), (b0, b1) = luma_pairs(original), luma_pairs(decoded)
        error = np.abs((a1 - a0) - (b1 - b0)).mean(axis=(1, 2))
        return _from_second(original, error)


@dataclass(frozen=True)
class WarpedError(TemporalMetric):
    """Temporal consistency: luma against the decoded picture before, warped by the original's flow.

    The mean absolute difference in steps of 1/255, where the original itself can be so predicted:
    weights exp(-50 e^2) of the original's own warping error e in 0..1.
    """

    name: ClassVar[str] = "warped-error"
    higher_is_better: ClassVar[bool] = False

    input: str = LUMA_PATH
    flow: str = FLOW
    mask: str = "exp(-50 e^2) of the original"

    @property
    def title(self) -> str:
        """`Warped-picture error`."""
        return "Warped-picture error"

    def applies_to(self, video: VideoFormat) -> str:
        """Defined where the flow has room."""
        return _room(video)

    def compare(self, original: PictureBatch, decoded: PictureBatch) -> Values:
        """Return the error of each picture; NaN for the first of the file."""
        (a0, a1), (b0, b1) = luma_pairs(original), luma_pairs(decoded)
        flow = backward_flow(original)
        own = (a1 - warped(a0, flow)) / 255
        weights = np.exp(-MASK_SHARPNESS * own**2)
        error = np.abs(b1 - warped(b0, flow)) * weights
        return _from_second(original, error.sum(axis=(1, 2)) / weights.sum(axis=(1, 2)))


@dataclass(frozen=True)
class FlowError(TemporalMetric):
    """Flow agreement: mean distance between the original's and the decoded's flow, in samples."""

    name: ClassVar[str] = "flow-error"
    unit: ClassVar[str] = "samples"
    higher_is_better: ClassVar[bool] = False

    input: str = LUMA_PATH
    flow: str = FLOW

    @property
    def title(self) -> str:
        """`Optical-flow error`."""
        return "Optical-flow error"

    def applies_to(self, video: VideoFormat) -> str:
        """Defined where the flow has room."""
        return _room(video)

    def compare(self, original: PictureBatch, decoded: PictureBatch) -> Values:
        """Return the mean end-point distance of each picture; NaN for the first of the file."""
        difference = backward_flow(original) - backward_flow(decoded)
        return _from_second(original, np.hypot(difference[:, 0], difference[:, 1]).mean((1, 2)))


def backward_flow(batch: PictureBatch) -> Maps:
    """Return, for each picture with a predecessor, where its samples come from: (m, 2, h, w)."""

    def make() -> Maps:
        before, now = luma_pairs(batch)
        return flow_between(now, before)

    return batch.derived("backward flow", make)


def _room(video: VideoFormat) -> str:
    small = min(video.width, video.height) < SMALLEST_SIDE
    return f"needs pictures of at least {SMALLEST_SIDE}x{SMALLEST_SIDE}" if small else ""


METRICS: dict[str, Metric] = {
    "temporal-difference": TemporalDifference(),
    "warped-error": WarpedError(),
    "flow-error": FlowError(),
}

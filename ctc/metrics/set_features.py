"""Features of both sides of a pair, kept in its record for the figures of a whole set.

No figure of its own: `frechet-squeezenet` and its like are computed from the features of all
sequences when a report is made (ctc.report.set_figures), so that decoded files need not be kept.
Source: F. Iandola et al., "SqueezeNet", 2016 (the network, version 1.1); the figures' own sources
are in ctc.metrics.set_figures.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ctc.errors import MetricError
from ctc.metrics.base import Metric, Scores, VideoFile
from ctc.metrics.learned import Learned
from ctc.metrics.lpips import SMALLEST_SIDE
from ctc.metrics.pictures import check_pair
from ctc.metrics.set_figures import FEATURES, NETWORK, Array, picture_features
from ctc.set_names import SET_FEATURES
from reference_sw.video.format import VideoFormat

NO_FIGURE = "features for figures of the whole set; no figure of one sequence"


@dataclass(frozen=True)
class SetFeatures(Learned):
    """SqueezeNet's last features of each picture, averaged over places, in float16."""

    name: ClassVar[str] = SET_FEATURES

    layer: str = "mean of layer 12 in float16"

    @property
    def title(self) -> str:
        """`Features of the set`."""
        return "Features of the set"

    def weight_sets(self) -> tuple[str, ...]:
        """The backbone."""
        return (NETWORK,)

    def applies_to(self, video: VideoFormat) -> str:
        """Defined for pictures that survive the backbone's poolings."""
        small = min(video.width, video.height) < SMALLEST_SIDE
        return f"needs pictures of at least {SMALLEST_SIDE}x{SMALLEST_SIDE}" if small else ""

    def measure(self, original: VideoFile, decoded: Sequence[VideoFile]) -> list[Scores]:
        """Return the packed features of each pair.

        Raises:
            MetricError: a file that is missing, cut, or unlike the original.
        """
        for video in decoded:
            check_pair(original, video)
        first = picture_features(original)
        return [
            Scores(None, (), NO_FIGURE, packed(first, picture_features(video))) for video in decoded
        ]


def packed(original: Array, decoded: Array) -> str:
    """Return the features of both sides, (pictures, 512) each, as text."""
    return base64.b64encode(np.stack([original, decoded]).astype("<f2").tobytes()).decode("ascii")


def unpacked(text: str) -> tuple[Array, Array]:
    """Return the features of original and decoded pictures, (pictures, 512) each.

    Raises:
        MetricError: not what `packed` gives.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as problem:
        raise MetricError(f"features of the set: {problem}") from problem
    if not data or len(data) % (4 * FEATURES):
        raise MetricError(f"features of the set: {len(data)} bytes: not of two equal sides")
    sides = np.frombuffer(data, "<f2").reshape(2, -1, FEATURES).astype(np.float64)
    if not np.isfinite(sides).all():
        raise MetricError("features of the set: a value is not finite")
    return sides[0], sides[1]


METRICS: dict[str, Metric] = {SET_FEATURES: SetFeatures()}

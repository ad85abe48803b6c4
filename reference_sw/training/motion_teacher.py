"""The motion of a trained run as a teacher of another family's motion."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from reference_sw.encoder.analysis_file import AnalysisNetwork
from reference_sw.encoder.motion_network import MotionField
from reference_sw.encoder.twin import FaceTwin

# Weights of an error of one half picture, of full occlusion, and of a feature.
DISPLACEMENT, OCCLUSION, FEATURES = 20.0, 1.0, 1.0


@dataclass(frozen=True)
class MotionTeacher:
    """Networks whose motion is to be found again."""

    detector: AnalysisNetwork
    twin: FaceTwin

    def field(self, key: Tensor, current: Tensor) -> MotionField:
        """The motion between pictures (N, 3, H, W) RGB in 0..255, without gradient."""
        with torch.no_grad():
            found = self.detector(torch.cat([key, current]))
            n = len(key)
            return self.twin.field(key, found.rows(0, n), found.rows(n, 2 * n))


def motion_loss(found: MotionField, wanted: MotionField) -> Tensor:
    """Weighted mean absolute errors of displacement, occlusion and features."""
    displacement = (found.displacement - wanted.displacement).abs().mean()
    occlusion = (found.occlusion - wanted.occlusion).abs().mean()
    features = (found.features - wanted.features).abs().mean()
    return DISPLACEMENT * displacement + OCCLUSION * occlusion + FEATURES * features

"""From real parameters to coded values, and the settings of the quantisers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reference_sw.bitstream.code_points import PredictionMode
from reference_sw.bitstream.parameter_set import GroupCoding
from reference_sw.encoder.analysis import MotionParameters

Values = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Steps:
    """Quantiser steps: coordinates in units of 2^-point_shift, matrices of 2^-matrix_shift."""

    point_shift: int
    matrix_shift: int

    def codings(self, mode: PredictionMode) -> list[GroupCoding]:
        """Return the syntax elements of the groups of keypoints and matrices."""
        shifts = (self.point_shift, self.matrix_shift)
        return [GroupCoding(0, shift, mode) for shift in shifts]

    def quantised(self, parameters: MotionParameters) -> list[tuple[Values, ...]]:
        """Return each picture's values of both groups: nearest integers, halves away from 0.

        parameters: (N, K, 2) points and (N, K, 2, 2) matrices.
        """
        points = parameters.points.detach().double().flatten(1).numpy() * 2.0**self.point_shift
        matrices = parameters.matrices.detach().double().flatten(1).numpy()
        rounded = [_rounded(a) for a in (points, matrices * 2.0**self.matrix_shift)]
        return list(zip(*rounded, strict=True))


def _rounded(values: npt.NDArray[np.float64]) -> Values:
    return (np.sign(values) * np.floor(np.abs(values) + 0.5)).astype(np.int64)

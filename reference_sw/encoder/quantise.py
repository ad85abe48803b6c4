"""From real parameters to coded values, and the settings of the quantisers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reference_sw.bitstream.code_points import PredictionMode
from reference_sw.bitstream.parameter_set import GroupCoding
from reference_sw.encoder.analysis import MotionParameters

Values = npt.NDArray[np.int64]
# In quantiser steps; one half would be plain rounding, whose flicker costs bits and shows nothing.
STAY = 0.75


@dataclass(frozen=True)
class Steps:
    """Quantiser steps: coordinates in units of 2^-point_shift, matrices of 2^-matrix_shift.

    matrix_shift: None where no matrices are coded.
    """

    point_shift: int
    matrix_shift: int | None

    def codings(self, mode: PredictionMode) -> list[GroupCoding]:
        """Return the syntax elements of the groups of keypoints and, where coded, matrices."""
        shifts = (self.point_shift, self.matrix_shift)
        return [GroupCoding(0, shift, mode) for shift in shifts if shift is not None]

    def quantised(
        self, parameters: MotionParameters, before: tuple[Values, ...] | None = None
    ) -> list[tuple[Values, ...]]:
        """Return each picture's values by group: nearest integers, halves away from 0.

        A value stays as it was in the picture before where that is no further than `STAY` steps.
        parameters: (N, K, 2) points and (N, K, 2, 2) matrices; before: values of the picture before
        the first.
        """
        points = parameters.points.detach().double().flatten(1).numpy() * 2.0**self.point_shift
        firsts = (None,) * 2 if before is None else before
        rounded = [_settled(points, firsts[0])]
        if self.matrix_shift is not None:
            matrices = parameters.matrices.detach().double().flatten(1).numpy()
            rounded.append(_settled(matrices * 2.0**self.matrix_shift, firsts[1]))
        return list(zip(*rounded, strict=True))


def _settled(values: npt.NDArray[np.float64], last: Values | None) -> Values:
    """Rows of (N, V) values as integers, each value at rest while it moves by little."""
    found = _rounded(values)
    for row, real in zip(found, values, strict=True):
        if last is not None:
            row[:] = np.where(np.abs(real - last) <= STAY, last, row)
        last = row
    return found


def _rounded(values: npt.NDArray[np.float64]) -> Values:
    return (np.sign(values) * np.floor(np.abs(values) + 0.5)).astype(np.int64)

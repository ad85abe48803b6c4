"""From real parameters to coded values, and the settings of the quantisers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reference_sw.bitstream.code_points import PredictionMode
from reference_sw.bitstream.parameter_set import GroupCoding
from reference_sw.encoder.motion_parameters import MotionParameters

Values = npt.NDArray[np.int64]
# In quantiser steps; one half would be plain rounding, whose flicker costs bits and shows nothing.
STAY = 0.75


@dataclass(frozen=True)
class Steps:
    """Quantiser steps 2^-shift of the tensors that are coded, by name, in coding order."""

    shifts: Mapping[str, int]

    def codings(self, mode: PredictionMode) -> list[GroupCoding]:
        """Return the syntax elements of the groups."""
        return [GroupCoding(0, shift, mode) for shift in self.shifts.values()]

    def quantised(
        self, parameters: MotionParameters, before: tuple[Values, ...] | None = None
    ) -> list[tuple[Values, ...]]:
        """Return each picture's values by group: nearest integers, halves away from 0.

        A value stays as it was in the picture before where that is no further than `STAY` steps.
        before: values of the picture before the first.
        """
        rounded = []
        for group, (name, shift) in enumerate(self.shifts.items()):
            values = parameters.tensors[name].detach().double().flatten(1).numpy() * 2.0**shift
            rounded.append(_settled(values, None if before is None else before[group]))
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

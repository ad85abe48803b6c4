"""Refined values of the pictures of a window, kept for the key picture they were refined for."""

from __future__ import annotations

import numpy as np
import torch

from reference_sw.bitstream.parameter_set import ParameterSet
from reference_sw.decoder.parameters import face_parameters
from reference_sw.encoder.motion_parameters import MotionParameters, float_parameters
from reference_sw.encoder.quantise import Steps
from reference_sw.encoder.refine import RateTerm, Task, refine
from reference_sw.encoder.source import Source
from reference_sw.encoder.twin_of_model import load_twin
from reference_sw.encoder.window import Coded, KeyInUse
from reference_sw.network.runtime import IntegerModel

# Pictures refined together: memory against the cost of a step.
BATCH = 4
# Distance that one bit is worth: 40 bits a picture against a tenth of a usual distance.
BIT_WEIGHT = 0.0003


class Refinement:
    """Refines coded values by gradient through the decoder's float twin."""

    def __init__(
        self, gps: ParameterSet, model: IntegerModel, source: Source, steps: Steps, count: int
    ) -> None:
        self._gps, self._source, self._steps, self._count = gps, source, steps, count
        self._twin = load_twin(model)
        self._done: dict[tuple[int, int], Coded] = {}

    def refined(self, key: KeyInUse, start: int, coded: list[Coded]) -> list[Coded]:
        """Values of the pictures from `start` on, each refined once for a key picture."""
        for first in range(0, len(coded), BATCH):
            part = range(first, min(first + BATCH, len(coded)))
            if any((key.index, start + i) not in self._done for i in part):
                self._refine(key, start + first, [coded[i] for i in part])
        return [self._done[key.index, start + i] for i in range(len(coded))]

    def _refine(self, key: KeyInUse, start: int, coded: list[Coded]) -> None:
        own = self._parameters([key.values])
        before = self._done.get((key.index, start - 1))
        if before is None and start - 1 == key.index:
            before = key.values
        shifts = self._steps.shifts
        rate = RateTerm(
            BIT_WEIGHT,
            {name: 2.0**-shift for name, shift in shifts.items()},
            None if before is None else self._parameters([before]),
        )
        indices = range(start, start + len(coded))
        originals = self._source.rgb(indices)
        task = Task(self._twin, key.state.inputs["key"], own, self._parameters(coded), originals)
        found = refine(task, self._count, coded=shifts, rate=rate)
        values = self._steps.quantised(found.parameters, before)
        for index, new in zip(indices, values, strict=True):
            self._done[key.index, index] = key.values if index == key.index else new

    def _parameters(self, coded: list[Coded]) -> MotionParameters:
        """What the decoder makes of coded values, as real numbers."""
        decoded = [face_parameters(self._gps, values).tensors for values in coded]
        stacked = {n: torch.from_numpy(np.stack([d[n] for d in decoded])) for n in decoded[0]}
        return float_parameters(stacked)

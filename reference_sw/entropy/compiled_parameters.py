"""CompiledResidualDecoder and CompiledResidualEncoder: twins of the plain residual coders.

Source: specification, clauses 10.3 to 10.5.
"""

from __future__ import annotations

import numpy as np

from reference_sw.entropy.compiled_engine import CompiledDecoding, CompiledEncoding
from reference_sw.entropy.context_model import FAST_BITS, SLOW_BITS
from reference_sw.entropy.engine_kernels import Integers
from reference_sw.entropy.errors import EntropyError
from reference_sw.entropy.logistic_mixing import SQUASH_TABLE, STRETCH_TABLE, Mixer
from reference_sw.entropy.parameter_coder import Values
from reference_sw.entropy.parameter_contexts import (
    ESCAPE_INITIAL_PROBABILITY,
    INITIAL_PROBABILITIES,
    MAX_PREFIX,
    NUM_INPUTS,
    NUM_LEVELS,
)
from reference_sw.entropy.parameter_kernels import (
    INPUT_PLACES,
    ResidualArrays,
    code_group,
    level,
)
from reference_sw.entropy.parameter_layout import ParameterLayout

NUM_KINDS = len(INITIAL_PROBABILITIES)
BYTES_PER_VALUE = 64
"""More than one residual can take: 40 adaptive bins of at most 11 bits and 33 bypass bits."""


def new_weights() -> Integers:
    """Initial mixing weights of each kind of bin and input."""
    return np.array([Mixer(NUM_INPUTS).weights] * NUM_KINDS, np.int64)


def new_arrays(num_values: int, weights: Integers) -> ResidualArrays:
    """Initial state of a group."""
    per_kind = INPUT_PLACES[-1] + num_values
    initial = np.repeat(
        np.array([*INITIAL_PROBABILITIES, ESCAPE_INITIAL_PROBABILITY], np.int64),
        [per_kind] * NUM_KINDS + [NUM_LEVELS * MAX_PREFIX],
    )
    windows = (initial << FAST_BITS - 7, initial << SLOW_BITS - 7, np.zeros_like(initial))
    return ResidualArrays(
        contexts=np.stack(windows, axis=1),
        weights=weights,
        history=np.zeros((4, num_values), np.int64),
        stretch=np.array(STRETCH_TABLE, np.int64),
        squash=np.array(SQUASH_TABLE, np.int64),
        magnitude_indices=np.zeros(NUM_INPUTS, np.int64),
        sign_indices=np.zeros(NUM_INPUTS, np.int64),
        inputs=np.zeros(NUM_INPUTS, np.int64),
    )


class _CompiledResiduals:
    """Adaptive state of all groups, made when a group is first coded, and the walk over them."""

    def __init__(self, layout: ParameterLayout) -> None:
        self._layout = layout
        self._weights = (new_weights(), new_weights())
        self._arrays: dict[tuple[int, bool], ResidualArrays] = {}
        self._activity: dict[tuple[int, bool], int] = {}
        self._other_level = 0
        self._other_points: Integers = np.empty(0, np.int64)
        self._coding: CompiledDecoding | CompiledEncoding | None = None

    def code_group(self, index: int, intra: bool, known: Values | None) -> Values:
        """Code the residuals of a group, take them into its history and return them."""
        coding = self._coding
        if coding is None:
            raise EntropyError("a picture is coded outside a segment")
        group, key = self._layout.groups[index], (index, intra)
        if key not in self._arrays:
            self._arrays[key] = new_arrays(group.num_values, self._weights[intra])
        if index == 0:
            self._other_level, self._other_points = 0, np.empty(0, np.int64)
        residuals = np.zeros(group.num_values, np.int64) if known is None else known.copy()
        if isinstance(coding, CompiledEncoding):
            coding.reserve(BYTES_PER_VALUE * group.num_values)
        coding.engine, self._activity[key] = code_group(
            coding.engine,
            coding.source,
            coding.sink,
            self._arrays[key],
            group.components,
            self._activity.get(key, 0),
            self._other_level,
            self._other_points,
            residuals,
        )
        self._other_level = level(self._activity[key])
        limited = np.minimum(np.abs(residuals), 5).reshape(-1, group.components)
        self._other_points = limited.sum(axis=1)
        return residuals


class CompiledResidualDecoder(_CompiledResiduals):
    """Twin of PlainResidualDecoder, for ParameterDecoder."""

    def begin_segment(self, data: bytes) -> None:
        """Start on the bytes of a segment."""
        self._coding = CompiledDecoding(data)

    def end_picture(self) -> None:
        """Check that the segment holds the picture; raises EntropyError if not."""
        if isinstance(self._coding, CompiledDecoding):
            self._coding.check_position()

    def end_segment(self) -> None:
        """Check that all bytes were taken; raises EntropyError if not."""
        coding, self._coding = self._coding, None
        if not isinstance(coding, CompiledDecoding):
            raise EntropyError("a segment ends that has not begun")
        coding.finish()


class CompiledResidualEncoder(_CompiledResiduals):
    """Twin of PlainResidualEncoder, for ParameterEncoder."""

    def begin_segment(self) -> None:
        """Start a segment."""
        self._coding = CompiledEncoding()

    def end_segment(self) -> bytes:
        """Return the bytes of the segment."""
        coding, self._coding = self._coding, None
        if not isinstance(coding, CompiledEncoding):
            raise EntropyError("a segment ends that has not begun")
        return coding.finish()

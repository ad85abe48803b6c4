"""Parameter coding: the walk over a picture's groups that decoder and encoder share.

Source: specification, clause 10.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from reference_sw.entropy.arithmetic_decoder import MAX_BYPASS_BITS
from reference_sw.entropy.errors import EntropyError
from reference_sw.entropy.logistic_mixing import Mixer
from reference_sw.entropy.parameter_contexts import (
    GREATER_KINDS,
    MAGNITUDE_LIMIT,
    MAX_PREFIX,
    NUM_INPUTS,
    BinKind,
    OtherGroup,
    ResidualContexts,
    ResidualModel,
    residual_contexts,
    seen_in,
)
from reference_sw.entropy.parameter_layout import (
    MAX_MAGNITUDE,
    ParameterGroup,
    ParameterLayout,
    PredictionMode,
)

Values = npt.NDArray[np.int64]


class BinCoder(Protocol):
    """An arithmetic decoder, which ignores the values given, or an encoder, which returns them."""

    def code_bin(self, probability: int, value: int) -> int: ...

    def code_bypass(self, bits: int, value: int) -> int: ...


class ParameterCoder:
    """State of parameter coding between pictures, and the walk over one picture.

    Contexts persist over pictures and segments until `reset`. `values` are arrays of int64, one
    for each group of the layout, each element within +-(2^32 - 1).
    """

    def __init__(self, layout: ParameterLayout) -> None:
        self.layout = layout
        self.reset()

    def reset(self) -> None:
        """Return to the initial state: no reference, all contexts initial."""
        self._models = [
            (ResidualModel(group.num_values), ResidualModel(group.num_values))
            for group in self.layout.groups
        ]
        self._mixers = (
            [Mixer(NUM_INPUTS) for _ in BinKind],
            [Mixer(NUM_INPUTS) for _ in BinKind],
        )
        self._key: tuple[Values, ...] | None = None
        self._previous: tuple[Values, ...] | None = None
        self._before_previous: tuple[Values, ...] | None = None

    def set_key_picture(self, values: Sequence[Values]) -> None:
        """Make values that were derived from a key picture the reference of what follows."""
        self._key = self._previous = checked_values(self.layout, values)
        self._before_previous = None

    def prediction(self, index: int) -> Values | None:
        """Prediction of a group, or None where it has no reference.

        Source: specification, clause 10.2.
        """
        mode = self.layout.groups[index].prediction
        if mode is PredictionMode.NONE or self._previous is None or self._key is None:
            return None
        if mode is PredictionMode.KEY_PICTURE:
            return self._key[index]
        previous = self._previous[index]
        if mode is PredictionMode.PREVIOUS or self._before_previous is None:
            return previous
        linear: Values = np.clip(
            2 * previous - self._before_previous[index], -MAX_MAGNITUDE, MAX_MAGNITUDE
        )
        return linear

    def code_picture(
        self, coder: BinCoder, values: Sequence[Values] | None, intra: bool
    ) -> tuple[Values, ...]:
        """Code one picture and return its values; `values` is None when decoding.

        Raises EntropyError if a value leaves its range.  Source: specification, clause 10.1.
        """
        coded: list[Values] = []
        other = OtherGroup(0, ())
        for index, group in enumerate(self.layout.groups):
            predicted = None if intra else self.prediction(index)
            base = np.zeros(group.num_values, np.int64) if predicted is None else predicted
            known = None if values is None else [int(v) for v in values[index] - base]
            walk = _GroupWalk(coder, self._models[index], self._mixers, predicted is None)
            residuals = walk.code(known, group.components, other)
            coded.append(reconstructed(group, base, residuals))
            other = seen_in(residuals, walk.model.activity, group.components)
        self._end_picture(tuple(coded), intra)
        return tuple(coded)

    def _end_picture(self, coded: tuple[Values, ...], intra: bool) -> None:
        if intra or self._key is None:
            self._key = coded
            self._previous = None
        self._before_previous, self._previous = self._previous, coded


class _GroupWalk:
    """One group of one picture: its residuals in order, each a few bins."""

    def __init__(
        self,
        coder: BinCoder,
        models: tuple[ResidualModel, ResidualModel],
        mixers: tuple[list[Mixer], list[Mixer]],
        intra: bool,
    ) -> None:
        self._coder = coder
        self.model = models[intra]
        self._mixers = mixers[intra]

    def code(self, known: list[int] | None, components: int, other: OtherGroup) -> list[int]:
        """Code the residuals of the group and take them into its history."""
        decoded: list[int] = []
        so_far = 0
        for i in range(len(self.model.last)):
            contexts = residual_contexts(self.model, decoded, so_far, components, other)
            residual = self._residual(contexts, 0 if known is None else known[i])
            decoded.append(residual)
            so_far += min(abs(residual), MAGNITUDE_LIMIT)
        self.model.end_picture(decoded)
        return decoded

    def _residual(self, contexts: ResidualContexts, value: int) -> int:
        """residual( ): syntax and binarisation in clause 10.3."""
        magnitude = abs(value)
        if not self._bin(BinKind.SIGNIFICANT, contexts.magnitude, magnitude > 0):
            return 0
        negative = self._bin(BinKind.SIGN, contexts.sign, value < 0)
        decoded = 1
        for kind in GREATER_KINDS:
            if not self._bin(kind, contexts.magnitude, magnitude > decoded):
                return -decoded if negative else decoded
            decoded += 1
        decoded += self._escape(contexts.level, magnitude - decoded)
        return -decoded if negative else decoded

    def _bin(self, kind: BinKind, indices: tuple[int, ...], value: bool) -> int:
        """Code one bin by the mixed estimate of its contexts, which then learn from it."""
        contexts = self.model.contexts(kind, indices)
        mixer = self._mixers[kind]
        coded = self._coder.code_bin(mixer.mix([c.state for c in contexts]), int(value))
        mixer.update(coded)
        for context in contexts:
            context.update(coded)
        return coded

    def _escape(self, level: int, value: int) -> int:
        """Exp-Golomb code of order 0 whose prefix is adaptive.  Source: clause 10.3.3."""
        length = (value + 1).bit_length() - 1
        prefix = 0
        while prefix < MAX_PREFIX:
            context = self.model.prefix_context(level, prefix)
            more = self._coder.code_bin(context.probability, int(prefix < length))
            context.update(more)
            if not more:
                break
            prefix += 1
        suffix, left = 0, prefix
        while left:
            bits = min(left, MAX_BYPASS_BITS)
            left -= bits
            part = (value + 1 - (1 << length)) >> left & (1 << bits) - 1
            suffix = suffix << bits | self._coder.code_bypass(bits, part)
        return (1 << prefix) - 1 + suffix


def reconstructed(group: ParameterGroup, base: Values, residuals: list[int]) -> Values:
    """Return prediction plus residuals; raises EntropyError where a value leaves its range."""
    values = base + np.array(residuals, np.int64)
    outside = np.flatnonzero(np.abs(values) > MAX_MAGNITUDE)
    if outside.size:
        raise EntropyError(
            f"group '{group.name}' value {outside[0]} = {values[outside[0]]}: "
            f"shall be in +-{MAX_MAGNITUDE}"
        )
    return values


def checked_values(layout: ParameterLayout, values: Sequence[Values]) -> tuple[Values, ...]:
    """Return the values as int64 arrays, or raise EntropyError naming what does not fit."""
    if len(values) != len(layout.groups):
        raise EntropyError(
            f"{len(values)} arrays of values: layout has {len(layout.groups)} groups"
        )
    checked = []
    for group, array in zip(layout.groups, values, strict=True):
        if array.shape != (group.num_values,) or array.dtype.kind not in "iu":
            raise EntropyError(
                f"group '{group.name}' given as {array.dtype}{list(array.shape)}: "
                f"shall be integers [{group.num_values}]"
            )
        checked.append(reconstructed(group, array.astype(np.int64), [0] * group.num_values))
    return tuple(checked)

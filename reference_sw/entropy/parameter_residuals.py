"""PlainResiduals: the definition of how residuals become bins, for decoder and encoder alike.

Source: specification, clauses 10.3 to 10.5.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from reference_sw.entropy.arithmetic_decoder import MAX_BYPASS_BITS
from reference_sw.entropy.errors import EntropyError
from reference_sw.entropy.logistic_mixing import Mixer
from reference_sw.entropy.parameter_coder import Values
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
from reference_sw.entropy.parameter_layout import ParameterLayout


class BinCoder(Protocol):
    """An arithmetic decoder, which ignores the values given, or an encoder, which returns them."""

    def code_bin(self, probability: int, value: int) -> int: ...

    def code_bypass(self, bits: int, value: int) -> int: ...


class PlainResiduals:
    """Adaptive state of all groups, and the walk over their residuals.

    `coder` is the arithmetic decoder or encoder of the segment, None outside of segments.
    """

    def __init__(self, layout: ParameterLayout) -> None:
        self._layout = layout
        self._models = [
            (ResidualModel(group.num_values), ResidualModel(group.num_values))
            for group in layout.groups
        ]
        self._mixers = (
            [Mixer(NUM_INPUTS) for _ in BinKind],
            [Mixer(NUM_INPUTS) for _ in BinKind],
        )
        self._other = OtherGroup(0, ())
        self.coder: BinCoder | None = None

    def code_group(self, index: int, intra: bool, known: Values | None) -> Values:
        """Code the residuals of a group, take them into its history and return them."""
        if self.coder is None:
            raise EntropyError("a picture is coded outside a segment")
        components = self._layout.groups[index].components
        other = self._other if index else OtherGroup(0, ())
        walk = _GroupWalk(self.coder, self._models[index][intra], self._mixers[intra])
        residuals = walk.code(None if known is None else known.tolist(), components, other)
        self._other = seen_in(residuals, walk.model.activity, components)
        return np.array(residuals, np.int64)


class _GroupWalk:
    """One group of one picture: its residuals in order, each a few bins."""

    def __init__(self, coder: BinCoder, model: ResidualModel, mixers: list[Mixer]) -> None:
        self._coder = coder
        self.model = model
        self._mixers = mixers

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

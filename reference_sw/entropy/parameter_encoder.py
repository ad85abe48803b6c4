"""ParameterEncoder: the inverse of ParameterDecoder, by the same walk.

Source: specification, clause 10.1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from reference_sw.entropy.arithmetic_encoder import ArithmeticEncoder
from reference_sw.entropy.errors import EntropyError
from reference_sw.entropy.parameter_coder import (
    ParameterCoder,
    ResidualCoder,
    Values,
    checked_values,
)
from reference_sw.entropy.parameter_layout import ParameterLayout
from reference_sw.entropy.parameter_residuals import PlainResiduals


class ResidualEncoder(ResidualCoder, Protocol):
    """Encodes the residuals of segments."""

    def begin_segment(self) -> None: ...

    def end_segment(self) -> bytes: ...


class PlainResidualEncoder(PlainResiduals):
    """Residual encoding by the walk of the definition, in plain integers."""

    def begin_segment(self) -> None:
        """Start a segment."""
        self._encoder = self.coder = ArithmeticEncoder()

    def end_segment(self) -> bytes:
        """Return the bytes of the segment."""
        if self.coder is None:
            raise EntropyError("a segment ends that has not begun")
        self.coder = None
        return self._encoder.finish()


class ParameterEncoder(ParameterCoder[ResidualEncoder]):
    """Encodes segments of pictures; contexts and references persist from one to the next.

    residual_encoder: PlainResidualEncoder or CompiledResidualEncoder, which returns the same.
    """

    def __init__(
        self,
        layout: ParameterLayout,
        residual_encoder: Callable[[ParameterLayout], ResidualEncoder] = PlainResidualEncoder,
    ) -> None:
        super().__init__(layout, residual_encoder)

    def begin_segment(self) -> None:
        """Start a segment."""
        self._residuals.begin_segment()

    def encode_picture(self, values: Sequence[Values], intra: bool = False) -> None:
        """Encode the values of the next picture: for each group an array of integers.

        Raises EntropyError if they do not fit the layout or no segment has begun.
        """
        self._code_picture(checked_values(self.layout, values), intra)

    def end_segment(self) -> bytes:
        """Return the bytes of the segment."""
        return self._residuals.end_segment()

"""ParameterDecoder: generative parameters from segments.

Source: specification, clause 10.1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from reference_sw.entropy.arithmetic_decoder import ArithmeticDecoder
from reference_sw.entropy.errors import EntropyError
from reference_sw.entropy.parameter_coder import ParameterCoder, ResidualCoder, Values
from reference_sw.entropy.parameter_layout import ParameterLayout
from reference_sw.entropy.parameter_residuals import PlainResiduals


class ResidualDecoder(ResidualCoder, Protocol):
    """Decodes the residuals of segments."""

    def begin_segment(self, data: bytes) -> None: ...

    def end_picture(self) -> None: ...

    def end_segment(self) -> None: ...


class PlainResidualDecoder(PlainResiduals):
    """The definition of residual decoding, in plain integers."""

    def begin_segment(self, data: bytes) -> None:
        """Start on the bytes of a segment."""
        self._decoder = self.coder = ArithmeticDecoder(data)

    def end_picture(self) -> None:
        """Check that the segment holds the picture; raises EntropyError if not."""
        if self.coder is not None:
            self._decoder.check_position()

    def end_segment(self) -> None:
        """Check that all bytes were taken; raises EntropyError if not."""
        if self.coder is None:
            raise EntropyError("a segment ends that has not begun")
        self.coder = None
        self._decoder.finish()


class ParameterDecoder(ParameterCoder[ResidualDecoder]):
    """Decodes segments of pictures; contexts and references persist from one to the next.

    After an EntropyError the state is undefined until `reset`. residual_decoder: the definition,
    or its compiled twin CompiledResidualDecoder, which returns the same.
    """

    def __init__(
        self,
        layout: ParameterLayout,
        residual_decoder: Callable[[ParameterLayout], ResidualDecoder] = PlainResidualDecoder,
    ) -> None:
        super().__init__(layout, residual_decoder)

    def begin_segment(self, data: bytes) -> None:
        """Start on the arithmetic coded bytes of a segment, all of them and nothing else."""
        self._residuals.begin_segment(data)

    def decode_picture(self, intra: bool = False) -> tuple[Values, ...]:
        """Return the values of the next picture: for each group a read-only array of int64.

        intra: predict from nothing and make the picture the reference of what follows.
        Raises EntropyError outside a segment, past its end, or if a value leaves its range.
        """
        values = self._code_picture(None, intra)
        self._residuals.end_picture()
        return values

    def end_segment(self) -> None:
        """Check that the pictures took all bytes of the segment; raises EntropyError if not."""
        self._residuals.end_segment()

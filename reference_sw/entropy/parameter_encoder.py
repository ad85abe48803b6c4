"""ParameterEncoder: the inverse of ParameterDecoder, by the same walk.

Source: specification, clause 10.1.
"""

from __future__ import annotations

from collections.abc import Sequence

from reference_sw.entropy.arithmetic_encoder import ArithmeticEncoder
from reference_sw.entropy.errors import EntropyError
from reference_sw.entropy.parameter_coder import ParameterCoder, Values, checked_values
from reference_sw.entropy.parameter_layout import ParameterLayout


class ParameterEncoder(ParameterCoder):
    """Encodes segments of pictures; contexts and references persist from one to the next."""

    def __init__(self, layout: ParameterLayout) -> None:
        super().__init__(layout)
        self._encoder: ArithmeticEncoder | None = None

    def begin_segment(self) -> None:
        """Start a segment."""
        self._encoder = ArithmeticEncoder()

    def encode_picture(self, values: Sequence[Values], intra: bool = False) -> None:
        """Encode the values of the next picture: for each group an array of integers.

        Raises EntropyError if they do not fit the layout or no segment has begun.
        """
        if self._encoder is None:
            raise EntropyError("a picture is encoded outside a segment")
        self.code_picture(self._encoder, checked_values(self.layout, values), intra)

    def end_segment(self) -> bytes:
        """Return the bytes of the segment."""
        if self._encoder is None:
            raise EntropyError("a segment ends that has not begun")
        encoder, self._encoder = self._encoder, None
        return encoder.finish()

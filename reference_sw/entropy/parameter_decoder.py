"""ParameterDecoder: generative parameters from segments, the definition in plain integers.

Source: specification, clause 10.1.
"""

from __future__ import annotations

from reference_sw.entropy.arithmetic_decoder import ArithmeticDecoder
from reference_sw.entropy.errors import EntropyError
from reference_sw.entropy.parameter_coder import ParameterCoder, Values
from reference_sw.entropy.parameter_layout import ParameterLayout


class ParameterDecoder(ParameterCoder):
    """Decodes segments of pictures; contexts and references persist from one to the next.

    After an EntropyError the state is undefined until `reset`.
    """

    def __init__(self, layout: ParameterLayout) -> None:
        super().__init__(layout)
        self._decoder: ArithmeticDecoder | None = None

    def begin_segment(self, data: bytes) -> None:
        """Start on the arithmetic coded bytes of a segment, all of them and nothing else."""
        self._decoder = ArithmeticDecoder(data)

    def decode_picture(self, intra: bool = False) -> tuple[Values, ...]:
        """Return the values of the next picture: for each group an array of int64.

        intra: predict from nothing and make the picture the reference of what follows.
        Raises EntropyError outside a segment or if a value leaves its range.
        """
        if self._decoder is None:
            raise EntropyError("a picture is decoded outside a segment")
        return self.code_picture(self._decoder, None, intra)

    def end_segment(self) -> None:
        """Check that the pictures took all bytes of the segment; raises EntropyError if not."""
        if self._decoder is None:
            raise EntropyError("a segment ends that has not begun")
        decoder, self._decoder = self._decoder, None
        decoder.finish()

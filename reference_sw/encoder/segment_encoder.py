"""From the integer parameters of pictures to segments.

Source: reference_sw/specification, clauses 4.3 and 4.4.
"""

from __future__ import annotations

from collections.abc import Sequence, Set

from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.parameter_set import ParameterSet
from reference_sw.bitstream.segment import Segment
from reference_sw.decoder.segment_decoder import entropy_layout
from reference_sw.entropy.errors import EntropyError
from reference_sw.entropy.parameter_coder import Values
from reference_sw.entropy.parameter_encoder import ParameterEncoder


class SegmentEncoder:
    """Encodes the segments of one layer, from picture next_index on; contexts persist."""

    def __init__(self, gps: ParameterSet, next_index: int = 0) -> None:
        self._gps = gps
        groups = gps.parameter_groups
        self._encoder = ParameterEncoder(entropy_layout(gps)) if groups else None
        self._next_index = next_index

    def skip(self, pictures: int = 1) -> None:
        """Pass over key pictures that have no parameters."""
        self._next_index += pictures

    def encode(
        self,
        pictures: Sequence[tuple[Values, ...]],
        key_indices: Set[int],
        *,
        reset: bool = False,
    ) -> Segment:
        """Return the segment of the next pictures, given as quantised values by group.

        key_indices: pictures for which a key picture unit is in the stream.
        reset: start from initial contexts without reference to earlier pictures.

        Raises:
            BitstreamError: values that do not fit the parameter set.
        """
        first = self._next_index
        self._next_index += len(pictures)
        gsu = Segment(
            gsu_parameter_set_id=self._gps.gps_parameter_set_id,
            gsu_context_reset_flag=int(reset),
            gsu_num_pictures_minus1=len(pictures) - 1,
            gsu_first_picture_index_lsb=first % (1 << self._gps.gps_log2_max_picture_index_lsb),
        )
        if self._encoder is None:
            return gsu
        if reset:
            self._encoder.reset()
        try:
            self._encoder.begin_segment()
            for index, values in enumerate(pictures, first):
                self._encoder.encode_picture(values, intra=index in key_indices)
            gsu.gsu_payload_byte = self._encoder.end_segment()
        except EntropyError as problem:
            raise BitstreamError(f"segment of picture {first}: {problem}") from problem
        return gsu

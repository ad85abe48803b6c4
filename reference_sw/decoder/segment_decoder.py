"""From segments to the integer parameters of pictures: joins syntax and entropy decoding.

Source: reference_sw/specification, clauses 4.3 and 4.4.
"""

from __future__ import annotations

from collections.abc import Set

from reference_sw.bitstream.code_points import CodecFamily
from reference_sw.bitstream.errors import BitstreamError, UnsupportedError
from reference_sw.bitstream.native_stream import resolve_picture_index
from reference_sw.bitstream.parameter_set import ParameterSet
from reference_sw.bitstream.segment import Segment
from reference_sw.entropy.errors import EntropyError
from reference_sw.entropy.parameter_coder import Values
from reference_sw.entropy.parameter_decoder import ParameterDecoder
from reference_sw.entropy.parameter_layout import ParameterGroup, ParameterLayout, PredictionMode
from reference_sw.entropy.residual_choice import residual_decoder_for


def entropy_layout(gps: ParameterSet) -> ParameterLayout:
    """Return the groups of a parameter set as the entropy coder knows them.

    Raises:
        BitstreamError: a family without parameters or one that is not known.
    """
    if not gps.parameter_groups:
        raise BitstreamError(f"gps_codec_family = {gps.gps_codec_family}: has no parameter groups")
    groups = tuple(
        ParameterGroup(
            name=f"{number}",
            num_values=group.size,
            prediction=PredictionMode(coding.gc_prediction_mode),
            components=group.components,
        )
        for number, (group, coding) in enumerate(zip(gps.parameter_groups, gps.groups, strict=True))
    )
    return ParameterLayout(groups)


class SegmentDecoder:
    """Decodes the segments of one layer and temporal sub-layer; contexts persist between them.

    next_index: the picture that the first segment is expected to begin with; None where only its
    least significant bits tell (the first segment of a sub-layer above 0).
    """

    def __init__(self, gps: ParameterSet, next_index: int | None = 0) -> None:
        self._gps = gps
        groups = gps.parameter_groups
        self._decoder: ParameterDecoder | None = None
        if groups:
            layout = entropy_layout(gps)
            self._decoder = ParameterDecoder(layout, residual_decoder_for(layout))
        self.next_index = next_index

    def decode(self, gsu: Segment, key_indices: Set[int]) -> list[tuple[int, tuple[Values, ...]]]:
        """Return picture index and quantised values (for each group an array of int64).

        key_indices: pictures for which a key picture unit came; they are predicted from nothing.

        Raises:
            BitstreamError: a missing segment, or a payload that does not decode.
            UnsupportedError: the parameter set is of a reserved family.
        """
        stride = gsu.gsu_picture_stride_minus1 + 1
        first = gsu.gsu_first_picture_index_lsb
        if self.next_index is not None:
            first = resolve_picture_index(self._gps, first, self.next_index, key_indices)
        indices = range(first, first + stride * gsu.num_pictures, stride)
        self.next_index = indices.stop
        if self._decoder is None:
            if self._gps.gps_codec_family != CodecFamily.NO_PARAMETERS:
                raise UnsupportedError(
                    f"gps_codec_family = {self._gps.gps_codec_family}: reserved, not supported"
                )
            if gsu.gsu_payload_byte:
                raise BitstreamError("Segment.gsu_payload_byte: shall be empty without parameters")
            return [(index, ()) for index in indices]
        try:
            return self._pictures(self._decoder, gsu, indices, key_indices)
        except EntropyError as problem:
            raise BitstreamError(f"Segment of picture {first}: {problem}") from problem

    @staticmethod
    def _pictures(
        decoder: ParameterDecoder,
        gsu: Segment,
        indices: range,
        key_indices: Set[int],
    ) -> list[tuple[int, tuple[Values, ...]]]:
        if gsu.gsu_context_reset_flag:
            decoder.reset()
        decoder.begin_segment(gsu.gsu_payload_byte)
        found = [(i, decoder.decode_picture(intra=i in key_indices)) for i in indices]
        decoder.end_segment()
        return found

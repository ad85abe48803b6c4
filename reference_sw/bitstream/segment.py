"""segment_rbsp( ): the entropy-coded parameters of one or more pictures.

Source: reference_sw/specification, clause 4.
"""

from __future__ import annotations

from dataclasses import dataclass

from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.key_picture import check_payload_end
from reference_sw.bitstream.parameter_set import MAX_PARAMETER_SETS, ParameterSet
from reference_sw.bitstream.syntax import SyntaxCoder

MAX_PICTURES_PER_SEGMENT = 4096
MAX_PICTURE_STRIDE = 64
MAX_VALUES_PER_SEGMENT = 1 << 20


@dataclass
class Segment:
    """Header and arithmetic-coded payload of a segment.

    gsu_payload_byte: as the entropy coder wrote it, without trailing zero bytes; a decoder that
    reads on finds zero bytes.  Clause 4.3.
    """

    gsu_parameter_set_id: int = 0
    gsu_context_reset_flag: int = 0
    gsu_num_pictures_minus1: int = 0
    gsu_first_picture_index_lsb: int = 0
    gsu_picture_stride_minus1: int = 0
    gsu_payload_byte: bytes = b""

    @property
    def num_pictures(self) -> int:
        """Pictures in this segment."""
        return self.gsu_num_pictures_minus1 + 1


def segment_parameter_set_id(c: SyntaxCoder, gsu: Segment) -> None:
    """First element of the segment: it selects the parameter set that the rest depends on."""
    c.ue(gsu, "gsu_parameter_set_id", max=MAX_PARAMETER_SETS - 1)


def segment(c: SyntaxCoder, gsu: Segment, gps: ParameterSet) -> None:
    """Clause 4.1, after gsu_parameter_set_id; gps is the parameter set of that id."""
    c.flag(gsu, "gsu_context_reset_flag")
    c.ue(gsu, "gsu_num_pictures_minus1", max=MAX_PICTURES_PER_SEGMENT - 1)
    values = gsu.num_pictures * sum(group.size for group in gps.parameter_groups)
    if values > MAX_VALUES_PER_SEGMENT:
        raise BitstreamError(
            f"Segment.gsu_num_pictures_minus1 = {gsu.gsu_num_pictures_minus1}: {values} values in "
            f"the segment, shall be at most {MAX_VALUES_PER_SEGMENT}"
        )
    c.u(gps.gps_log2_max_picture_index_lsb, gsu, "gsu_first_picture_index_lsb")
    if gps.gps_max_temporal_id:
        c.ue(gsu, "gsu_picture_stride_minus1", max=MAX_PICTURE_STRIDE - 1)
    else:
        c.infer(gsu, "gsu_picture_stride_minus1", 0)
    c.byte_alignment(gsu)
    c.byte_string_to_end(gsu, "gsu_payload_byte")
    check_payload_end("Segment.gsu_payload_byte", gsu.gsu_payload_byte)

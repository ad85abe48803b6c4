"""generative_face_video( ), payload type 223: the syntax walk.

Source: reference_sw/specification, clause 6.4; VSEI (ITU-T H.274 version 4) as VTM 23.12 writes it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from reference_sw.bitstream.gfv_chroma_key import chroma_key_info
from reference_sw.bitstream.gfv_coordinates import coordinates, coordinates_of
from reference_sw.bitstream.gfv_elements import GfvElements
from reference_sw.bitstream.gfv_matrices import matrices, matrices_of
from reference_sw.bitstream.gfv_state import FaceParameters, GfvState
from reference_sw.bitstream.sei_generation import SeiGeneration
from reference_sw.bitstream.syntax import SyntaxCoder

MAX_URI_BYTES = 4096
MAX_NN_PAYLOAD_BYTES = 1 << 26
RESERVED_IDS = range(256, 512)


@dataclass
class GenerativeFaceVideo(GfvElements):
    """One message; the inherited fields are its syntax elements."""

    ignored_by_decoders: bool = field(default=False, init=False, compare=False)


def generative_face_video(
    c: SyntaxCoder,
    gfv: GenerativeFaceVideo,
    state: GfvState,
    generation: SeiGeneration = SeiGeneration.VTM_23_12,
) -> None:
    """Clause 6.4.1; state holds what earlier messages of this gfv_id set (it is not changed)."""
    if gfv.gfv_cnt == 0:
        c.flag(gfv, "gfv_base_picture_flag")
    else:
        c.infer(gfv, "gfv_base_picture_flag", 0)
    _neural_network(c, gfv)
    if gfv.gfv_base_picture_flag:
        chroma_key_info(c, gfv, generation)
    else:
        _fusion(c, gfv, generation)
    c.flag(gfv, "gfv_low_confidence_face_parameter_flag")
    coordinates(c, gfv, state)
    matrices(c, gfv, state)
    if gfv.gfv_nn_present_flag and gfv.gfv_nn_mode_idc == 0:
        c.zero_bits_to_alignment(gfv, "gfv_nn_alignment_zero_bit_b")
        c.byte_string_to_end(gfv, "gfv_nn_payload_byte")


def gfv_identifiers(c: SyntaxCoder, gfv: GenerativeFaceVideo) -> None:
    """The first two elements: they select the state that the rest depends on."""
    c.ue(gfv, "gfv_id")
    c.ue(gfv, "gfv_cnt")
    gfv.ignored_by_decoders = gfv.gfv_id in RESERVED_IDS or gfv.gfv_id >= 1 << 31


def decode_face_parameters(gfv: GenerativeFaceVideo, state: GfvState) -> FaceParameters:
    """Return the values of a message.  Source: clause 6.5.

    Raises:
        BitstreamError: a prediction from values that do not exist or have another layout.
    """
    coordinate_layout, coordinate_values = coordinates_of(gfv, state)
    matrix_layout, matrix_values = matrices_of(gfv, state)
    return FaceParameters(
        gfv_id=gfv.gfv_id,
        gfv_cnt=gfv.gfv_cnt,
        base_picture=bool(gfv.gfv_base_picture_flag),
        fusion_picture=bool(gfv.gfv_fusion_pic_flag),
        low_confidence=bool(gfv.gfv_low_confidence_face_parameter_flag),
        coordinate_layout=coordinate_layout,
        coordinates=coordinate_values,
        matrix_layout=matrix_layout,
        matrices=matrix_values,
    )


def _neural_network(c: SyntaxCoder, gfv: GenerativeFaceVideo) -> None:
    if gfv.gfv_base_picture_flag:
        c.flag(gfv, "gfv_nn_present_flag")
    else:
        c.infer(gfv, "gfv_nn_present_flag", 0)
    if not gfv.gfv_nn_present_flag:
        return
    c.ue(gfv, "gfv_nn_mode_idc", max=1)
    if gfv.gfv_nn_mode_idc == 1:
        c.zero_bits_to_alignment(gfv, "gfv_nn_alignment_zero_bit_a")
        c.st(gfv, "gfv_nn_tag_uri", max_bytes=MAX_URI_BYTES)
        c.st(gfv, "gfv_nn_uri", max_bytes=MAX_URI_BYTES)


def _fusion(c: SyntaxCoder, gfv: GenerativeFaceVideo, generation: SeiGeneration) -> None:
    if generation == SeiGeneration.VTM_23_9:
        c.flag(gfv, "gfv_drive_picture_fusion_flag")
        c.infer(gfv, "gfv_fusion_pic_flag", 0)
    elif gfv.gfv_cnt == 0:
        c.flag(gfv, "gfv_fusion_pic_flag")
    else:
        c.infer(gfv, "gfv_fusion_pic_flag", 0)

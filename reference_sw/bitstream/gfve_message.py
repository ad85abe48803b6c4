"""generative_face_video_enhancement( ), payload type 224: syntax and values.

Source: reference_sw/specification, clauses 6.6 and 6.7; VSEI (ITU-T H.274 version 4).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.gfv_elements import Indexed
from reference_sw.bitstream.gfv_matrices import MAX_MATRIX_COUNT
from reference_sw.bitstream.gfv_message import MAX_URI_BYTES
from reference_sw.bitstream.gfve_pupils import PupilReference, pupils, pupils_of
from reference_sw.bitstream.sei_generation import FRACTION_BITS, scaled
from reference_sw.bitstream.syntax import SyntaxCoder


@dataclass
class GenerativeFaceVideoEnhancement:
    """Elements in order of the syntax; matrix elements by matrix, row, column."""

    gfve_id: int = 0
    gfve_gfv_id: int = 0
    gfve_gfv_cnt: int = 0
    gfve_base_picture_flag: int = 0
    gfve_nn_present_flag: int = 0
    gfve_nn_mode_idc: int = 0
    gfve_nn_tag_uri: str = ""
    gfve_nn_uri: str = ""
    gfve_matrix_present_flag: int = 0
    gfve_matrix_pred_flag: int = 0
    gfve_matrix_element_precision_factor_minus1: int = 0
    gfve_num_matrices_minus1: int = 0
    gfve_matrix_height_minus1: Indexed = field(default_factory=dict)
    gfve_matrix_width_minus1: Indexed = field(default_factory=dict)
    gfve_matrix_element_int: Indexed = field(default_factory=dict)
    gfve_matrix_element_dec: Indexed = field(default_factory=dict)
    gfve_matrix_element_sign_flag: Indexed = field(default_factory=dict)
    gfve_matrix_delta_element_int: Indexed = field(default_factory=dict)
    gfve_matrix_delta_element_dec: Indexed = field(default_factory=dict)
    gfve_matrix_delta_element_sign_flag: Indexed = field(default_factory=dict)
    gfve_pupil_coordinate_present_idx: int = 0
    gfve_pupil_coordinate_precision_factor_minus1: int = 0
    gfve_pupil_left_eye_dx_coordinate_abs: int = 0
    gfve_pupil_left_eye_dx_coordinate_sign_flag: int = 0
    gfve_pupil_left_eye_dy_coordinate_abs: int = 0
    gfve_pupil_left_eye_dy_coordinate_sign_flag: int = 0
    gfve_pupil_right_eye_dx_coordinate_abs: int = 0
    gfve_pupil_right_eye_dx_coordinate_sign_flag: int = 0
    gfve_pupil_right_eye_dy_coordinate_abs: int = 0
    gfve_pupil_right_eye_dy_coordinate_sign_flag: int = 0
    gfve_nn_payload_byte: bytes = b""


@dataclass(frozen=True)
class EnhancementLayout:
    """Precision (bits after the point) and (height, width) of each matrix."""

    precision: int
    sizes: tuple[tuple[int, int], ...]

    @property
    def indices(self) -> list[tuple[int, int, int]]:
        """Matrix, row, column in coding order."""
        sizes = enumerate(self.sizes)
        return [
            (j, k, m) for j, (height, width) in sizes for k in range(height) for m in range(width)
        ]


@dataclass(frozen=True)
class EnhancementParameters:
    """The decoded values of one message, integers in units of 2**-32.

    pupils: left x, left y, right x, right y; empty when no pupils were ever coded.
    """

    gfve_id: int
    gfv_id: int
    gfv_cnt: int
    base_picture: bool
    layout: EnhancementLayout | None
    matrices: tuple[int, ...]
    pupils: tuple[int, ...]
    pupil_precision: int


@dataclass
class GfveState:
    """The last base picture's layout and values, and the last message's values."""

    layout: EnhancementLayout | None = None
    base_matrices: tuple[int, ...] = ()
    previous_matrices: tuple[int, ...] = ()
    pupil: PupilReference = field(default_factory=PupilReference)

    def follow(self, parameters: EnhancementParameters) -> None:
        """Take a decoded message in."""
        if parameters.base_picture:
            self.layout = parameters.layout
            self.base_matrices = self.previous_matrices = parameters.matrices
        elif parameters.layout is not None:
            self.previous_matrices = parameters.matrices
        if parameters.pupils:
            self.pupil.follow(
                parameters.pupils, parameters.pupil_precision, parameters.base_picture
            )


def gfve_identifiers(c: SyntaxCoder, gfve: GenerativeFaceVideoEnhancement) -> None:
    """The first elements: they select the state that the rest depends on."""
    c.ue(gfve, "gfve_id")
    c.ue(gfve, "gfve_gfv_id")
    c.ue(gfve, "gfve_gfv_cnt")


def generative_face_video_enhancement(
    c: SyntaxCoder, gfve: GenerativeFaceVideoEnhancement, state: GfveState
) -> None:
    """Clause 6.6; state holds what earlier messages set (it is not changed)."""
    if gfve.gfve_gfv_cnt == 0:
        c.flag(gfve, "gfve_base_picture_flag")
    else:
        c.infer(gfve, "gfve_base_picture_flag", 0)
    _neural_network(c, gfve)
    _matrices(c, gfve, state)
    pupils(c, gfve, bool(gfve.gfve_base_picture_flag), state.pupil)
    if gfve.gfve_nn_present_flag and gfve.gfve_nn_mode_idc == 0:
        c.zero_bits_to_alignment(gfve, "gfve_nn_alignment_zero_bit_b")
        c.byte_string_to_end(gfve, "gfve_nn_payload_byte")


def _neural_network(c: SyntaxCoder, gfve: GenerativeFaceVideoEnhancement) -> None:
    if not gfve.gfve_base_picture_flag:
        c.infer(gfve, "gfve_nn_present_flag", 0)
        return
    if not c.flag(gfve, "gfve_nn_present_flag"):
        return
    c.ue(gfve, "gfve_nn_mode_idc", max=1)
    if gfve.gfve_nn_mode_idc == 1:
        c.zero_bits_to_alignment(gfve, "gfve_nn_alignment_zero_bit_a")
        c.st(gfve, "gfve_nn_tag_uri", max_bytes=MAX_URI_BYTES)
        c.st(gfve, "gfve_nn_uri", max_bytes=MAX_URI_BYTES)


def _matrices(c: SyntaxCoder, gfve: GenerativeFaceVideoEnhancement, state: GfveState) -> None:
    if not c.flag(gfve, "gfve_matrix_present_flag"):
        return
    if gfve.gfve_base_picture_flag:
        c.infer(gfve, "gfve_matrix_pred_flag", 0)
    else:
        c.flag(gfve, "gfve_matrix_pred_flag")
    delta = "_delta" if gfve.gfve_matrix_pred_flag else ""
    if not delta:
        c.ue(gfve, "gfve_matrix_element_precision_factor_minus1", max=31)
        c.ue(gfve, "gfve_num_matrices_minus1", max=MAX_MATRIX_COUNT - 1)
        for j in range(gfve.gfve_num_matrices_minus1 + 1):
            c.ue(gfve, "gfve_matrix_height_minus1", j, max=MAX_MATRIX_COUNT - 1)
            c.ue(gfve, "gfve_matrix_width_minus1", j, max=MAX_MATRIX_COUNT - 1)
    layout = _layout(gfve, state)
    for j, (height, width) in enumerate(layout.sizes):
        for k in range(height):
            for m in range(width):
                whole = c.ue(gfve, f"gfve_matrix{delta}_element_int", j, k, m)
                name = f"gfve_matrix{delta}_element_dec"
                if c.u(layout.precision, gfve, name, j, k, m) or whole:
                    c.flag(gfve, f"gfve_matrix{delta}_element_sign_flag", j, k, m)


def _layout(gfve: GenerativeFaceVideoEnhancement, state: GfveState) -> EnhancementLayout:
    if gfve.gfve_matrix_pred_flag:
        if state.layout is None:
            raise BitstreamError(
                "GenerativeFaceVideoEnhancement.gfve_matrix_pred_flag = 1: no base picture with "
                "matrices came before"
            )
        return state.layout
    sizes = tuple(
        (gfve.gfve_matrix_height_minus1[j,] + 1, gfve.gfve_matrix_width_minus1[j,] + 1)
        for j in range(gfve.gfve_num_matrices_minus1 + 1)
    )
    return EnhancementLayout(gfve.gfve_matrix_element_precision_factor_minus1 + 1, sizes)


def decode_enhancement(
    gfve: GenerativeFaceVideoEnhancement, state: GfveState
) -> EnhancementParameters:
    """Return the values of a message.  Source: clause 6.7.

    Raises:
        BitstreamError: a prediction from values that do not exist or have another layout.
    """
    layout = _layout(gfve, state) if gfve.gfve_matrix_present_flag else None
    base = bool(gfve.gfve_base_picture_flag)
    pupil_values, pupil_precision = pupils_of(gfve, base, gfve.gfve_gfv_cnt, state.pupil)
    return EnhancementParameters(
        gfve.gfve_id,
        gfve.gfve_gfv_id,
        gfve.gfve_gfv_cnt,
        base,
        layout,
        _matrix_values(gfve, layout, state) if layout is not None else (),
        pupil_values,
        pupil_precision,
    )


def _matrix_values(
    gfve: GenerativeFaceVideoEnhancement, layout: EnhancementLayout, state: GfveState
) -> tuple[int, ...]:
    delta = "_delta" if gfve.gfve_matrix_pred_flag else ""
    whole = getattr(gfve, f"gfve_matrix{delta}_element_int")
    fraction = getattr(gfve, f"gfve_matrix{delta}_element_dec")
    sign = getattr(gfve, f"gfve_matrix{delta}_element_sign_flag")
    indices = layout.indices
    reference = state.previous_matrices if gfve.gfve_gfv_cnt else state.base_matrices
    if not delta:
        reference = (0,) * len(indices)
    elif len(reference) != len(indices):
        raise BitstreamError(
            f"GenerativeFaceVideoEnhancement.gfve_matrix_pred_flag = 1: {len(reference)} elements "
            f"to predict from, shall be {len(indices)}"
        )
    values = []
    for index, predicted in zip(indices, reference, strict=True):
        magnitude = (whole[index] << FRACTION_BITS) + scaled(fraction[index], layout.precision, 0)
        values.append(predicted + (-magnitude if sign.get(index, 0) else magnitude))
    return tuple(values)

"""From decoded values to face video enhancement messages. Decoders do not import it.

Source: reference_sw/specification, clause 6.7, inverted.
"""

from __future__ import annotations

from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.gfv_elements import Indexed
from reference_sw.bitstream.gfve_message import (
    EnhancementLayout,
    EnhancementParameters,
    GenerativeFaceVideoEnhancement,
    GfveState,
    decode_enhancement,
)
from reference_sw.bitstream.gfve_pupils import LEFT, RIGHT
from reference_sw.bitstream.writer_face import whole_units


def enhancement_message(
    parameters: EnhancementParameters, state: GfveState, *, predict: bool
) -> GenerativeFaceVideoEnhancement:
    """Return the message that decodes to `parameters` after the messages that made `state`.

    Raises:
        BitstreamError: a value that is not a multiple of the precision, or a prediction without
            reference.
    """
    gfve = GenerativeFaceVideoEnhancement(
        gfve_id=parameters.gfve_id,
        gfve_gfv_id=parameters.gfv_id,
        gfve_gfv_cnt=parameters.gfv_cnt,
        gfve_base_picture_flag=int(parameters.base_picture),
    )
    if parameters.layout is not None:
        _set_matrices(gfve, parameters, parameters.layout, state, predict)
    if parameters.pupils:
        _set_pupils(gfve, parameters, state)
    if decode_enhancement(gfve, state) != parameters:
        raise BitstreamError("enhancement parameters that the message cannot express")
    return gfve


def _set_matrices(
    gfve: GenerativeFaceVideoEnhancement,
    parameters: EnhancementParameters,
    layout: EnhancementLayout,
    state: GfveState,
    predict: bool,
) -> None:
    predict = predict and not parameters.base_picture
    gfve.gfve_matrix_present_flag = 1
    gfve.gfve_matrix_pred_flag = int(predict)
    reference: tuple[int, ...] = (0,) * len(parameters.matrices)
    if predict:
        reference = state.previous_matrices if parameters.gfv_cnt else state.base_matrices
    else:
        gfve.gfve_matrix_element_precision_factor_minus1 = layout.precision - 1
        gfve.gfve_num_matrices_minus1 = len(layout.sizes) - 1
        for j, (height, width) in enumerate(layout.sizes):
            gfve.gfve_matrix_height_minus1[j,] = height - 1
            gfve.gfve_matrix_width_minus1[j,] = width - 1
    delta = "_delta" if predict else ""
    whole: Indexed = getattr(gfve, f"gfve_matrix{delta}_element_int")
    fraction: Indexed = getattr(gfve, f"gfve_matrix{delta}_element_dec")
    sign: Indexed = getattr(gfve, f"gfve_matrix{delta}_element_sign_flag")
    for index, value, start in zip(layout.indices, parameters.matrices, reference, strict=True):
        units = whole_units(value - start, layout.precision)
        whole[index] = abs(units) >> layout.precision
        fraction[index] = abs(units) & ((1 << layout.precision) - 1)
        if units:
            sign[index] = int(units < 0)


def _set_pupils(
    gfve: GenerativeFaceVideoEnhancement, parameters: EnhancementParameters, state: GfveState
) -> None:
    base = parameters.base_picture
    left, right = parameters.pupils[:2], parameters.pupils[2:]
    if base:
        reference: tuple[int, ...] = (0, 0, *left)
        gfve.gfve_pupil_coordinate_precision_factor_minus1 = parameters.pupil_precision - 1
    else:
        reference = state.pupil.previous if parameters.gfv_cnt else state.pupil.base
    if left != reference[:2] or base:
        gfve.gfve_pupil_coordinate_present_idx |= LEFT
        _set_eye(gfve, "left", left, reference[:2], parameters.pupil_precision)
    if right != reference[2:]:
        gfve.gfve_pupil_coordinate_present_idx |= RIGHT
        _set_eye(gfve, "right", right, reference[2:], parameters.pupil_precision)


def _set_eye(
    gfve: GenerativeFaceVideoEnhancement,
    eye: str,
    values: tuple[int, ...],
    reference: tuple[int, ...],
    precision: int,
) -> None:
    for axis, value, start in zip("xy", values, reference, strict=True):
        units = whole_units(value - start, precision)
        name = f"gfve_pupil_{eye}_eye_d{axis}_coordinate"
        setattr(gfve, f"{name}_abs", abs(units))
        if units:
            setattr(gfve, f"{name}_sign_flag", int(units < 0))

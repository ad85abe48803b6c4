"""From decoded values to generative face video messages. Decoders do not import it.

Source: reference_sw/specification, clause 6.5, inverted.
"""

from __future__ import annotations

from fractions import Fraction

from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.gfv_elements import Indexed
from reference_sw.bitstream.gfv_matrices import element_indices, matrix_layout
from reference_sw.bitstream.gfv_message import GenerativeFaceVideo, decode_face_parameters
from reference_sw.bitstream.gfv_state import (
    CoordinateLayout,
    FaceParameters,
    GfvState,
    MatrixLayout,
    MatrixShape,
)
from reference_sw.bitstream.sei_generation import FRACTION_BITS
from reference_sw.bitstream.sei_message import SeiMessage, SeiState, sei_message
from reference_sw.bitstream.writer import SyntaxWriter


def quantised(value: float, precision: int) -> int:
    """Return the nearest multiple of 2**-precision, in units of 2**-32; halves go away from zero.

    >>> quantised(-0.23585, 9) == -121 << 23
    True
    """
    units = Fraction(value) * (1 << precision)
    magnitude = int(abs(units) + Fraction(1, 2))
    return (-magnitude if units < 0 else magnitude) << (FRACTION_BITS - precision)


def face_message(
    parameters: FaceParameters, state: GfvState, *, predict: bool
) -> GenerativeFaceVideo:
    """Return the message that decodes to `parameters` after the messages that made `state`.

    predict: code differences (a base picture: from point to point), else absolute values.

    Raises:
        BitstreamError: a value that is not a multiple of 2**-precision, a layout that the syntax
            cannot express, or a prediction without reference.
    """
    gfv = GenerativeFaceVideo(
        gfv_id=parameters.gfv_id,
        gfv_cnt=parameters.gfv_cnt,
        gfv_base_picture_flag=int(parameters.base_picture),
        gfv_fusion_pic_flag=int(parameters.fusion_picture),
        gfv_low_confidence_face_parameter_flag=int(parameters.low_confidence),
    )
    if parameters.coordinate_layout is not None:
        _set_coordinates(gfv, parameters, parameters.coordinate_layout, state, predict)
    if parameters.matrix_layout is not None:
        _set_matrices(gfv, parameters, parameters.matrix_layout, state, predict)
    if decode_face_parameters(gfv, state) != parameters:
        raise BitstreamError("face parameters have a layout that the message cannot express")
    return gfv


def shortest_face_message(parameters: FaceParameters, state: SeiState) -> SeiMessage:
    """Return the shorter of the absolute and the predicted message."""
    gfv_state = state.gfv.get(parameters.gfv_id, GfvState())
    found: list[tuple[int, SeiMessage]] = []
    for predict in (False, True):
        if predict and not _can_predict(parameters, gfv_state):
            continue
        message = SeiMessage(payload=face_message(parameters, gfv_state, predict=predict))
        scratch = SeiState(state.generation, {parameters.gfv_id: _copy(gfv_state)})
        coder = SyntaxWriter()
        sei_message(coder, message, scratch)
        found.append((coder.position, message))
    return min(found, key=lambda pair: pair[0])[1]


def _can_predict(parameters: FaceParameters, state: GfvState) -> bool:
    if parameters.base_picture:
        return parameters.coordinate_layout is not None
    same_points = parameters.coordinate_layout in (None, state.coordinate_layout)
    same_matrices = parameters.matrix_layout in (None, state.matrix_layout)
    points = state.previous_coordinates if parameters.gfv_cnt else state.base_coordinates
    elements = state.previous_matrices if parameters.gfv_cnt else state.base_matrices
    return (
        same_points
        and same_matrices
        and (parameters.coordinate_layout is None or len(points) == len(parameters.coordinates))
        and (parameters.matrix_layout is None or len(elements) == len(parameters.matrices))
    )


def _copy(state: GfvState) -> GfvState:
    return GfvState(**vars(state))


def _set_coordinates(
    gfv: GenerativeFaceVideo,
    parameters: FaceParameters,
    layout: CoordinateLayout,
    state: GfvState,
    predict: bool,
) -> None:
    gfv.gfv_coordinate_present_flag = 1
    gfv.gfv_kps_pred_flag = int(predict)
    if parameters.base_picture or not predict:
        gfv.gfv_coordinate_precision_factor_minus1 = layout.precision - 1
        gfv.gfv_num_kps_minus1 = layout.num_kps - 1
        gfv.gfv_coordinate_z_present_flag = layout.z_present
        gfv.gfv_coordinate_z_max_value_minus1 = max(layout.z_max_value - 1, 0)
    axes = "xyz"[: 2 + layout.z_present]
    values = parameters.coordinates
    if not predict:
        reference: tuple[int, ...] = (0,) * len(values)
    elif parameters.base_picture:
        reference = ((0,) * len(axes) + values)[: len(values)]
    else:
        reference = state.previous_coordinates if parameters.gfv_cnt else state.base_coordinates
    prefix = "d" if predict else ""
    for number, (value, start) in enumerate(zip(values, reference, strict=True)):
        name = f"gfv_coordinate_{prefix}{axes[number % len(axes)]}"
        index = (number // len(axes),)
        units = whole_units(value - start, layout.precision)
        getattr(gfv, f"{name}_abs")[index] = abs(units)
        if units:
            getattr(gfv, f"{name}_sign_flag")[index] = int(units < 0)


def _set_matrices(
    gfv: GenerativeFaceVideo,
    parameters: FaceParameters,
    layout: MatrixLayout,
    state: GfvState,
    predict: bool,
) -> None:
    predict = predict and not parameters.base_picture
    gfv.gfv_matrix_present_flag = 1
    gfv.gfv_matrix_pred_flag = int(predict)
    values = parameters.matrices
    reference: tuple[int, ...] = (0,) * len(values)
    if predict:
        reference = state.previous_matrices if parameters.gfv_cnt else state.base_matrices
    else:
        gfv.gfv_matrix_element_precision_factor_minus1 = layout.precision - 1
        gfv.gfv_num_matrix_types_minus1 = len(layout.shapes) - 1
        for i, shape in enumerate(layout.shapes):
            _set_shape(gfv, i, shape, parameters.coordinate_layout)
        if matrix_layout(gfv, state) != layout:
            raise BitstreamError(f"matrices {layout.shapes} cannot be expressed in a message")
    delta = "_delta" if predict else ""
    whole: Indexed = getattr(gfv, f"gfv_matrix{delta}_element_int")
    fraction: Indexed = getattr(gfv, f"gfv_matrix{delta}_element_dec")
    sign: Indexed = getattr(gfv, f"gfv_matrix{delta}_element_sign_flag")
    for index, value, start in zip(element_indices(layout), values, reference, strict=True):
        units = whole_units(value - start, layout.precision)
        whole[index] = abs(units) >> layout.precision
        fraction[index] = abs(units) & ((1 << layout.precision) - 1)
        if units:
            sign[index] = int(units < 0)


def _set_shape(
    gfv: GenerativeFaceVideo, i: int, shape: MatrixShape, points: CoordinateLayout | None
) -> None:
    kind = shape.type_idx
    gfv.gfv_matrix_type_idx[i,] = kind
    if kind in (0, 1):
        num_kps = points.num_kps if points is not None else 0
        gfv.gfv_num_matrices_equal_to_num_kps_flag[i,] = int(shape.number == num_kps)
        if shape.number != num_kps:
            info = shape.number - 1 if shape.number < num_kps else shape.number - 2
            gfv.gfv_num_matrices_info[i,] = info
    elif kind in (2, 3) or kind >= 7:
        if kind >= 7:
            gfv.gfv_num_matrices_minus1[i,] = shape.number - 1
        gfv.gfv_matrix_width_minus1[i,] = shape.width - 1
        gfv.gfv_matrix_height_minus1[i,] = shape.height - 1
    elif points is None:
        gfv.gfv_matrix_3d_space_flag[i,] = int(shape.height == 3)


def whole_units(value: int, precision: int) -> int:
    """Return a value in units of 2**-32 as an integer in units of 2**-precision.

    Raises:
        BitstreamError: not a multiple of 2**-precision.
    """
    shift = FRACTION_BITS - precision
    if value & ((1 << shift) - 1):
        raise BitstreamError(
            f"value {value} / 2**32: shall be a multiple of 2**-{precision} for this message"
        )
    return value >> shift

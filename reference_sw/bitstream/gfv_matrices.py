"""Matrices of generative_face_video( ): syntax and values.

Source: reference_sw/specification, clauses 6.4.4 and 6.5.3.
"""

from __future__ import annotations

from collections.abc import Iterator

from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.gfv_coordinates import coordinate_layout
from reference_sw.bitstream.gfv_elements import GfvElements
from reference_sw.bitstream.gfv_state import GfvState, MatrixLayout, MatrixShape
from reference_sw.bitstream.sei_generation import FRACTION_BITS, scaled
from reference_sw.bitstream.syntax import SyntaxCoder

MAX_MATRIX_TYPES = 64
MAX_MATRIX_COUNT = 1024


def matrices(c: SyntaxCoder, gfv: GfvElements, state: GfvState) -> None:
    """Clause 6.4.4."""
    c.flag(gfv, "gfv_matrix_present_flag")
    if not gfv.gfv_matrix_present_flag:
        if not gfv.gfv_coordinate_present_flag:
            raise BitstreamError(
                f"GenerativeFaceVideo.gfv_matrix_present_flag = 0 at bit {c.position - 1}: "
                "shall be 1 without coordinates"
            )
        return
    if gfv.gfv_base_picture_flag:
        c.infer(gfv, "gfv_matrix_pred_flag", 0)
    else:
        c.flag(gfv, "gfv_matrix_pred_flag")
    if not gfv.gfv_matrix_pred_flag:
        _types(c, gfv)
    layout = matrix_layout(gfv, state)
    delta = "_delta" if gfv.gfv_matrix_pred_flag else ""
    for index in element_indices(layout):
        whole = c.ue(gfv, f"gfv_matrix{delta}_element_int", *index)
        if gfv.gfv_matrix_pred_flag:
            fraction = c.ue(gfv, "gfv_matrix_delta_element_dec", *index)
        else:
            fraction = c.u(layout.precision, gfv, "gfv_matrix_element_dec", *index)
        if whole or fraction:
            c.flag(gfv, f"gfv_matrix{delta}_element_sign_flag", *index)


def _types(c: SyntaxCoder, gfv: GfvElements) -> None:
    c.ue(gfv, "gfv_matrix_element_precision_factor_minus1", max=31)
    c.ue(gfv, "gfv_num_matrix_types_minus1", max=MAX_MATRIX_TYPES - 1)
    for i in range(gfv.gfv_num_matrix_types_minus1 + 1):
        kind = c.u(6, gfv, "gfv_matrix_type_idx", i)
        if kind in (0, 1):
            if not gfv.gfv_coordinate_present_flag:
                raise BitstreamError(
                    f"GenerativeFaceVideo.gfv_matrix_type_idx[{i}] = {kind}: "
                    "shall not be 0 or 1 without coordinates"
                )
            if not c.flag(gfv, "gfv_num_matrices_equal_to_num_kps_flag", i):
                c.ue(gfv, "gfv_num_matrices_info", i, max=MAX_MATRIX_COUNT - 1)
        elif kind in (2, 3) or kind >= 7:
            if kind >= 7:
                c.ue(gfv, "gfv_num_matrices_minus1", i, max=MAX_MATRIX_COUNT - 1)
            c.ue(gfv, "gfv_matrix_width_minus1", i, max=MAX_MATRIX_COUNT - 1)
            c.ue(gfv, "gfv_matrix_height_minus1", i, max=MAX_MATRIX_COUNT - 1)
        elif not gfv.gfv_coordinate_present_flag:
            c.flag(gfv, "gfv_matrix_3d_space_flag", i)


def element_indices(layout: MatrixLayout) -> Iterator[tuple[int, int, int, int]]:
    """Yield type, matrix, row, column in coding order."""
    for i, shape in enumerate(layout.shapes):
        for j in range(shape.number):
            for k in range(shape.height):
                for m in range(shape.width):
                    yield i, j, k, m


def matrix_layout(gfv: GfvElements, state: GfvState) -> MatrixLayout:
    """Return the layout of a message that has matrices.

    Raises:
        BitstreamError: predicted, and no base picture with matrices came before.
    """
    if gfv.gfv_matrix_pred_flag:
        if state.matrix_layout is None:
            raise BitstreamError(
                f"GenerativeFaceVideo.gfv_matrix_pred_flag = 1: no base picture with matrices "
                f"came before for gfv_id {gfv.gfv_id}"
            )
        return state.matrix_layout
    types = range(gfv.gfv_num_matrix_types_minus1 + 1)
    shapes = tuple(_shape(gfv, state, i) for i in types)
    return MatrixLayout(gfv.gfv_matrix_element_precision_factor_minus1 + 1, shapes)


def _shape(gfv: GfvElements, state: GfvState, i: int) -> MatrixShape:
    kind = gfv.gfv_matrix_type_idx[i,]
    if kind in (2, 3) or kind >= 7:
        number = gfv.gfv_num_matrices_minus1[i,] + 1 if kind >= 7 else 1
        height = gfv.gfv_matrix_height_minus1[i,] + 1
        return MatrixShape(kind, number, height, gfv.gfv_matrix_width_minus1[i,] + 1)
    if not gfv.gfv_coordinate_present_flag:
        side = 2 + gfv.gfv_matrix_3d_space_flag[i,]
        return MatrixShape(kind, 1, side, side if kind == 4 else 1)
    points = coordinate_layout(gfv, state)
    side = 2 + points.z_present
    if kind >= 4:
        return MatrixShape(kind, 1, side, side if kind == 4 else 1)
    if gfv.gfv_num_matrices_equal_to_num_kps_flag[i,]:
        return MatrixShape(kind, points.num_kps, side, side)
    info = gfv.gfv_num_matrices_info[i,]
    number = info + 1 if info < points.num_kps - 1 else info + 2
    return MatrixShape(kind, number, side, side)


def matrices_of(gfv: GfvElements, state: GfvState) -> tuple[MatrixLayout | None, tuple[int, ...]]:
    """Return layout and elements (units of 2**-32; by type, matrix, row, column).

    Source: clause 6.5.3.
    """
    if not gfv.gfv_matrix_present_flag:
        return None, ()
    layout = matrix_layout(gfv, state)
    if not gfv.gfv_matrix_pred_flag:
        return layout, _elements(gfv, layout, "")
    reference = state.previous_matrices if gfv.gfv_cnt else state.base_matrices
    if len(reference) != layout.size:
        raise BitstreamError(
            f"GenerativeFaceVideo.gfv_matrix_pred_flag = 1: {len(reference)} elements to predict "
            f"from, shall be {layout.size}"
        )
    deltas = _elements(gfv, layout, "_delta")
    return layout, tuple(d + r for d, r in zip(deltas, reference, strict=True))


def _elements(gfv: GfvElements, layout: MatrixLayout, delta: str) -> tuple[int, ...]:
    whole = getattr(gfv, f"gfv_matrix{delta}_element_int")
    fraction = getattr(gfv, f"gfv_matrix{delta}_element_dec")
    sign = getattr(gfv, f"gfv_matrix{delta}_element_sign_flag")
    values = []
    for index in element_indices(layout):
        magnitude = (whole[index] << FRACTION_BITS) + scaled(fraction[index], layout.precision, 0)
        values.append(-magnitude if sign.get(index, 0) else magnitude)
    return tuple(values)

"""Keypoint coordinates of generative_face_video( ): syntax and values.

Source: reference_sw/specification, clauses 6.4.3 and 6.5.2.
"""

from __future__ import annotations

from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.gfv_elements import GfvElements
from reference_sw.bitstream.gfv_state import CoordinateLayout, GfvState
from reference_sw.bitstream.sei_generation import scaled
from reference_sw.bitstream.syntax import SyntaxCoder

MAX_NUM_KPS = 1024


def coordinates(c: SyntaxCoder, gfv: GfvElements, state: GfvState) -> None:
    """Clause 6.4.3."""
    c.flag(gfv, "gfv_coordinate_present_flag")
    if not gfv.gfv_coordinate_present_flag:
        return
    c.flag(gfv, "gfv_kps_pred_flag")
    if gfv.gfv_base_picture_flag or not gfv.gfv_kps_pred_flag:
        c.ue(gfv, "gfv_coordinate_precision_factor_minus1", max=31)
        c.ue(gfv, "gfv_num_kps_minus1", max=MAX_NUM_KPS - 1)
        c.flag(gfv, "gfv_coordinate_z_present_flag")
        if gfv.gfv_coordinate_z_present_flag:
            c.ue(gfv, "gfv_coordinate_z_max_value_minus1", max=(1 << 16) - 1)
    layout = coordinate_layout(gfv, state)
    prefix = "d" if gfv.gfv_kps_pred_flag else ""
    for i in range(layout.num_kps):
        for axis in "xyz"[: 2 + layout.z_present]:
            name = f"gfv_coordinate_{prefix}{axis}"
            if c.ue(gfv, f"{name}_abs", i):
                c.flag(gfv, f"{name}_sign_flag", i)


def coordinate_layout(gfv: GfvElements, state: GfvState) -> CoordinateLayout:
    """Return the layout of a message that has coordinates.

    Raises:
        BitstreamError: predicted, and no base picture with coordinates came before.
    """
    if gfv.gfv_base_picture_flag or not gfv.gfv_kps_pred_flag:
        z_present = gfv.gfv_coordinate_z_present_flag
        return CoordinateLayout(
            gfv.gfv_coordinate_precision_factor_minus1 + 1,
            gfv.gfv_num_kps_minus1 + 1,
            z_present,
            gfv.gfv_coordinate_z_max_value_minus1 + 1 if z_present else 0,
        )
    if state.coordinate_layout is None:
        raise BitstreamError(
            f"GenerativeFaceVideo.gfv_kps_pred_flag = 1: no base picture with coordinates came "
            f"before for gfv_id {gfv.gfv_id}"
        )
    return state.coordinate_layout


def coordinates_of(
    gfv: GfvElements, state: GfvState
) -> tuple[CoordinateLayout | None, tuple[int, ...]]:
    """Return layout and values (units of 2**-32; x, y and z of each keypoint in turn).

    Source: clause 6.5.2.
    """
    if not gfv.gfv_coordinate_present_flag:
        return None, ()
    layout = coordinate_layout(gfv, state)
    axes = "xyz"[: 2 + layout.z_present]
    prefix = "d" if gfv.gfv_kps_pred_flag else ""
    values: list[int] = []
    reference = _reference(gfv, state, layout) if gfv.gfv_kps_pred_flag else None
    for i in range(layout.num_kps):
        for axis in axes:
            magnitude = getattr(gfv, f"gfv_coordinate_{prefix}{axis}_abs")[i,]
            sign = getattr(gfv, f"gfv_coordinate_{prefix}{axis}_sign_flag").get((i,), 0)
            value = scaled(magnitude, layout.precision, sign)
            if reference is not None:
                value += reference[len(values)]
            elif gfv.gfv_kps_pred_flag and i:
                value += values[-len(axes)]
            values.append(value)
    return layout, tuple(values)


def _reference(
    gfv: GfvElements, state: GfvState, layout: CoordinateLayout
) -> tuple[int, ...] | None:
    if gfv.gfv_base_picture_flag:
        return None
    values = state.previous_coordinates if gfv.gfv_cnt else state.base_coordinates
    if len(values) != layout.size:
        raise BitstreamError(
            f"GenerativeFaceVideo.gfv_kps_pred_flag = 1: {len(values)} values to predict from, "
            f"shall be {layout.size}"
        )
    return values

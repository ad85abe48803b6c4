"""Native parameter groups as values of generative face video messages, and back, exactly.

Source: reference_sw/specification, clause 6.9.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from reference_sw.bitstream.code_points import CodecFamily, GroupKind, PredictionMode
from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.gfv_state import (
    CoordinateLayout,
    FaceParameters,
    MatrixLayout,
    MatrixShape,
)
from reference_sw.bitstream.parameter_layout import MessageGroup, ParameterGroup, ParameterLayout
from reference_sw.bitstream.parameter_set import GroupCoding, ParameterSet
from reference_sw.bitstream.sei_generation import FRACTION_BITS
from reference_sw.entropy.parameter_coder import Values

COORDINATE_KINDS = (GroupKind.COORDINATES_2D, GroupKind.COORDINATES_3D, GroupKind.JOINTS)
# Matrix types 8 to 31 are for applications to determine: table 6-4.
TYPE_OF_KIND = {
    GroupKind.ROTATION_ANGLES: 8,
    GroupKind.TRANSLATION: 9,
    GroupKind.EXPRESSION: 10,
    GroupKind.SHAPE: 11,
    GroupKind.GAZE: 12,
    GroupKind.COMPONENTS: 13,
    GroupKind.PUPILS: 14,
    GroupKind.ENHANCEMENT_MATRIX: 15,
}
LOW_CONFIDENCE, FUSION, NOT_BASE = 1, 2, 4


def face_parameters(
    gps: ParameterSet, values: Sequence[Values], *, gfv_id: int, gfv_cnt: int
) -> FaceParameters:
    """Return the values of one message from the quantised values of one picture.

    Raises:
        BitstreamError: groups that a message cannot express.
    """
    points: CoordinateLayout | None = None
    coordinates: tuple[int, ...] = ()
    shapes: list[MatrixShape] = []
    elements: list[int] = []
    flags = precision = 0
    for group, coding, quantised in zip(gps.parameter_groups, gps.groups, values, strict=True):
        if group.kind == GroupKind.MESSAGE_FLAGS:
            flags = int(quantised[0])
        elif group.kind in COORDINATE_KINDS:
            if points is not None:
                raise BitstreamError("two groups of coordinates: a message holds one")
            points = _coordinate_layout(group, coding)
            coordinates = scaled_values(quantised, coding)
        else:
            kind = TYPE_OF_KIND.get(GroupKind(group.kind)) if group.kind >= 64 else group.kind
            if kind is None:
                raise BitstreamError(f"group of kind {group.kind}: no matrix type for it")
            shapes.append(MatrixShape(kind, group.number, group.height, group.width))
            elements += scaled_values(quantised, coding)
            precision = max(precision, step_precision(coding))
    return FaceParameters(
        gfv_id=gfv_id,
        gfv_cnt=gfv_cnt,
        base_picture=gfv_cnt == 0 and not flags & NOT_BASE,
        fusion_picture=bool(flags & FUSION),
        low_confidence=bool(flags & LOW_CONFIDENCE),
        coordinate_layout=points,
        coordinates=coordinates,
        matrix_layout=MatrixLayout(precision, tuple(shapes)) if shapes else None,
        matrices=tuple(elements),
    )


def message_flags(face: FaceParameters) -> int:
    """Return the value of the group MESSAGE_FLAGS."""
    not_base = face.gfv_cnt == 0 and not face.base_picture
    return LOW_CONFIDENCE * face.low_confidence + FUSION * face.fusion_picture + NOT_BASE * not_base


def quantised_values(gps: ParameterSet, face: FaceParameters) -> tuple[Values, ...]:
    """Return the quantised values of one picture from those of its message.

    Raises:
        BitstreamError: a message of another layout, or a value that is not a multiple of its step.
    """
    matrices = list(face.matrices)
    found: list[Values] = []
    for number, (group, coding) in enumerate(zip(gps.parameter_groups, gps.groups, strict=True)):
        if group.kind == GroupKind.MESSAGE_FLAGS:
            found.append(np.array([message_flags(face)], np.int64))
            continue
        if group.kind in COORDINATE_KINDS:
            taken = list(face.coordinates)
        else:
            taken, matrices = matrices[: group.size], matrices[group.size :]
        if len(taken) != group.size:
            raise BitstreamError(
                f"message {face.gfv_cnt}: {len(taken)} values for group {number}, "
                f"shall be {group.size}"
            )
        found.append(np.array([divided(v, coding, face.gfv_cnt) for v in taken], np.int64))
    if matrices:
        raise BitstreamError(f"message {face.gfv_cnt}: {len(matrices)} elements too many")
    return tuple(found)


def layout_of(
    faces: Sequence[FaceParameters],
) -> tuple[int, ParameterLayout, list[GroupCoding]]:
    """Return codec family, layout and group codings that hold all messages exactly.

    A family of keypoints or features where the messages are no more than that, else
    MESSAGE_GROUPS.

    Raises:
        BitstreamError: messages of different layouts.
    """
    first = faces[0]
    points, matrices = first.coordinate_layout, first.matrix_layout
    for face in faces:
        if _signature(face) != _signature(first):
            raise BitstreamError(
                f"message {face.gfv_cnt} has another layout than the first: cannot be converted"
            )
    groups: list[ParameterGroup] = []
    codings: list[GroupCoding] = []
    if points is not None:
        precision = max(f.coordinate_layout.precision for f in faces if f.coordinate_layout)
        axes = 2 + points.z_present
        kind = GroupKind.COORDINATES_3D if points.z_present else GroupKind.COORDINATES_2D
        groups.append(ParameterGroup(kind, points.num_kps, 1, axes))
        codings.append(GroupCoding(0, precision, PredictionMode.PREVIOUS))
    if matrices is not None:
        precision = max(f.matrix_layout.precision for f in faces if f.matrix_layout)
        for shape in matrices.shapes:
            groups.append(ParameterGroup(shape.type_idx, shape.number, shape.height, shape.width))
            codings.append(GroupCoding(0, precision, PredictionMode.PREVIOUS))
    if any(message_flags(face) for face in faces):
        groups.append(ParameterGroup(GroupKind.MESSAGE_FLAGS, 1, 1, 1))
        codings.append(GroupCoding(0, 0, PredictionMode.PREVIOUS))
    family, layout = _family(groups)
    return family, layout, codings


def _signature(face: FaceParameters) -> tuple[object, ...]:
    points, matrices = face.coordinate_layout, face.matrix_layout
    return (
        (points.num_kps, points.z_present) if points else None,
        matrices.shapes if matrices else None,
    )


def _family(groups: list[ParameterGroup]) -> tuple[int, ParameterLayout]:
    kinds = [group.kind for group in groups]
    points = groups[0].number
    layout = ParameterLayout(pl_num_points_minus1=points - 1)
    if kinds == [GroupKind.COORDINATES_2D]:
        return CodecFamily.KEYPOINTS_2D, layout
    affine = ParameterGroup(GroupKind.AFFINE_MATRIX, points, 2, 2)
    if kinds[:1] == [GroupKind.COORDINATES_2D] and groups[1:] == [affine]:
        return CodecFamily.KEYPOINTS_2D_MATRICES, layout
    if kinds == [GroupKind.COMPACT_FEATURE] and max(groups[0].height, groups[0].width) <= 256:
        return CodecFamily.COMPACT_FEATURE_GRID, ParameterLayout(
            pl_num_channels_minus1=points - 1,
            pl_grid_height_minus1=groups[0].height - 1,
            pl_grid_width_minus1=groups[0].width - 1,
        )
    explicit = [MessageGroup(g.kind, g.number - 1, g.height - 1, g.width - 1) for g in groups]
    return CodecFamily.MESSAGE_GROUPS, ParameterLayout(
        pl_num_groups_minus1=len(groups) - 1, message_groups=explicit
    )


def _coordinate_layout(group: ParameterGroup, coding: GroupCoding) -> CoordinateLayout:
    z_present = int(group.width == 3)
    return CoordinateLayout(step_precision(coding), group.number, z_present, z_present)


def step_precision(coding: GroupCoding) -> int:
    """Return the bits after the point that a message needs for multiples of the step."""
    return max(coding.gc_step_shift, 1)


def scaled_values(quantised: Values, coding: GroupCoding) -> tuple[int, ...]:
    """Return quantised values times the step, in units of 2**-32."""
    shift = FRACTION_BITS - coding.gc_step_shift
    return tuple(int(q) * coding.mantissa << shift for q in quantised)


def divided(value: int, coding: GroupCoding, gfv_cnt: int) -> int:
    """Return a value in units of 2**-32 divided by the step.

    Raises:
        BitstreamError: not a multiple of the step; the message is named by gfv_cnt.
    """
    quotient, rest = divmod(value, coding.mantissa << (FRACTION_BITS - coding.gc_step_shift))
    if rest:
        raise BitstreamError(
            f"message {gfv_cnt}: value {Fraction(value, 1 << FRACTION_BITS)} "
            f"is not a multiple of the step {coding.step}"
        )
    return quotient

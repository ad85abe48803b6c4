"""parameter_layout( ): how many parameters of which kind one picture has, per codec family.

Source: reference_sw/specification, clause 3.4.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from reference_sw.bitstream.code_points import CodecFamily, GroupKind
from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.syntax import SyntaxCoder

MAX_POINTS = 1024
MAX_GRID_SIDE = 256
MAX_GROUPS = 32
MAX_VALUES_PER_PICTURE = 8192
MAX_COMPONENTS = 64
MAX_FAMILY_BYTES = 4096


@dataclass(frozen=True)
class ParameterGroup:
    """Parameters that share a meaning, a step and a prediction mode.

    One picture has `number` matrices of `height` rows and `width` columns; the values of a group
    are ordered by matrix, row, column (points: by point, then x, y, z).
    """

    kind: int
    number: int
    height: int
    width: int

    @property
    def size(self) -> int:
        """Values per picture."""
        return self.number * self.height * self.width

    @property
    def components(self) -> int:
        """Values that belong together: those of one point or one small matrix, else 1.

        Source: clause 3.4, table 3-2.
        """
        size = self.height * self.width
        points = self.kind in _POINT_KINDS or (
            self.kind == GroupKind.EXPRESSION and self.number > 1
        )
        return size if points and size <= MAX_COMPONENTS else 1


@dataclass
class MessageGroup:
    """One explicitly described group of the family MESSAGE_GROUPS."""

    mg_kind: int = GroupKind.COORDINATES_2D
    mg_number_minus1: int = 0
    mg_height_minus1: int = 0
    mg_width_minus1: int = 0


@dataclass
class ParameterLayout:
    """Sizes that belong to the codec family; those of other families keep their defaults."""

    pl_num_points_minus1: int = 0
    pl_num_channels_minus1: int = 0
    pl_grid_height_minus1: int = 0
    pl_grid_width_minus1: int = 0
    pl_num_shape: int = 0
    pl_num_expression_minus1: int = 0
    pl_pose_present_flag: int = 0
    pl_gaze_present_flag: int = 0
    pl_joint_3d_flag: int = 0
    pl_num_components_minus1: int = 0
    pl_num_groups_minus1: int = 0
    message_groups: list[MessageGroup] = field(default_factory=list)
    pl_num_family_bytes: int = 0
    pl_family_byte: bytes = b""


def parameter_layout(c: SyntaxCoder, pl: ParameterLayout, family: int) -> None:
    """Clause 3.4."""
    if family == CodecFamily.NO_PARAMETERS:
        return
    if family in _POINT_FAMILIES:
        c.ue(pl, "pl_num_points_minus1", max=MAX_POINTS - 1)
        if family == CodecFamily.BODY_POSE:
            c.flag(pl, "pl_joint_3d_flag")
    elif family == CodecFamily.COMPACT_FEATURE_GRID:
        c.ue(pl, "pl_num_channels_minus1", max=MAX_POINTS - 1)
        c.ue(pl, "pl_grid_height_minus1", max=MAX_GRID_SIDE - 1)
        c.ue(pl, "pl_grid_width_minus1", max=MAX_GRID_SIDE - 1)
    elif family == CodecFamily.FACIAL_SEMANTICS:
        c.ue(pl, "pl_num_shape", max=MAX_POINTS)
        c.ue(pl, "pl_num_expression_minus1", max=MAX_POINTS - 1)
        c.flag(pl, "pl_pose_present_flag")
        c.flag(pl, "pl_gaze_present_flag")
    elif family == CodecFamily.PCA_MOTION:
        c.ue(pl, "pl_num_components_minus1", max=MAX_POINTS - 1)
    elif family == CodecFamily.MESSAGE_GROUPS:
        _message_groups(c, pl)
    else:
        c.ue(pl, "pl_num_family_bytes", max=MAX_FAMILY_BYTES)
        c.byte_string(pl, "pl_family_byte", pl.pl_num_family_bytes)
    _check_total(pl, family)


def message_group(c: SyntaxCoder, mg: MessageGroup) -> None:
    """Clause 3.4."""
    c.u(7, mg, "mg_kind")
    if mg.mg_kind not in GroupKind._value2member_map_ and mg.mg_kind >= 64:
        raise BitstreamError(f"MessageGroup.mg_kind = {mg.mg_kind}: reserved")
    c.ue(mg, "mg_number_minus1", max=MAX_POINTS - 1)
    c.ue(mg, "mg_height_minus1", max=MAX_POINTS - 1)
    c.ue(mg, "mg_width_minus1", max=MAX_POINTS - 1)


def _message_groups(c: SyntaxCoder, pl: ParameterLayout) -> None:
    c.ue(pl, "pl_num_groups_minus1", max=MAX_GROUPS - 1)
    count = pl.pl_num_groups_minus1 + 1
    if not c.writing:
        pl.message_groups = [MessageGroup() for _ in range(count)]
    elif len(pl.message_groups) != count:
        raise BitstreamError(
            f"ParameterLayout.message_groups: {len(pl.message_groups)}, shall be {count}"
        )
    for group in pl.message_groups:
        message_group(c, group)


def groups_of(pl: ParameterLayout, family: int) -> tuple[ParameterGroup, ...]:
    """Return the parameter groups of a known family, in coding order; none for other families.

    Source: clause 3.4, table 3-2.
    """
    points = pl.pl_num_points_minus1 + 1
    if family in (CodecFamily.KEYPOINTS_2D, CodecFamily.LANDMARKS_2D):
        return (ParameterGroup(GroupKind.COORDINATES_2D, points, 1, 2),)
    if family == CodecFamily.KEYPOINTS_2D_MATRICES:
        return (
            ParameterGroup(GroupKind.COORDINATES_2D, points, 1, 2),
            ParameterGroup(GroupKind.AFFINE_MATRIX, points, 2, 2),
        )
    if family == CodecFamily.KEYPOINTS_3D:
        return (*_POSE, ParameterGroup(GroupKind.EXPRESSION, points, 1, 3))
    if family == CodecFamily.COMPACT_FEATURE_GRID:
        height, width = pl.pl_grid_height_minus1 + 1, pl.pl_grid_width_minus1 + 1
        channels = pl.pl_num_channels_minus1 + 1
        return (ParameterGroup(GroupKind.COMPACT_FEATURE, channels, height, width),)
    if family == CodecFamily.FACIAL_SEMANTICS:
        return _semantics_groups(pl)
    if family == CodecFamily.BODY_POSE:
        axes = 3 if pl.pl_joint_3d_flag else 2
        return (ParameterGroup(GroupKind.JOINTS, points, 1, axes),)
    if family == CodecFamily.PCA_MOTION:
        components = pl.pl_num_components_minus1 + 1
        return (ParameterGroup(GroupKind.COMPONENTS, 1, 1, components),)
    return tuple(_explicit_group(group) for group in pl.message_groups)


_POINT_FAMILIES = (
    CodecFamily.KEYPOINTS_2D,
    CodecFamily.KEYPOINTS_2D_MATRICES,
    CodecFamily.KEYPOINTS_3D,
    CodecFamily.LANDMARKS_2D,
    CodecFamily.BODY_POSE,
)
_POINT_KINDS = frozenset(
    (
        GroupKind.AFFINE_MATRIX,
        GroupKind.COVARIANCE_MATRIX,
        GroupKind.HEAD_ROTATION,
        GroupKind.HEAD_TRANSLATION,
        GroupKind.HEAD_LOCATION,
        GroupKind.COORDINATES_2D,
        GroupKind.COORDINATES_3D,
        GroupKind.ROTATION_ANGLES,
        GroupKind.TRANSLATION,
        GroupKind.GAZE,
        GroupKind.JOINTS,
        GroupKind.PUPILS,
    )
)
_POSE = (
    ParameterGroup(GroupKind.ROTATION_ANGLES, 1, 1, 3),
    ParameterGroup(GroupKind.TRANSLATION, 1, 1, 3),
)


def _semantics_groups(pl: ParameterLayout) -> tuple[ParameterGroup, ...]:
    groups = [ParameterGroup(GroupKind.EXPRESSION, 1, 1, pl.pl_num_expression_minus1 + 1)]
    if pl.pl_num_shape:
        groups.insert(0, ParameterGroup(GroupKind.SHAPE, 1, 1, pl.pl_num_shape))
    if pl.pl_pose_present_flag:
        groups += _POSE
    if pl.pl_gaze_present_flag:
        groups.append(ParameterGroup(GroupKind.GAZE, 2, 1, 2))
    return tuple(groups)


def _explicit_group(mg: MessageGroup) -> ParameterGroup:
    return ParameterGroup(
        mg.mg_kind,
        mg.mg_number_minus1 + 1,
        mg.mg_height_minus1 + 1,
        mg.mg_width_minus1 + 1,
    )


def _check_total(pl: ParameterLayout, family: int) -> None:
    total = sum(group.size for group in groups_of(pl, family))
    if total > MAX_VALUES_PER_PICTURE:
        raise BitstreamError(
            f"ParameterLayout: {total} values per picture, shall be at most "
            f"{MAX_VALUES_PER_PICTURE}"
        )

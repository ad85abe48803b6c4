"""Parameter sets and units with every element present, and the layout of every family."""

from __future__ import annotations

from typing import Any

from reference_sw.bitstream.code_points import (
    CodecFamily,
    GroupKind,
    HashScope,
    HashType,
    PredictionMode,
)
from reference_sw.bitstream.hash_unit import PictureHash, PlaneHash
from reference_sw.bitstream.key_picture import KeyPicture
from reference_sw.bitstream.nal_unit import NalUnitHeader
from reference_sw.bitstream.native_unit import EndOfSequence, NativeUnit, ReservedUnit, UserData
from reference_sw.bitstream.parameter_layout import MessageGroup, ParameterLayout
from reference_sw.bitstream.parameter_set import GroupCoding, ParameterSet
from reference_sw.bitstream.sample_format import SampleFormat
from reference_sw.bitstream.segment import Segment
from reference_sw.bitstream.writer_stream import unit_of


def all_different() -> ParameterSet:
    """Every element present, no two alike where the ranges allow it."""
    return ParameterSet(
        gps_parameter_set_id=13,
        gps_level_idc=41,
        gps_layer_purpose_idc=3,
        gps_num_reference_layers=2,
        gps_reference_layer_id=[4, 7],
        gps_max_temporal_id=6,
        gps_codec_family=CodecFamily.KEYPOINTS_2D_MATRICES,
        gps_pic_width_minus1=309,
        gps_pic_height_minus1=201,
        gps_padding_flag=1,
        gps_padding_right=10,
        gps_padding_bottom=22,
        output_format=SampleFormat(3, 2, 0, 1),
        gps_key_format_present_flag=1,
        key_format=SampleFormat(1, 4, 6, 0),
        gps_frame_rate_num_minus1=29_999,
        gps_frame_rate_den_minus1=1_000,
        gps_num_pictures_present_flag=1,
        gps_num_pictures_minus1=124,
        gps_log2_max_picture_index_lsb=5,
        layout=ParameterLayout(pl_num_points_minus1=9),
        groups=[GroupCoding(17, 11, PredictionMode.LINEAR), GroupCoding(40, 12, 1)],
        gps_model_present_flag=1,
        gps_model_id=77,
        gps_model_digest=bytes(range(1, 9)),
        gps_model_kmac_per_sample=14,
        gps_hash_type_idc=HashType.CRC,
        gps_hash_scope_idc=HashScope.STREAM,
        gps_extension_flag=1,
        gps_num_extension_bytes=3,
        gps_extension_byte=b"\0\0\1",
    )


def small_set(**changes: Any) -> ParameterSet:
    values = {"groups": [GroupCoding(0, 6)], "layout": ParameterLayout(pl_num_points_minus1=9)}
    return ParameterSet(**{**values, **changes})


def stream_units() -> list[NativeUnit]:
    return [
        unit_of(small_set()),
        unit_of(all_different(), layer=9),
        unit_of(KeyPicture(13, 2, 0, 6, b"\0\0\1\x40\1\xff\0\0\0\1\x42\1\x80"), layer=9),
        unit_of(Segment(0, 1, 4, 5, 0, b"\0\0\1\2\0\0\3\4")),
        unit_of(Segment(13, 0, 3, 30, 1, b""), layer=9, temporal_id=2),
        unit_of(
            PictureHash(
                0, HashType.CRC, 0, 8, 0, [PlaneHash(b"\0\1"), PlaneHash(b"\0\0"), PlaneHash(b"ab")]
            )
        ),
        unit_of(PictureHash(0, HashType.MD5, 1, 0, 1, [PlaneHash(bytes(range(16)))])),
        NativeUnit(NalUnitHeader(3, 11, 4), ReservedUnit(b"\0\0\0x")),
        unit_of(UserData(bytes(range(16)), b"note")),
        unit_of(EndOfSequence()),
    ]


FAMILIES: list[tuple[int, ParameterLayout, list[tuple[int, int]]]] = [
    (CodecFamily.NO_PARAMETERS, ParameterLayout(), []),
    (1, ParameterLayout(pl_num_points_minus1=14), [(GroupKind.COORDINATES_2D, 30)]),
    (
        2,
        ParameterLayout(pl_num_points_minus1=9),
        [(GroupKind.COORDINATES_2D, 20), (GroupKind.AFFINE_MATRIX, 40)],
    ),
    (
        3,
        ParameterLayout(pl_num_points_minus1=14),
        [(GroupKind.ROTATION_ANGLES, 3), (GroupKind.TRANSLATION, 3), (GroupKind.EXPRESSION, 45)],
    ),
    (
        4,
        ParameterLayout(pl_num_channels_minus1=2, pl_grid_height_minus1=3, pl_grid_width_minus1=4),
        [(GroupKind.COMPACT_FEATURE, 60)],
    ),
    (5, ParameterLayout(pl_num_points_minus1=67), [(GroupKind.COORDINATES_2D, 136)]),
    (
        6,
        ParameterLayout(
            pl_num_shape=7,
            pl_num_expression_minus1=51,
            pl_pose_present_flag=1,
            pl_gaze_present_flag=1,
        ),
        [
            (GroupKind.SHAPE, 7),
            (GroupKind.EXPRESSION, 52),
            (GroupKind.ROTATION_ANGLES, 3),
            (GroupKind.TRANSLATION, 3),
            (GroupKind.GAZE, 4),
        ],
    ),
    (
        7,
        ParameterLayout(pl_num_points_minus1=16, pl_joint_3d_flag=1),
        [(GroupKind.JOINTS, 51)],
    ),
    (8, ParameterLayout(pl_num_components_minus1=19), [(GroupKind.COMPONENTS, 20)]),
    (
        9,
        ParameterLayout(
            pl_num_groups_minus1=1,
            message_groups=[MessageGroup(65, 3, 0, 2), MessageGroup(2, 0, 3, 1)],
        ),
        [(GroupKind.COORDINATES_3D, 12), (GroupKind.MOUTH, 8)],
    ),
    (CodecFamily.LATENTS_IMAGE, ParameterLayout(pl_num_family_bytes=2, pl_family_byte=b"hi"), []),
    (CodecFamily.TEXT, ParameterLayout(), []),
    (200, ParameterLayout(pl_num_family_bytes=1, pl_family_byte=b"\0"), []),
]

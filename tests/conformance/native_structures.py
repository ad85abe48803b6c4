"""Native conformance streams: units, layers, key pictures, ranges."""

from __future__ import annotations

import hashlib

import numpy as np

from reference_sw.bitstream.code_points import (
    CodecFamily,
    GroupKind,
    LayerPurpose,
    MatrixCoefficients,
    PredictionMode,
)
from reference_sw.bitstream.nal_unit import NalUnitHeader
from reference_sw.bitstream.native_unit import EndOfSequence, NativeUnit, ReservedUnit, UserData
from reference_sw.bitstream.parameter_layout import MessageGroup, ParameterLayout
from reference_sw.bitstream.parameter_set import GroupCoding
from reference_sw.bitstream.sample_format import SampleFormat
from reference_sw.bitstream.segment import Segment
from reference_sw.bitstream.writer_stream import unit_of
from reference_sw.encoder.segment_encoder import SegmentEncoder
from tests.conformance.stream_parts import (
    TEN_BIT,
    Units,
    key,
    motion,
    parameter_set,
    simple,
    stream,
)


@stream("three key pictures, one of them inside a segment, one without parameters")
def several_key_pictures() -> Units:
    gps = parameter_set(CodecFamily.KEYPOINTS_2D, ParameterLayout(pl_num_points_minus1=2))
    encoder, values, keys = SegmentEncoder(gps), motion(gps, 9), {0, 3, 6}
    units = [unit_of(gps), key("vvc_a"), key("vvc_b", 3)]
    units += [
        unit_of(encoder.encode(values[0:4], keys)),
        unit_of(encoder.encode(values[4:6], keys)),
    ]
    units.append(key("vvc_a", 6))
    encoder.skip()
    return [*units, unit_of(encoder.encode(values[7:9], keys)), unit_of(EndOfSequence())]


@stream("contexts reset in the middle, index bits that wrap around")
def context_reset() -> Units:
    gps = parameter_set(CodecFamily.KEYPOINTS_2D, ParameterLayout(pl_num_points_minus1=3))
    gps.gps_log2_max_picture_index_lsb = 1
    encoder, values = SegmentEncoder(gps), motion(gps, 8)
    units = [unit_of(gps), key("vvc_a")]
    for n in range(8):
        units.append(unit_of(encoder.encode(values[n : n + 1], {0}, reset=n == 5)))
    return units


@stream("an enhancement layer with pupils over a base layer of keypoints")
def two_layers() -> Units:
    base = simple(
        parameter_set(CodecFamily.KEYPOINTS_2D, ParameterLayout(pl_num_points_minus1=4)), 4
    )
    groups = [MessageGroup(GroupKind.PUPILS, 1, 0, 1)]
    layout = ParameterLayout(pl_num_groups_minus1=0, message_groups=groups)
    gps = parameter_set(CodecFamily.MESSAGE_GROUPS, layout)
    gps.gps_layer_purpose_idc = LayerPurpose.FACE_ENHANCEMENT
    gps.gps_num_reference_layers, gps.gps_reference_layer_id = 1, [0]
    encoder, values = SegmentEncoder(gps), motion(gps, 4, seed=9)
    units = [base[0], unit_of(gps, layer=1), base[1]]
    for n in range(4):
        segment = encoder.encode(values[n : n + 1], {0})
        units += [base[2 + n], unit_of(segment, layer=1)]
    return [*units, base[-1]]


@stream("two temporal sub-layers: even pictures, and odd pictures that may be dropped")
def temporal_sub_layers() -> Units:
    gps = parameter_set(CodecFamily.KEYPOINTS_2D, ParameterLayout(pl_num_points_minus1=4))
    gps.gps_max_temporal_id = 1
    values = motion(gps, 8)
    units = [unit_of(gps), key("vvc_a")]
    for temporal_id in (0, 1):
        encoder = SegmentEncoder(gps)
        segment = encoder.encode(values[temporal_id::2], {0} if temporal_id == 0 else set())
        segment.gsu_picture_stride_minus1 = 1
        segment.gsu_first_picture_index_lsb = temporal_id
        units.append(unit_of(segment, temporal_id=temporal_id))
    return units


@stream("reserved unit types, user data and extension bytes, all to be ignored")
def ignored_units() -> Units:
    gps = parameter_set(CodecFamily.KEYPOINTS_2D, ParameterLayout(pl_num_points_minus1=4))
    gps.gps_extension_flag, gps.gps_num_extension_bytes = 1, 5
    gps.gps_extension_byte = b"later"
    units = simple(gps, 2)
    for position, kind in ((1, 3), (2, 16), (3, 0), (4, 31)):
        unit = NativeUnit(NalUnitHeader(0, kind, 1), ReservedUnit(b"\0\0\1 reserved"))
        units.insert(position, unit)
    units.insert(1, unit_of(UserData(bytes(range(16)), b"\0\0\0user")))
    return units


@stream("a parameter set that is repeated, and then replaced with another key picture")
def parameter_sets_replaced() -> Units:
    first = parameter_set(CodecFamily.KEYPOINTS_2D, ParameterLayout(pl_num_points_minus1=4))
    units = simple(first, 4, 2)[:-1]
    units.insert(3, unit_of(first))
    second = parameter_set(CodecFamily.PCA_MOTION, ParameterLayout(pl_num_components_minus1=5))
    encoder = SegmentEncoder(second, 4)
    units += [unit_of(second), key("vvc_b", 4)]
    return [*units, unit_of(encoder.encode(motion(second, 3), {0, 4}))]


@stream("bytes that need emulation prevention in every place where they can be")
def emulation_prevention() -> Units:
    gps = parameter_set(CodecFamily.KEYPOINTS_2D, ParameterLayout(pl_num_points_minus1=4))
    gps.gps_model_present_flag, gps.gps_model_digest = 1, bytes(5) + b"\1\0\0"
    gps.gps_extension_flag, gps.gps_num_extension_bytes = 1, 6
    gps.gps_extension_byte = b"\0\0\2\0\0\3"
    units = simple(gps, 2)
    units.insert(1, unit_of(UserData(bytes(16), b"\0\0\0\0\0\0\1\0\0\2\0\0\3\0\0\4")))
    return units


@stream("the greatest and smallest quantised values, steps and sizes")
def extreme_values() -> Units:
    layout = ParameterLayout(pl_num_components_minus1=7)
    gps = parameter_set(CodecFamily.PCA_MOTION, layout, PredictionMode.LINEAR)
    gps.groups = [GroupCoding(65_535, 32, PredictionMode.LINEAR)]
    gps.gps_parameter_set_id, gps.gps_log2_max_picture_index_lsb = 15, 16
    gps.gps_frame_rate_num_minus1, gps.gps_frame_rate_den_minus1 = 2**32 - 2, 2**32 - 2
    limit = 2**32 - 1
    rows = [[limit, -limit, 0, 1, -1, 2**31, -(2**31), 77], [-limit, limit, 1, 0, 1, 0, 0, 78]]
    values = [(np.array(row, np.int64),) for row in rows * 2]
    segment = SegmentEncoder(gps).encode(values, {0})
    return [unit_of(gps), key("vvc_a", parameter_set_id=15), unit_of(segment)]


@stream("all optional elements of the parameter set, level 20, padding, RGB output")
def full_parameter_set() -> Units:
    gps = parameter_set(CodecFamily.KEYPOINTS_2D, ParameterLayout(pl_num_points_minus1=4))
    gps.gps_level_idc = 20
    gps.output_format = SampleFormat(3, 0, MatrixCoefficients.IDENTITY, 1)
    gps.gps_key_format_present_flag, gps.key_format = 1, TEN_BIT
    gps.gps_pic_width_minus1, gps.gps_pic_height_minus1 = 58, 60
    gps.gps_padding_flag, gps.gps_padding_right, gps.gps_padding_bottom = 1, 5, 3
    gps.gps_frame_rate_num_minus1, gps.gps_frame_rate_den_minus1 = 29_999, 1_000
    gps.gps_num_pictures_present_flag, gps.gps_num_pictures_minus1 = 1, 2
    gps.gps_model_present_flag, gps.gps_model_id = 1, 4242
    gps.gps_model_digest = hashlib.sha256(b"model").digest()[:8]
    gps.gps_model_kmac_per_sample = 14
    return simple(gps, 3, 3)


@stream("a segment of a whole sequence beside the shortest one")
def long_and_short_segments() -> Units:
    gps = parameter_set(CodecFamily.KEYPOINTS_2D, ParameterLayout())
    encoder, values = SegmentEncoder(gps), motion(gps, 101)
    segments: list[Segment] = [encoder.encode(values[:100], {0}), encoder.encode(values[100:], {0})]
    return [unit_of(gps), key("vvc_a"), *(unit_of(s) for s in segments)]

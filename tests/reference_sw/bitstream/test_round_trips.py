"""Random structures, all values different where the ranges allow: written, read, written again."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from reference_sw.bitstream.byte_stream import split_byte_stream
from reference_sw.bitstream.carriage import StreamReader
from reference_sw.bitstream.code_points import CodecFamily, GroupKind, MatrixCoefficients
from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.gfv_message import GenerativeFaceVideo
from reference_sw.bitstream.gfv_state import (
    CoordinateLayout,
    FaceParameters,
    GfvState,
    MatrixLayout,
    MatrixShape,
)
from reference_sw.bitstream.hash_unit import PictureHash, PlaneHash
from reference_sw.bitstream.key_picture import KeyPicture
from reference_sw.bitstream.native_stream import read_native_stream
from reference_sw.bitstream.native_unit import NativeUnit, UserData
from reference_sw.bitstream.parameter_layout import MessageGroup, ParameterLayout, groups_of
from reference_sw.bitstream.parameter_set import GroupCoding, ParameterSet
from reference_sw.bitstream.sample_format import SampleFormat
from reference_sw.bitstream.segment import Segment
from reference_sw.bitstream.sei_message import SeiMessage, SeiState
from reference_sw.bitstream.sei_unit import read_sei_unit
from reference_sw.bitstream.video_codec import Vvc
from reference_sw.bitstream.writer_face import face_message
from reference_sw.bitstream.writer_sei import write_sei_unit
from reference_sw.bitstream.writer_stream import unit_of, write_native_stream

UE = st.integers(0, 2**32 - 2)
BIT = st.integers(0, 1)


def below(limit: int) -> st.SearchStrategy[int]:
    return st.integers(0, limit - 1)


@st.composite
def sample_formats(draw: st.DrawFn) -> SampleFormat:
    matrix = draw(st.sampled_from(list(MatrixCoefficients)))
    chroma = 3 if matrix is MatrixCoefficients.IDENTITY else draw(below(4))
    return SampleFormat(chroma, draw(below(9)), matrix, draw(BIT))


@st.composite
def layouts(draw: st.DrawFn) -> tuple[int, ParameterLayout]:
    family = draw(st.sampled_from([*CodecFamily, 10, 63, 255]))
    layout = ParameterLayout()
    if family in (1, 2, 3, 5, 7):
        layout.pl_num_points_minus1 = draw(below(500))
        layout.pl_joint_3d_flag = draw(BIT) if family == CodecFamily.BODY_POSE else 0
    elif family == CodecFamily.COMPACT_FEATURE_GRID:
        layout.pl_num_channels_minus1, layout.pl_grid_height_minus1 = (
            draw(below(8)),
            draw(below(30)),
        )
        layout.pl_grid_width_minus1 = draw(below(30))
    elif family == CodecFamily.FACIAL_SEMANTICS:
        layout.pl_num_shape, layout.pl_num_expression_minus1 = draw(below(1025)), draw(below(1024))
        layout.pl_pose_present_flag, layout.pl_gaze_present_flag = draw(BIT), draw(BIT)
    elif family == CodecFamily.PCA_MOTION:
        layout.pl_num_components_minus1 = draw(below(1024))
    elif family == CodecFamily.MESSAGE_GROUPS:
        kinds = st.one_of(below(64), st.sampled_from(list(GroupKind)).map(int))
        group = st.builds(MessageGroup, kinds, below(4), below(4), below(4))
        layout.message_groups = draw(st.lists(group, min_size=1, max_size=32))
        layout.pl_num_groups_minus1 = len(layout.message_groups) - 1
    elif family != CodecFamily.NO_PARAMETERS:
        layout.pl_family_byte = draw(st.binary(max_size=20))
        layout.pl_num_family_bytes = len(layout.pl_family_byte)
    return family, layout


@st.composite
def parameter_sets(draw: st.DrawFn) -> ParameterSet:
    family, layout = draw(layouts())
    coding = st.builds(GroupCoding, below(65_536), below(33), below(4))
    count = len(groups_of(layout, family))
    gps = ParameterSet(
        gps_parameter_set_id=draw(below(16)),
        gps_layer_purpose_idc=draw(below(16)),
        gps_max_temporal_id=draw(below(7)),
        gps_codec_family=family,
        gps_pic_width_minus1=draw(below(16_384)),
        gps_pic_height_minus1=draw(below(16_384)),
        output_format=draw(sample_formats()),
        gps_frame_rate_num_minus1=draw(UE),
        gps_frame_rate_den_minus1=draw(UE),
        gps_log2_max_picture_index_lsb=draw(st.integers(1, 16)),
        layout=layout,
        groups=draw(st.lists(coding, min_size=count, max_size=count)),
    )
    gps.key_format = gps.output_format
    if draw(BIT):
        gps.gps_key_format_present_flag, gps.key_format = 1, draw(sample_formats())
    if draw(BIT):
        gps.gps_padding_flag = 1
        gps.gps_padding_right, gps.gps_padding_bottom = draw(below(256)), draw(below(256))
    if draw(BIT):
        gps.gps_num_pictures_present_flag, gps.gps_num_pictures_minus1 = 1, draw(below(2**31))
    if draw(BIT):
        gps.gps_model_present_flag, gps.gps_model_id = 1, draw(below(65_536))
        gps.gps_model_digest = draw(st.binary(min_size=8, max_size=8))
        gps.gps_model_kmac_per_sample = draw(below(1_000_001))
    gps.gps_hash_type_idc = draw(below(4))
    gps.gps_hash_scope_idc = draw(BIT) if gps.gps_hash_type_idc else 1
    if draw(BIT):
        gps.gps_extension_flag, gps.gps_extension_byte = 1, draw(st.binary(max_size=20))
        gps.gps_num_extension_bytes = len(gps.gps_extension_byte)
    return gps


def payloads(min_size: int = 0) -> st.SearchStrategy[bytes]:
    zeros = st.sampled_from([0, 0, 0, 1, 2, 3, 255])
    return st.lists(zeros, min_size=min_size, max_size=30).map(lambda b: bytes([*b, 7]))


@st.composite
def hashes(draw: st.DrawFn, identifier: int) -> PictureHash:
    kind, scope, single = draw(st.integers(1, 3)), draw(BIT), draw(BIT)
    size = {1: 16, 2: 2, 3: 4}[kind]
    plane = st.builds(PlaneHash, st.binary(min_size=size, max_size=size))
    count = 1 if single else 3
    index = 0 if scope else draw(below(2**31))
    planes = draw(st.lists(plane, min_size=count, max_size=count))
    return PictureHash(identifier, kind, scope, index, single, planes)


@st.composite
def streams(draw: st.DrawFn) -> list[NativeUnit]:
    gps = draw(parameter_sets())
    identifier = gps.gps_parameter_set_id
    values = sum(group.size for group in gps.parameter_groups)
    pictures = draw(st.integers(0, min(4095, (1 << 20) // max(values, 1) - 1)))
    lsb = draw(below(1 << gps.gps_log2_max_picture_index_lsb))
    stride = draw(below(64)) if gps.gps_max_temporal_id else 0
    temporal_id = draw(st.integers(0, gps.gps_max_temporal_id))
    return [
        unit_of(gps),
        unit_of(
            KeyPicture(
                identifier,
                draw(st.integers(1, 15)),
                draw(BIT),
                draw(below(2**31)),
                draw(payloads()),
            )
        ),
        unit_of(
            Segment(identifier, draw(BIT), pictures, lsb, stride, draw(payloads())),
            temporal_id=temporal_id,
        ),
        unit_of(draw(hashes(identifier))),
        unit_of(UserData(draw(st.binary(min_size=16, max_size=16)), draw(payloads()))),
    ]


@settings(max_examples=60, deadline=None)
@given(streams())
def test_native_streams(units: list[NativeUnit]) -> None:
    data = write_native_stream(units)
    read = list(read_native_stream(data))
    assert read == units
    assert write_native_stream(read) == data


@settings(max_examples=60, deadline=None)
@given(streams(), st.randoms(use_true_random=False))
def test_damaged_native_streams_give_units_or_one_error(
    units: list[NativeUnit], source: random.Random
) -> None:
    data = bytearray(write_native_stream(units))
    for _ in range(source.randint(1, 4)):
        data[source.randrange(len(data))] = source.randrange(256)
    try:
        for unit in StreamReader(bytes(data)).units():
            assert unit.place.size > 0
    except BitstreamError as problem:
        assert "\n" not in str(problem)


@st.composite
def face_tracks(draw: st.DrawFn) -> list[FaceParameters]:
    source = draw(st.randoms(use_true_random=False))
    points = None
    if draw(st.booleans()):
        z = draw(BIT)
        points = CoordinateLayout(draw(st.integers(1, 32)), draw(st.integers(1, 8)), z, 65_536 * z)
    kinds = [2, 3, 7, 8, 31, 63, *((0, 1) if points else ())]
    shapes = []
    for kind in draw(st.lists(st.sampled_from(kinds), max_size=4)):
        number = draw(st.integers(1, 4)) if kind >= 7 or kind < 2 else 1
        side = 2 + points.z_present if points and kind < 2 else 0
        height, width = (side, side) if side else (draw(st.integers(1, 4)), draw(st.integers(1, 4)))
        shapes.append(MatrixShape(kind, number, height, width))
    matrices = MatrixLayout(draw(st.integers(1, 32)), tuple(shapes)) if shapes else None
    if points is None and matrices is None:
        points = CoordinateLayout(9, 2, 0)

    def values(precision: int, size: int) -> tuple[int, ...]:
        chosen = source.sample(range(-(2**28), 2**28), size)
        return tuple(value << (32 - precision) for value in chosen)

    return [
        FaceParameters(
            gfv_id=77,
            gfv_cnt=cnt,
            base_picture=cnt == 0,
            fusion_picture=False,
            low_confidence=bool(cnt & 1),
            coordinate_layout=points,
            coordinates=values(points.precision, points.size) if points else (),
            matrix_layout=matrices,
            matrices=values(matrices.precision, matrices.size) if matrices else (),
        )
        for cnt in range(3)
    ]


@settings(max_examples=60, deadline=None)
@given(face_tracks(), st.lists(st.booleans(), min_size=3, max_size=3))
def test_face_messages(parameters: list[FaceParameters], predict: list[bool]) -> None:
    written, read, again = SeiState(), SeiState(), SeiState()
    for face, predicted in zip(parameters, predict, strict=True):
        known = written.gfv.get(77, GfvState())
        message = SeiMessage(payload=face_message(face, known, predict=predicted))
        data = write_sei_unit([message], Vvc(), written)
        (found,) = read_sei_unit(data, Vvc(), read).messages
        assert found.values == face
        assert isinstance(found.payload, GenerativeFaceVideo)
        assert found.payload == message.payload
        assert write_sei_unit([found], Vvc(), again) == data
        assert split_byte_stream(b"\0\0\1" + data)[0].data == data

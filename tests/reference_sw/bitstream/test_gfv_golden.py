"""Generative face video messages worked out by hand, and refusals."""

from __future__ import annotations

import copy

import pytest

from reference_sw.bitstream.byte_stream import unescape
from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.gfv_message import GenerativeFaceVideo
from reference_sw.bitstream.gfv_state import FaceParameters
from reference_sw.bitstream.sei_generation import SeiGeneration
from reference_sw.bitstream.sei_message import SeiMessage, SeiState
from reference_sw.bitstream.sei_unit import read_sei_unit
from reference_sw.bitstream.video_codec import Hevc, Vvc
from reference_sw.bitstream.writer_sei import write_sei_unit

A0 = bytes.fromhex(
    "00c1df2d262122801a20200052c03280200013d01e6013b005320344019186c0150809681f2011"
    "080880040601530093a080"
)
A1 = bytes.fromhex("00c1df122266b84071426e40e1859852902283e608a080")
D0 = bytes.fromhex("00c1df0dd4218068820033c04800cd03cd80")
E0 = bytes.fromhex("00c1df181184d1e42406b1f64912b7e5a9866c1f4479317e5a58c6d280")
B0 = bytes.fromhex(
    "00c1df5d5d007461673a6578616d706c652c323032353a6766760075726e3a6578616d706c653a6766762d"
    "6e6e00a992c9280ab39406909012604701ce1ba017207206f110280d194a69e88192b40692482d0f4ba895"
    "ff46b1ca547d11dc3a9dd080"
)
A0_POINTS = [
    (417, 31),
    (330, 201),
    (127, 316),
    (-120, 314),
    (-331, 208),
    (-400, 26),
    (-335, -149),
    (-123, -271),
    (135, -256),
    (338, -146),
]
A1_DELTAS = [
    (-5, -2),
    (15, 6),
    (4, -8),
    (-2, 3),
    (13, 5),
    (-4, 5),
    (4, -1),
    (3, -7),
    (1, -14),
    (5, -7),
]


def read_one(data: bytes, state: SeiState) -> tuple[GenerativeFaceVideo, FaceParameters]:
    (message,) = read_sei_unit(data, Vvc(), state).messages
    assert isinstance(message.payload, GenerativeFaceVideo)
    assert isinstance(message.values, FaceParameters)
    return message.payload, message.values


def points(values: FaceParameters, precision: int) -> list[tuple[float, float]]:
    unit = 1 << (32 - precision)
    flat = [value / unit for value in values.coordinates]
    return list(zip(flat[::2], flat[1::2], strict=True))


def test_base_picture_with_absolute_points() -> None:
    payload, values = read_one(A0, SeiState())
    assert (payload.gfv_id, payload.gfv_cnt, payload.gfv_base_picture_flag) == (3, 0, 1)
    assert payload.gfv_coordinate_precision_factor_minus1 == 8
    assert points(values, 9) == A0_POINTS
    assert values.matrix_layout is None


def test_differences_from_the_previous_message() -> None:
    state = SeiState()
    read_one(A0, state)
    payload, values = read_one(A1, state)
    assert (payload.gfv_cnt, payload.gfv_kps_pred_flag) == (1, 1)
    expected = [(x + dx, y + dy) for (x, y), (dx, dy) in zip(A0_POINTS, A1_DELTAS, strict=True)]
    assert points(values, 9) == expected
    # 412/512, 29/512, 345/512, 207/512
    assert [v / 2**32 for v in values.coordinates[:4]] == [
        0.8046875,
        0.056640625,
        0.673828125,
        0.404296875,
    ]


def test_fusion_picture_without_base() -> None:
    payload, values = read_one(D0, SeiState())
    assert payload.gfv_fusion_pic_flag == 1 and payload.gfv_base_picture_flag == 0
    assert points(values, 8) == [(208, 15), (-102, 143), (-101, -120)]


def test_compact_feature_matrix() -> None:
    payload, values = read_one(E0, SeiState())
    assert payload.gfv_id == 7 and not payload.gfv_coordinate_present_flag
    assert values.matrix_layout is not None
    assert values.matrix_layout.precision == 6
    assert [(s.type_idx, s.number, s.height, s.width) for s in values.matrix_layout.shapes] == [
        (7, 1, 4, 4)
    ]
    assert values.matrices[0] == 0


def test_uris_chroma_key_and_differences_inside_the_message() -> None:
    payload, values = read_one(B0, SeiState())
    assert payload.gfv_nn_tag_uri == "tag:example,2025:gfv"
    assert payload.gfv_nn_uri == "urn:example:gfv-nn"
    assert payload.gfv_chroma_key_value == {(0,): 50, (2,): 100}
    assert payload.gfv_chroma_key_thr_lower == 40
    assert points(values, 7)[:2] == [(104, 8), (32, 78)]


@pytest.mark.parametrize("data", [A0, B0, D0, E0])
def test_rewritten_bytes(data: bytes) -> None:
    messages = read_sei_unit(data, Vvc(), SeiState()).messages
    assert write_sei_unit(messages, Vvc(), SeiState()) == data


@pytest.mark.parametrize("data", [A0, B0, D0, E0])
def test_truncation_at_every_byte(data: bytes) -> None:
    for size in range(3, len(data)):
        with pytest.raises(BitstreamError):
            read_sei_unit(data[:size], Vvc(), SeiState())


def test_prediction_needs_a_base_picture() -> None:
    with pytest.raises(BitstreamError, match="no base picture with coordinates came before"):
        read_sei_unit(A1, Vvc(), SeiState())


def test_hevc_units_carry_the_same_messages() -> None:
    messages = read_sei_unit(A0, Vvc(), SeiState()).messages
    data = write_sei_unit(messages, Hevc(), SeiState())
    # Suffix SEI: type 40, layer 0, temporal id plus 1 = 1; the rest is the same.
    assert data == b"\x50\x01" + A0[2:]
    assert read_sei_unit(data, Hevc(), SeiState()).messages == messages
    prefix = write_sei_unit(messages, Hevc(), SeiState(), prefix=True)
    assert prefix == b"\x4e\x01" + A0[2:]


def test_the_older_generation() -> None:
    """gfv_id 0, cnt 1: fusion flag in every message that is not a base picture."""
    # id "1" cnt "010" fusion "1" low "0" coordinates "1" pred "0" precision-1=0 "1" kps-1=0 "1"
    # z "0" x abs 1 "010" sign "1" y abs 0 "1" matrix "0", then 1 0000
    bits = "101010101100101101"
    bits += "0" * (-len(bits) % 8)
    payload = int(bits, 2).to_bytes(len(bits) // 8, "big")
    data = b"\0\xc1\xdf" + bytes([len(payload)]) + payload + b"\x80"
    older = SeiState(SeiGeneration.VTM_23_9)
    message, values = read_one(data, older)
    assert message.gfv_drive_picture_fusion_flag == 1
    assert values.coordinates == (-(1 << 31), 0)
    again = write_sei_unit([SeiMessage(payload=message)], Vvc(), SeiState(SeiGeneration.VTM_23_9))
    assert again == data
    with pytest.raises(BitstreamError):
        newer = read_one(data, SeiState())[0]
        assert newer == message


def test_older_chroma_key() -> None:
    gfv = GenerativeFaceVideo(
        gfv_base_picture_flag=1,
        gfv_chroma_key_info_present_flag=1,
        gfv_chroma_key_value_present_flag={(0,): 0, (1,): 1, (2,): 0},
        gfv_chroma_key_value={(1,): 217},
        gfv_chroma_key_thr_present_flag={(0,): 1, (1,): 0},
        gfv_chroma_key_thr_value={(0,): 300},
        gfv_coordinate_present_flag=1,
        gfv_coordinate_x_abs={(0,): 0},
        gfv_coordinate_y_abs={(0,): 2},
        gfv_coordinate_y_sign_flag={(0,): 1},
    )
    state = SeiState(SeiGeneration.VTM_23_9)
    data = write_sei_unit([SeiMessage(payload=gfv)], Vvc(), state)
    read = read_one(data, SeiState(SeiGeneration.VTM_23_9))[0]
    assert read == gfv


def test_reserved_identifiers_are_marked() -> None:
    payload = copy.deepcopy(read_one(A0, SeiState())[0])
    for identifier, ignored in (
        (255, False),
        (256, True),
        (511, True),
        (512, False),
        (1 << 31, True),
    ):
        payload.gfv_id = identifier
        data = write_sei_unit([SeiMessage(payload=payload)], Vvc(), SeiState())
        assert read_one(data, SeiState())[0].ignored_by_decoders is ignored


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("gfv_id", 2**32 - 1, "in 0..4294967294"),
        ("gfv_cnt", -1, "in 0..4294967294"),
        ("gfv_cnt", 1, "gfv_base_picture_flag = 1"),
        ("gfv_base_picture_flag", 2, "in 0..1"),
        ("gfv_nn_mode_idc", 2, "in 0..1"),
        ("gfv_chroma_key_purpose_idc", 3, "in 0..2"),
        ("gfv_chroma_key_thr_lower", 256, "in 0..255"),
        ("gfv_chroma_key_thr_upper_delta_minus1", 256, "in 0..255"),
        ("gfv_coordinate_precision_factor_minus1", 32, "in 0..31"),
        ("gfv_num_kps_minus1", 1024, "in 0..1023"),
        ("gfv_num_kps_minus1", 5, r"gfv_coordinate_dx_abs\[5\]: missing"),
        ("gfv_matrix_element_precision_factor_minus1", 32, "in 0..31"),
        ("gfv_num_matrix_types_minus1", 64, "in 0..63"),
        ("gfv_coordinate_present_flag", 0, "shall not be 0 or 1 without coordinates"),
    ],
)
def test_refusal_of_out_of_range_elements(name: str, value: int, message: str) -> None:
    payload = copy.deepcopy(read_one(B0, SeiState())[0])
    setattr(payload, name, value)
    with pytest.raises(BitstreamError, match=message):
        write_sei_unit([SeiMessage(payload=payload)], Vvc(), SeiState())


def test_payload_size_is_checked_before_anything_is_read() -> None:
    with pytest.raises(BitstreamError, match="needs 2032 bits"):
        read_sei_unit(A0[:3] + b"\xfe" + A0[4:], Vvc(), SeiState())
    assert unescape(A0) == A0

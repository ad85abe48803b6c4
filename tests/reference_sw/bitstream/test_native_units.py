"""Native carriage: golden bits, round trips, refusals, truncation."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from reference_sw.bitstream.errors import BitstreamError, UnsupportedError
from reference_sw.bitstream.hash_unit import PictureHash, PlaneHash
from reference_sw.bitstream.key_picture import KeyPicture
from reference_sw.bitstream.nal_unit import NalUnitHeader
from reference_sw.bitstream.native_stream import (
    is_native,
    read_native_stream,
    resolve_picture_index,
)
from reference_sw.bitstream.native_unit import EndOfSequence, NativeUnit, ReservedUnit, UserData
from reference_sw.bitstream.parameter_layout import ParameterLayout, groups_of
from reference_sw.bitstream.parameter_set import GroupCoding, ParameterSet
from reference_sw.bitstream.segment import Segment
from reference_sw.bitstream.trace import Trace
from reference_sw.bitstream.writer_stream import NativeWriter, unit_of, write_native_stream
from tests.reference_sw.bitstream.native_samples import (
    FAMILIES,
    all_different,
    small_set,
    stream_units,
)

# A parameter set worked out by hand; comments give the elements in order.
GOLDEN_SET = (
    "0000"
    "0001"
    "11111111"  # id 0, version 1, level 255
    "0000"
    "1"
    "000"  # purpose 0, no reference layers, max temporal id 0
    "00000001"  # family 1
    "00000000100000000"
    "00000000100000000"  # width-1 = 255, height-1 = 255: ue 255
    "0"  # no padding
    "01"
    "0000"
    "00000110"
    "0"  # 4:2:0, 8 bit, BT.601, limited
    "0"  # key format absent
    "000011001"
    "1"  # 25/1
    "0"  # open length
    "00101"  # 4 lsb bits: ue 4
    "0001010"  # num_points_minus1 = 9
    "1"
    "00111"
    "010"  # mantissa-1 = 0, shift 6, previous
    "0"
    "000"
    "0"  # no model, no hash, no extension
)


def test_parameter_set_by_hand() -> None:
    bits = GOLDEN_SET + "1"
    bits += "0" * (-len(bits) % 8)
    body = int(bits, 2).to_bytes(len(bits) // 8, "big")
    expected = bytes.fromhex("000001 00e1") + body
    assert write_native_stream([unit_of(small_set())]) == expected
    (unit,) = read_native_stream(expected)
    assert unit.body == small_set()
    assert is_native(expected) and is_native(b"\0" + expected)


def test_segment_by_hand() -> None:
    # id ue 0 "1", reset "1", pictures-1 = 4 "00101", lsb 5 "0101", alignment "1" + "0000"
    writer = NativeWriter()
    writer.write(unit_of(small_set()))
    data = writer.write(unit_of(Segment(0, 1, 4, 5, 0, b"\x12\0\0\1")))
    assert data.hex() == "0000010011" + f"{int('1100101010110000', 2):04x}" + "1200000301"
    one = writer.write(unit_of(Segment(0, 0, 0, 9, 0, b"\x12")))
    assert one.hex() == "0000010011" + f"{int('10110011', 2):02x}" + "12"


def test_round_trip_of_every_unit_and_equal_traces() -> None:
    units = stream_units()
    stream = write_native_stream(units)
    read = list(read_native_stream(stream))
    assert read == units
    assert sum(unit.size for unit in read) == len(stream)
    assert write_native_stream(copy.deepcopy(read)) == stream


def test_parameter_set_survives_reading_with_all_values_different() -> None:
    stream = write_native_stream([unit_of(small_set()), unit_of(all_different(), layer=9)])
    assert list(read_native_stream(stream))[1].body == all_different()


@pytest.mark.parametrize(("family", "layout", "expected"), FAMILIES)
def test_families(family: int, layout: ParameterLayout, expected: list[tuple[int, int]]) -> None:
    groups = [GroupCoding(i, 10 - i) for i in range(len(expected))]
    gps = small_set(gps_codec_family=family, layout=layout, groups=groups)
    (unit,) = read_native_stream(write_native_stream([unit_of(gps)]))
    assert isinstance(unit.body, ParameterSet)
    assert unit.body == gps
    assert [(g.kind, g.size) for g in unit.body.parameter_groups] == expected


def test_values_of_one_point_belong_together() -> None:
    components = {
        family: [group.components for group in groups_of(layout, family)]
        for family, layout, _ in FAMILIES
    }
    assert components[2] == [2, 4]
    assert components[3] == [3, 3, 3]
    assert components[4] == [1]
    assert components[6] == [1, 1, 3, 3, 2]
    assert components[7] == [3]
    assert components[8] == [1]
    assert components[9] == [3, 1]


Change = Callable[[ParameterSet], None]


def setter(path: str, value: int) -> Change:
    def change(gps: ParameterSet) -> None:
        target: Any = gps
        *parents, name = path.split(".")
        for parent in parents:
            target = target[int(parent)] if parent.isdigit() else getattr(target, parent)
        setattr(target, name, value)

    return change


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("gps_parameter_set_id", 16, "in 0..15"),
        ("gps_syntax_version", 0, "in 1..15"),
        ("gps_level_idc", 256, "in 0..255"),
        ("gps_level_idc", 12, "shall be one of"),
        ("gps_layer_purpose_idc", 16, "in 0..15"),
        ("gps_num_reference_layers", 5, "in 0..4"),
        ("gps_max_temporal_id", 7, "in 0..6"),
        ("gps_codec_family", 256, "in 0..255"),
        ("gps_pic_width_minus1", 16_384, "in 0..16383"),
        ("gps_pic_height_minus1", -1, "in 0..16383"),
        ("gps_padding_flag", 2, "in 0..1"),
        ("gps_padding_right", 256, "in 0..255"),
        ("gps_padding_bottom", 256, "in 0..255"),
        ("output_format.sf_chroma_format_idc", 1, "shall be 3 for RGB"),
        ("output_format.sf_chroma_format_idc", 4, "in 0..3"),
        ("output_format.sf_bit_depth_minus8", 9, "in 0..8"),
        ("output_format.sf_matrix_coefficients", 2, "shall be one of"),
        ("output_format.sf_full_range_flag", 2, "in 0..1"),
        ("gps_frame_rate_num_minus1", 2**32 - 1, "in 0..4294967294"),
        ("gps_frame_rate_den_minus1", -1, "in 0..4294967294"),
        ("gps_num_pictures_minus1", 2**31, "in 0..2147483647"),
        ("gps_log2_max_picture_index_lsb", 0, "in 1..16"),
        ("layout.pl_num_points_minus1", 1024, "in 0..1023"),
        ("groups.1.gc_step_mantissa_minus1", 65_536, "in 0..65535"),
        ("groups.1.gc_step_shift", 33, "in 0..32"),
        ("groups.0.gc_prediction_mode", 4, "in 0..3"),
        ("gps_model_id", 65_536, "in 0..65535"),
        ("gps_model_kmac_per_sample", 1_000_001, "in 0..1000000"),
        ("gps_hash_type_idc", 4, "in 0..3"),
        ("gps_hash_scope_idc", 2, "in 0..1"),
        ("gps_num_extension_bytes", 4097, "in 0..4096"),
        ("gps_num_extension_bytes", 2, "shall be 2 bytes"),
    ],
)
def test_refusal_of_each_element_when_written(path: str, value: int, message: str) -> None:
    gps = all_different()
    setter(path, value)(gps)
    with pytest.raises(BitstreamError, match=message):
        NativeWriter().write(unit_of(gps, layer=9))


def test_newer_versions_are_told_apart_from_damage() -> None:
    stream = bytearray(write_native_stream([unit_of(small_set())]))
    stream[5] = 0x02
    with pytest.raises(UnsupportedError, match="gps_syntax_version = 2"):
        list(read_native_stream(bytes(stream)))


@pytest.mark.parametrize(
    ("units", "message"),
    [
        ([unit_of(EndOfSequence())], "first unit shall be a parameter set"),
        ([unit_of(small_set()), unit_of(Segment(1))], "no parameter set with this id"),
        ([unit_of(small_set()), unit_of(Segment(0), layer=1)], "no parameter set with this id"),
        ([unit_of(small_set()), unit_of(Segment(), temporal_id=1)], "shall be at most 1"),
        ([unit_of(small_set()), unit_of(KeyPicture(0, 0, 1, 0, b"x"))], "kpu_codec_idc"),
        ([unit_of(small_set()), unit_of(KeyPicture(0, 1, 1, 0, b""))], "at least 1"),
        ([unit_of(small_set()), unit_of(Segment(0, 0, 0, 16))], "in 0..15"),
        ([unit_of(small_set()), unit_of(Segment(0, 0, 4096))], "in 0..4095"),
        ([unit_of(small_set()), unit_of(Segment(0, 0, 0, 0, 1))], "inferred value 0"),
        ([unit_of(small_set()), unit_of(Segment(gsu_payload_byte=b"a\0"))], "ends with a zero"),
        ([unit_of(small_set()), unit_of(PictureHash())], "planes: 0, shall be 3"),
        (
            [unit_of(small_set()), unit_of(PictureHash(0, 1, 1, 0, 1, [PlaneHash(b"x")]))],
            "1 bytes: shall be 16",
        ),
        ([unit_of(small_set(gps_num_reference_layers=1, gps_reference_layer_id=[0]))], "below 0"),
        ([NativeUnit(NalUnitHeader(0, 2, 1), small_set())], "shall not carry ParameterSet"),
        ([NativeUnit(NalUnitHeader(56, 28, 1), small_set())], "nuh_layer_id = 56"),
        ([NativeUnit(NalUnitHeader(0, 28, 0), small_set())], "nuh_temporal_id_plus1 = 0"),
        (
            [
                unit_of(
                    small_set(
                        gps_codec_family=4,
                        layout=ParameterLayout(
                            pl_num_channels_minus1=1023,
                            pl_grid_height_minus1=255,
                            pl_grid_width_minus1=255,
                        ),
                    )
                )
            ],
            "values per picture",
        ),
    ],
)
def test_units_that_a_stream_may_not_hold(units: list[NativeUnit], message: str) -> None:
    with pytest.raises(BitstreamError, match=message):
        write_native_stream(units)


def test_truncation_at_every_byte_of_every_unit() -> None:
    units = stream_units()
    stream = write_native_stream(units)
    ends = {unit.offset + unit.size + zeros for unit in units for zeros in (0, 1, 2)}
    payload_bytes = set()
    for unit in units:
        if isinstance(unit.body, (KeyPicture, Segment, UserData, ReservedUnit)):
            payload_bytes |= set(range(unit.offset, unit.offset + unit.size))
    for size in range(len(stream)):
        if size in ends or (size in payload_bytes and _cut_inside_payload(stream, size)):
            continue
        with pytest.raises(BitstreamError):
            list(read_native_stream(stream[:size]))


def _cut_inside_payload(stream: bytes, size: int) -> bool:
    """A cut payload is still a legal unit: its damage is the entropy decoder's to find."""
    try:
        units = list(read_native_stream(stream[:size]))
    except BitstreamError:
        return False
    return isinstance(units[-1].body, (KeyPicture, Segment, UserData, ReservedUnit))


def test_bits_after_the_end_are_refused() -> None:
    stream = write_native_stream([unit_of(small_set())])
    with pytest.raises(BitstreamError, match="8 bits after its end"):
        list(read_native_stream(stream + b"\x01"))


def test_errors_name_the_unit() -> None:
    stream = write_native_stream([unit_of(small_set()), unit_of(EndOfSequence())])
    end = len(stream) - 5
    with pytest.raises(BitstreamError, match=f"unit at byte {end}: Segment.gsu_parameter_set_id"):
        list(read_native_stream(stream[:end] + b"\0\0\1\0\x11"))


def test_trace_positions_follow_one_another() -> None:
    trace = Trace()
    NativeWriter().write(unit_of(all_different(), layer=9), trace)
    for before, after in zip(trace.entries, trace.entries[1:], strict=False):
        assert before.position + before.bits == after.position


def test_picture_index() -> None:
    gps = small_set()
    assert resolve_picture_index(gps, 3, 35) == 35
    with pytest.raises(BitstreamError, match="segments are missing"):
        resolve_picture_index(gps, 4, 35)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"gps_pic_width_minus1": 256}, "65792 luma samples per picture, shall be at most 65536"),
        ({"gps_frame_rate_num_minus1": 30}, "luma samples per second, shall be at most 1966080"),
        ({"layout": ParameterLayout(pl_num_points_minus1=128)}, "258 values per picture"),
        ({"gps_model_kmac_per_sample": 16, "gps_model_present_flag": 1}, "16 kMAC per luma sample"),
    ],
)
def test_level_limits(changes: dict[str, Any], message: str) -> None:
    NativeWriter().write(unit_of(small_set(gps_level_idc=10)))
    with pytest.raises(BitstreamError, match=message):
        NativeWriter().write(unit_of(small_set(gps_level_idc=10, **changes)))

"""Streams that shall be refused, each with the words that its error shall contain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reference_sw.bitstream.byte_stream import (
    START_CODE,
    escape,
    join_byte_stream,
    split_byte_stream,
)
from reference_sw.bitstream.code_points import CodecFamily
from reference_sw.bitstream.parameter_layout import ParameterLayout
from reference_sw.bitstream.segment import Segment
from reference_sw.bitstream.writer_stream import unit_of, write_native_stream
from tests.conformance.native_streams import native_stream
from tests.conformance.sei_streams import STREAMS as SEI_STREAMS
from tests.conformance.stream_parts import key, parameter_set


@dataclass(frozen=True)
class Negative:
    """A stream that is not conforming, or not supported, and what its error names."""

    description: str
    error: str
    make: Callable[[], bytes]


def units(name: str) -> list[bytes]:
    return [unit.data for unit in split_byte_stream(native_stream(name))]


def edited(name: str, unit: int, byte: int, value: int) -> bytes:
    """A stream with one byte of one unit replaced."""
    found = units(name)
    data = bytearray(found[unit])
    data[byte] = value
    found[unit] = bytes(data)
    return join_byte_stream(found)


def without(name: str, unit: int) -> bytes:
    found = units(name)
    del found[unit]
    return join_byte_stream(found)


def cut(name: str, unit: int, size: int) -> bytes:
    found = units(name)
    found[unit] = found[unit][:size]
    return join_byte_stream(found)


def extended(name: str, unit: int, more: bytes) -> bytes:
    found = units(name)
    found[unit] += more
    return join_byte_stream(found)


def sei(name: str, old: str, new: str) -> bytes:
    """A stream of messages with the first bytes `old` replaced."""
    data = SEI_STREAMS[name][1]()
    before = bytes.fromhex(old)
    if before not in data:
        raise ValueError(f"{name}: no {old} in the stream")
    return data.replace(before, bytes.fromhex(new), 1)


KEY = "keypoints_2d"
NEGATIVE = {
    "no_start_code": Negative("no start code", "no start code", lambda: b"generative"),
    "no_parameter_set": Negative(
        "the parameter set is missing", "neither the native", lambda: without(KEY, 0)
    ),
    "newer_version": Negative(
        "gps_syntax_version 2: not supported",
        "gps_syntax_version = 2",
        lambda: edited(KEY, 0, 2, 0x02),
    ),
    "version_zero": Negative(
        "gps_syntax_version 0", "shall be in 1..15", lambda: edited(KEY, 0, 2, 0x00)
    ),
    "reserved_family": Negative(
        "segments of a reserved codec family: not supported",
        "gps_codec_family = 64",
        lambda: reserved_family(),
    ),
    "reserved_level": Negative(
        "gps_level_idc 77", "gps_level_idc = 77", lambda: edited(KEY, 0, 3, 77)
    ),
    "truncated_parameter_set": Negative(
        "the parameter set ends early", "bits, ", lambda: cut(KEY, 0, 9)
    ),
    "bits_after_the_end": Negative(
        "bytes behind the trailing bits", "after its end", lambda: extended(KEY, 0, b"\x55")
    ),
    "reserved_layer_id": Negative(
        "nuh_layer_id 56", "nuh_layer_id = 56", lambda: edited(KEY, 2, 0, 56)
    ),
    "forbidden_zero_bit": Negative(
        "forbidden_zero_bit 1", "forbidden_zero_bit = 1", lambda: edited(KEY, 2, 0, 0x80)
    ),
    "temporal_id_above_the_set": Negative(
        "TemporalId 3 where 0 is the greatest",
        "nuh_temporal_id_plus1 = 4",
        lambda: edited(KEY, 2, 1, 0x14),
    ),
    "unknown_parameter_set": Negative(
        "a key picture of another parameter set",
        "no parameter set with this id",
        lambda: edited(KEY, 1, 2, 0x71),
    ),
    "reserved_key_codec_zero": Negative(
        "kpu_codec_idc 0", "kpu_codec_idc = 0", lambda: edited(KEY, 1, 2, 0x00)
    ),
    "empty_key_picture": Negative(
        "a key picture without bytes", "kpu_access_unit_byte", lambda: cut(KEY, 1, 4)
    ),
    "missing_segment": Negative(
        "the third segment is missing", "segments are missing", lambda: without(KEY, 4)
    ),
    "segment_twice": Negative(
        "a segment comes twice",
        "out of order",
        lambda: join_byte_stream([*units(KEY)[:4], units(KEY)[3], *units(KEY)[4:]]),
    ),
    "payload_too_short": Negative(
        "the payload of a segment ends early",
        "Segment of picture 0",
        lambda: cut("keypoints_2d_matrices", 2, 12),
    ),
    "payload_too_long": Negative(
        "bytes behind the payload of a segment",
        "Segment of picture 0",
        lambda: extended("keypoints_2d_matrices", 2, b"\x11\x22\x33\x44\x55"),
    ),
    "payload_without_parameters": Negative(
        "a payload in a stream without parameters",
        "shall be empty",
        lambda: extended("repeated_key_picture", 2, b"\x11"),
    ),
    "truncated_hash": Negative(
        "a hash ends early", "ph_value_byte", lambda: cut("repeated_key_picture", 3, 20)
    ),
    "start_code_emulation": Negative(
        "000002 inside a unit",
        "not allowed",
        lambda: native_stream(KEY) + START_CODE + b"\x00\xb9" + bytes(14) + b"\0\0\2x",
    ),
    "one_byte_unit": Negative(
        "a unit of one byte", "shall be at least 2", lambda: native_stream(KEY) + b"\0\0\1\x11"
    ),
    "sei_size_beyond_the_unit": Negative(
        "payload size beyond the unit", "bits, ", lambda: sei("sei_keypoints", "c1df", "c1dfff")
    ),
    "sei_prediction_without_base": Negative(
        "the base message is missing", "no base picture with coordinates", lambda: without_base()
    ),
    "sei_matrix_type_without_points": Negative(
        "matrix type 0 without coordinates",
        "shall not be 0 or 1 without coordinates",
        lambda: one_message("100001", "1", "1", "000000"),
    ),
    "sei_neither_points_nor_matrices": Negative(
        "a message without coordinates and matrices",
        "shall be 1 without coordinates",
        lambda: one_message("100000"),
    ),
    "sei_precision_above_31": Negative(
        "gfv_coordinate_precision_factor_minus1 32",
        "shall be in 0..31",
        lambda: one_message("1000", "1", "0", "00000100001"),
    ),
    "sei_exp_golomb_prefix": Negative(
        "an Exp-Golomb prefix of 32 zero bits", "31 zero bits", lambda: one_message("0" * 32 + "1")
    ),
}


def reserved_family() -> bytes:
    layout = ParameterLayout(pl_num_family_bytes=2, pl_family_byte=b"lt")
    gps = parameter_set(CodecFamily.LATENTS_IMAGE, layout)
    segment = Segment(gsu_payload_byte=b"latents")
    return write_native_stream([unit_of(gps), key("vvc_a"), unit_of(segment)])


def without_base() -> bytes:
    found = split_byte_stream(SEI_STREAMS["sei_keypoints"][1]())
    first = next(i for i, unit in enumerate(found) if unit.data[:3] == b"\0\xc1\xdf")
    return join_byte_stream([u.data for i, u in enumerate(found) if i != first], long_first=True)


def one_message(*bits: str) -> bytes:
    """A VVC stream with one message whose payload begins with these bits after gfv_id and gfv_cnt.

    gfv_id and gfv_cnt are 0: one bit each, unless the bits begin with a long prefix of zeros.
    """
    text = "".join(bits)
    text = text if text.startswith("0" * 32) else "11" + text
    text += "1" * (-len(text) % 8 + 64)
    payload = int(text, 2).to_bytes(len(text) // 8, "big")
    unit = escape(b"\0\xc1\xdf" + bytes([len(payload)]) + payload + b"\x80")
    key = [u.data for u in split_byte_stream(SEI_STREAMS["sei_keypoints"][1]())]
    plain = [data for data in key if data[:2] != b"\0\xc1"]
    return join_byte_stream([*plain, unit], long_first=True)

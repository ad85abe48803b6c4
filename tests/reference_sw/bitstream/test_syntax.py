"""Descriptors: bits worked out by hand, ranges in both directions, truncation."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.reader import SyntaxReader
from reference_sw.bitstream.syntax import SE_MAX, UE_MAX, SyntaxCoder
from reference_sw.bitstream.trace import Trace
from reference_sw.bitstream.writer import SyntaxWriter


@dataclass
class FeatureHeader:
    fh_parameter_set_id: int = 0
    fh_key_picture_flag: int = 0
    fh_num_features_minus1: int = 0
    fh_qp_delta: int = 0
    fh_feature: list[int] = field(default_factory=list)
    fh_cell: dict[tuple[int, ...], int] = field(default_factory=dict)
    fh_name: str = ""


def feature_header(c: SyntaxCoder, fh: FeatureHeader) -> None:
    c.u(4, fh, "fh_parameter_set_id")
    c.flag(fh, "fh_key_picture_flag")
    if not fh.fh_key_picture_flag:
        c.ue(fh, "fh_num_features_minus1", max=7)
        c.se(fh, "fh_qp_delta", min=-26, max=25)
        for i in range(fh.fh_num_features_minus1 + 1):
            c.u(3, fh, "fh_feature", i)
            c.ue(fh, "fh_cell", i, 0, max=9)
    else:
        c.infer(fh, "fh_num_features_minus1", 0)
        c.infer(fh, "fh_qp_delta", 0)
    c.zero_bits_to_alignment(fh, "fh_alignment_zero_bit")
    c.st(fh, "fh_name", max_bytes=8)
    c.rbsp_trailing_bits(fh)


# 0101 0 010 00101 011 00111 110 1 0(alignment to 24) "ab" NUL, trailing 10000000
#  id=5 f  n=1  d=-2 f0 c0=6  f1=6 c1=0
GOLDEN_BITS = "0101001000101011001111101" + "0" * 7
GOLDEN = int(GOLDEN_BITS, 2).to_bytes(4, "big") + b"ab\0\x80"


def golden_header() -> FeatureHeader:
    return FeatureHeader(5, 0, 1, -2, [3, 6], {(0, 0): 6, (1, 0): 0}, "ab")


def test_hand_worked_bits_are_written_and_read() -> None:
    writer = SyntaxWriter()
    feature_header(writer, golden_header())
    assert writer.data == GOLDEN
    read = FeatureHeader()
    feature_header(SyntaxReader(GOLDEN), read)
    assert read == golden_header()


def test_reader_and_writer_leave_the_same_trace() -> None:
    written, read = Trace(), Trace()
    feature_header(SyntaxWriter(written), golden_header())
    feature_header(SyntaxReader(GOLDEN, read), FeatureHeader())
    assert written.entries == read.entries
    shown = [(e.position, e.name, e.descriptor, e.bits, e.value) for e in read.entries[:6]]
    assert shown == [
        (0, "fh_parameter_set_id", "u(4)", 4, 5),
        (4, "fh_key_picture_flag", "u(1)", 1, 0),
        (5, "fh_num_features_minus1", "ue(v)", 3, 1),
        (8, "fh_qp_delta", "se(v)", 5, -2),
        (13, "fh_feature[0]", "u(3)", 3, 3),
        (16, "fh_cell[0][0]", "ue(v)", 5, 6),
    ]
    assert read.entries[0].structure == "FeatureHeader"
    assert read.entries[3].line().split() == ["8", "fh_qp_delta", "se(v)", "5", "-2"]


def test_out_of_range_is_refused_when_read_and_when_written() -> None:
    message = r"FeatureHeader.fh_qp_delta = 31 at bit 6: shall be in -26\.\.25"
    header = golden_header()
    header.fh_qp_delta, header.fh_num_features_minus1, header.fh_feature = 31, 0, [3]
    with pytest.raises(BitstreamError, match=message):
        feature_header(SyntaxWriter(), header)
    bits = "0000" + "0" + "1" + "00000111110" + 15 * "0"
    with pytest.raises(BitstreamError, match=message):
        feature_header(SyntaxReader(int(bits, 2).to_bytes(4, "big")), FeatureHeader())


def test_a_value_that_is_not_coded_shall_be_the_inferred_one() -> None:
    with pytest.raises(BitstreamError, match="fh_qp_delta = 4 at bit 5: not coded here"):
        feature_header(SyntaxWriter(), FeatureHeader(fh_key_picture_flag=1, fh_qp_delta=4))


def test_a_missing_array_element_is_named() -> None:
    header = golden_header()
    del header.fh_cell[1, 0]
    with pytest.raises(BitstreamError, match=r"FeatureHeader.fh_cell\[1\]\[0\]: missing"):
        feature_header(SyntaxWriter(), header)


@pytest.mark.parametrize("value", [1.0, None, "3"])
def test_only_integers_are_written(value: object) -> None:
    header = FeatureHeader(fh_parameter_set_id=value)  # type: ignore[arg-type]
    with pytest.raises(BitstreamError, match="shall be an integer"):
        feature_header(SyntaxWriter(), header)


@pytest.mark.parametrize("size", range(len(GOLDEN)))
def test_truncation_at_every_byte(size: int) -> None:
    with pytest.raises(BitstreamError):
        feature_header(SyntaxReader(GOLDEN[:size]), FeatureHeader())


def test_wrong_fixed_bits_and_text() -> None:
    with pytest.raises(BitstreamError, match="fh_alignment_zero_bit = 1 at bit 25: shall be 0"):
        feature_header(SyntaxReader(GOLDEN[:3] + b"\xff" + GOLDEN[4:]), FeatureHeader())
    with pytest.raises(BitstreamError, match="at most 8 bytes"):
        feature_header(SyntaxReader(GOLDEN[:4] + b"123456789\0\x80"), FeatureHeader())
    with pytest.raises(BitstreamError, match="UTF-8"):
        feature_header(SyntaxReader(GOLDEN[:4] + b"\xff\xff\0\x80"), FeatureHeader())
    for name in ("too long a name", "a\0b"):
        header = golden_header()
        header.fh_name = name
        with pytest.raises(BitstreamError, match="without NUL"):
            feature_header(SyntaxWriter(), header)


# ITU-T H.266 table 36 and 37: codeNum, bit string; se(v) mapping.
@pytest.mark.parametrize(
    ("code", "bits", "signed"),
    [
        (0, "1", 0),
        (1, "010", 1),
        (2, "011", -1),
        (3, "00100", 2),
        (4, "00101", -2),
        (5, "00110", 3),
        (6, "00111", -3),
        (7, "0001000", 4),
        (8, "0001001", -4),
        (9, "0001010", 5),
    ],
)
def test_exp_golomb_table(code: int, bits: str, signed: int) -> None:
    @dataclass
    class Pair:
        a: int
        b: int

    writer = SyntaxWriter()
    pair = Pair(code, signed)
    writer.ue(pair, "a")
    writer.se(pair, "b")
    writer.rbsp_trailing_bits(pair)
    expected = (bits + bits + "1").ljust(writer.position, "0")
    assert f"{int.from_bytes(writer.data, 'big'):0{writer.position}b}" == expected


@dataclass
class Extremes:
    a: int
    b: int


@settings(max_examples=200, deadline=None)
@given(st.integers(0, UE_MAX), st.integers(-SE_MAX, SE_MAX))
def test_exp_golomb_round_trip(a: int, b: int) -> None:
    writer = SyntaxWriter()
    pair, read = Extremes(a, b), Extremes(0, 0)
    for coder, target in ((writer, pair), (None, read)):
        c = coder or SyntaxReader(writer.data)
        c.ue(target, "a")
        c.se(target, "b")
        c.rbsp_trailing_bits(target)
    assert read == pair


def test_the_longest_exp_golomb_code() -> None:
    pair = Extremes(UE_MAX, 0)
    writer = SyntaxWriter()
    writer.ue(pair, "a")
    assert writer.position == 63
    with pytest.raises(BitstreamError, match="31 zero bits"):
        SyntaxReader(bytes(4) + b"\x80" * 8).ue(pair, "a")


def test_more_rbsp_data() -> None:
    assert not SyntaxReader(b"\x80").more_rbsp_data()
    assert SyntaxReader(b"\xc0").more_rbsp_data()
    assert SyntaxReader(b"\x01\x80").more_rbsp_data()
    assert not SyntaxReader(b"").more_rbsp_data()
    assert not SyntaxReader(b"\x08\x00", start=4).more_rbsp_data()


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=12))
def test_random_bytes_give_a_header_or_a_bitstream_error(data: bytes) -> None:
    header = FeatureHeader()
    try:
        feature_header(SyntaxReader(data), header)
    except BitstreamError:
        return
    writer = SyntaxWriter()
    feature_header(writer, header)
    assert data.startswith(writer.data)

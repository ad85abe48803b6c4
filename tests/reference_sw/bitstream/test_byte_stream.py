"""Start codes, emulation prevention and unit sizes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_sw.bitstream.byte_stream import (
    escape,
    join_byte_stream,
    split_byte_stream,
    unescape,
)
from reference_sw.bitstream.errors import BitstreamError

# ITU-T H.266 7.4.2: 000000, 000001, 000002 and 000003 each receive a byte 03.
ESCAPES = [
    ("00c10000", "00c10000"),
    ("00c100000001", "00c10000030001"),
    ("00c1000001", "00c100000301"),
    ("00c1000002", "00c100000302"),
    ("00c1000003", "00c100000303"),
    ("00c1000004", "00c1000004"),
    ("00c10000000000000001", "00c10000030000030000030001"),
]


@pytest.mark.parametrize(("plain", "escaped"), ESCAPES[1:])
def test_escape_by_hand(plain: str, escaped: str) -> None:
    assert escape(bytes.fromhex(plain)).hex() == escaped
    assert unescape(bytes.fromhex(escaped)).hex() == plain


def test_a_unit_may_not_end_with_zero() -> None:
    with pytest.raises(BitstreamError, match="ends with a zero byte"):
        escape(bytes.fromhex(ESCAPES[0][0]))


@pytest.mark.parametrize("data", ["00c1000000", "00c1000001", "00c10000020a", "00c100000304"])
def test_forbidden_patterns(data: str) -> None:
    with pytest.raises(BitstreamError, match="not allowed"):
        unescape(bytes.fromhex(data))


units = st.lists(
    st.lists(st.sampled_from([0, 0, 0, 1, 2, 3, 4, 255]), min_size=3, max_size=20).map(
        lambda b: bytes([1, *b, 7])
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=200, deadline=None)
@given(units, st.booleans())
def test_join_and_split(plain: list[bytes], long_first: bool) -> None:
    stream = join_byte_stream([escape(u) for u in plain], long_first=long_first)
    found = split_byte_stream(stream)
    assert [unescape(u.data) for u in found] == plain
    assert sum(u.size for u in found) == len(stream)
    assert [u.offset for u in found] == [sum(v.size for v in found[:i]) for i in range(len(found))]


def test_sizes_count_every_byte_of_the_stream() -> None:
    stream = bytes.fromhex("00000001 00c1ff 00000001 00c1fe 0000 000001 00c1fd 000000")
    found = split_byte_stream(stream)
    assert [u.data.hex() for u in found] == ["00c1ff", "00c1fe", "00c1fd"]
    assert sum(u.size for u in found) == len(stream)
    assert [u.offset for u in found] == [0, 7, 15]


@pytest.mark.parametrize(
    ("stream", "message"),
    [
        (b"", "no start code"),
        (b"\0\0\2", "no start code"),
        (b"a\0\0\1ab", "before the first start code"),
        (b"\0\0\1a", "shall be at least 2"),
        (b"\0\0\1abc\0\0\1", "shall be at least 2"),
    ],
)
def test_malformed_streams(stream: bytes, message: str) -> None:
    with pytest.raises(BitstreamError, match=message):
        split_byte_stream(stream)

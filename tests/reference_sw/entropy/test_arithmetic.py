"""The arithmetic coder: cases worked by hand, round trips, and bytes that are wrong."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_sw.entropy.arithmetic_decoder import MAX_END_BYTES, ArithmeticDecoder
from reference_sw.entropy.arithmetic_encoder import ArithmeticEncoder
from reference_sw.entropy.errors import EntropyError

Step = tuple[str, int, int, int]

probabilities = st.one_of(st.integers(1, 65535), st.sampled_from([1, 2, 32768, 65534, 65535]))
bins = st.tuples(st.just("bin"), probabilities, st.integers(0, 1), st.just(0))
bypass = st.integers(1, 16).flatmap(
    lambda n: st.tuples(st.just("bypass"), st.just(n), st.integers(0, (1 << n) - 1), st.just(0))
)


@st.composite
def intervals(draw: st.DrawFn) -> Step:
    bits = draw(st.integers(1, 16))
    start = draw(st.integers(0, (1 << bits) - 1))
    return ("interval", bits, start, draw(st.integers(1, (1 << bits) - start)))


steps = st.lists(st.one_of(bins, bypass, intervals()), max_size=80)


def encode(walk: list[Step]) -> tuple[bytes, float]:
    """The bytes of a walk and its ideal length in bits."""
    encoder, ideal = ArithmeticEncoder(), 0.0
    for kind, a, b, c in walk:
        if kind == "bin":
            assert encoder.code_bin(a, b) == b
            ideal -= math.log2((a if b else 65536 - a) / 65536)
        elif kind == "bypass":
            assert encoder.code_bypass(a, b) == b
            ideal += a
        else:
            encoder.put(b, c, a)
            ideal += a - math.log2(c)
    return encoder.finish(), ideal


def decode(data: bytes, walk: list[Step]) -> ArithmeticDecoder:
    decoder = ArithmeticDecoder(data)
    for kind, a, b, c in walk:
        if kind == "bin":
            assert decoder.code_bin(a) == b
        elif kind == "bypass":
            assert decoder.code_bypass(a) == b
        else:
            assert b <= decoder.target(a) < b + c
            decoder.take(b, c, a)
    return decoder


def test_case_worked_by_hand() -> None:
    """Range FFFFFFFF, P(1) = 1/2: one takes [0, 7FFF8000), zero the rest [7FFF8000, FFFFFFFF).

    Bins 0, 1, 1 with P(1) = 1/2, 1/4, 1/4: low 7FFF8000, range 80007FFF; the unit is 8000, times
    4000 gives 20000000; then unit 2000, times 4000 gives 8000000: the interval is
    [7FFF8000, 87FF8000). No byte has left the window. A one-byte ending is the first multiple of
    2^24 in it: 80.
    """
    assert encode([("bin", 32768, 0, 0), ("bin", 16384, 1, 0), ("bin", 16384, 1, 0)])[0] == b"\x80"


def test_carry_runs_through_bytes_of_ff() -> None:
    """Four bins leave FE FD FF FF behind the window; the fifth carries into all four bytes."""
    walk: list[Step] = [
        ("bin", probability, value, 0)
        for probability, value in ((65279, 1), (65535, 0), (65279, 1), (65535, 0), (65279, 0))
    ]
    data, _ = encode(walk)
    assert data.startswith(b"\xfe\xfe\0\0")
    decode(data, walk).finish()


@given(steps)
@settings(max_examples=150)
def test_round_trip_costs_what_the_probabilities_say(walk: list[Step]) -> None:
    data, ideal = encode(walk)
    decode(data, walk).finish()
    assert not data.endswith(b"\0")
    assert len(data) * 8 <= ideal + 17 + 0.006 * len(walk)


@pytest.mark.parametrize("length", range(0, 20))
def test_missing_and_surplus_bytes_are_found(length: int) -> None:
    """Five 16-bit values take ten bytes, and an ending of at most two."""
    decoder = ArithmeticDecoder(b"\x35" * length)
    for _ in range(5):
        decoder.code_bypass(16)
    if 10 <= length <= 10 + MAX_END_BYTES:
        decoder.finish()
    else:
        with pytest.raises(EntropyError, match=rf"of {length} bytes: its values take 10..12"):
            decoder.finish()


@given(st.binary(max_size=40), steps)
@settings(max_examples=100)
def test_any_bytes_decode_within_the_invariants(data: bytes, walk: list[Step]) -> None:
    decoder = ArithmeticDecoder(data)
    for kind, a, b, c in walk:
        if kind == "bin":
            decoder.code_bin(a)
        elif kind == "bypass":
            assert 0 <= decoder.code_bypass(a) < 1 << a
        else:
            target = decoder.target(a)
            inside = b <= target < b + c
            decoder.take(b, c, a) if inside else decoder.take(target, 1, a)
        assert 1 << 24 <= decoder.ivl_range < 1 << 32
        assert 0 <= decoder.ivl_offset < decoder.ivl_range


def test_a_zero_byte_at_the_end_is_refused() -> None:
    walk: list[Step] = [("bypass", 16, 0x1234, 0)]
    data, _ = encode(walk)
    with pytest.raises(EntropyError, match="ends with a zero byte"):
        decode(data + b"\0", walk).finish()

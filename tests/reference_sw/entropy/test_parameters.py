"""Parameter coding: round trips, bounds, persistence of contexts, and what damage leads to."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_sw.entropy.errors import EntropyError
from reference_sw.entropy.parameter_coder import Values
from reference_sw.entropy.parameter_decoder import ParameterDecoder
from reference_sw.entropy.parameter_encoder import ParameterEncoder
from reference_sw.entropy.parameter_layout import (
    MAX_MAGNITUDE,
    ParameterGroup,
    ParameterLayout,
    PredictionMode,
)

Picture = tuple[Values, ...]


@st.composite
def layouts(draw: st.DrawFn) -> ParameterLayout:
    groups = []
    for index in range(draw(st.integers(1, 3))):
        components = draw(st.integers(1, 4))
        groups.append(
            ParameterGroup(
                f"group {index}",
                components * draw(st.integers(1, 5)),
                draw(st.sampled_from(PredictionMode)),
                components,
            )
        )
    return ParameterLayout(tuple(groups))


def pictures_of(layout: ParameterLayout, seed: int, count: int, size: int) -> list[Picture]:
    rng = np.random.default_rng(seed)
    return [
        tuple(rng.integers(-size, size, g.num_values, endpoint=True) for g in layout.groups)
        for _ in range(count)
    ]


def encode(layout: ParameterLayout, pictures: list[Picture], per_segment: int) -> list[bytes]:
    encoder, segments = ParameterEncoder(layout), []
    for start in range(0, len(pictures), per_segment):
        encoder.begin_segment()
        for number, picture in enumerate(pictures[start : start + per_segment], start):
            encoder.encode_picture(picture, intra=number == 0)
        segments.append(encoder.end_segment())
    return segments


def decode(
    layout: ParameterLayout, segments: list[bytes], count: int, per_segment: int
) -> list[Picture]:
    decoder, pictures = ParameterDecoder(layout), []
    for segment in segments:
        decoder.begin_segment(segment)
        for _ in range(min(per_segment, count - len(pictures))):
            pictures.append(decoder.decode_picture(intra=not pictures))
        decoder.end_segment()
    return pictures


def same(a: list[Picture], b: list[Picture]) -> bool:
    return len(a) == len(b) and all(
        np.array_equal(x, y) for p, q in zip(a, b, strict=True) for x, y in zip(p, q, strict=True)
    )


@given(
    layouts(),
    st.integers(0, 2**32),
    st.integers(1, 6),
    st.integers(1, 3),
    st.sampled_from([0, 1, 3, 70, 70000, MAX_MAGNITUDE]),
)
@settings(max_examples=40, deadline=None)
def test_round_trip(
    layout: ParameterLayout, seed: int, count: int, per_segment: int, size: int
) -> None:
    pictures = pictures_of(layout, seed, count, size)
    segments = encode(layout, pictures, per_segment)
    assert same(decode(layout, segments, count, per_segment), pictures)


KEYPOINTS = ParameterLayout((ParameterGroup("coordinates", 20, PredictionMode.PREVIOUS, 2),))


def test_contexts_persist_over_segments() -> None:
    """Thirty like pictures, one in a segment, take less than with initial contexts for each."""
    rng = np.random.default_rng(1)
    pictures: list[Picture] = [(p,) for p in rng.choice([-3, 0, 3], (30, 20)).cumsum(axis=0)]
    persistent = sum(len(s) for s in encode(KEYPOINTS, pictures, 1)[1:])
    restarted = 0
    for reference, picture in pairwise(pictures):
        encoder = ParameterEncoder(KEYPOINTS)
        encoder.set_key_picture(reference)
        encoder.begin_segment()
        encoder.encode_picture(picture)
        restarted += len(encoder.end_segment())
    assert persistent < 0.7 * restarted


def test_unchanged_pictures_take_a_byte_each_at_most() -> None:
    still: list[Picture] = [(np.arange(20),)] * 100
    sizes = [len(s) for s in encode(KEYPOINTS, still, 1)]
    assert max(sizes[20:]) <= 1
    assert len(encode(KEYPOINTS, still, 100)[0]) < sizes[0] + 15


def test_key_picture_values_are_the_reference() -> None:
    layout = ParameterLayout((ParameterGroup("g", 4, PredictionMode.KEY_PICTURE),))
    key = (np.array([900, -900, 5000, 7]),)
    encoder, decoder = ParameterEncoder(layout), ParameterDecoder(layout)
    encoder.set_key_picture(key)
    decoder.set_key_picture(key)
    encoder.begin_segment()
    for _ in range(3):
        encoder.encode_picture((key[0] + 1,))
    data = encoder.end_segment()
    assert len(data) <= 5
    decoder.begin_segment(data)
    for _ in range(3):
        assert np.array_equal(decoder.decode_picture()[0], key[0] + 1)
    decoder.end_segment()


def test_linear_prediction_extrapolates_from_the_third_picture() -> None:
    layout = ParameterLayout((ParameterGroup("g", 3, PredictionMode.LINEAR),))
    coder = ParameterEncoder(layout)
    coder.begin_segment()
    assert coder.prediction(0) is None
    coder.encode_picture((np.array([1, 2, 3]),), intra=True)
    assert np.array_equal(coder.prediction(0), [1, 2, 3])
    coder.encode_picture((np.array([2, 5, -MAX_MAGNITUDE]),))
    assert np.array_equal(coder.prediction(0), [3, 8, -MAX_MAGNITUDE])


@given(st.binary(max_size=60), layouts(), st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_any_bytes_decode_to_bounded_values_or_raise(
    data: bytes, layout: ParameterLayout, count: int
) -> None:
    decoder = ParameterDecoder(layout)
    decoder.begin_segment(data)
    try:
        for number in range(count):
            for values in decoder.decode_picture(intra=number == 0):
                assert np.abs(values).max() <= MAX_MAGNITUDE
        decoder.end_segment()
    except EntropyError:
        pass


def test_every_truncation_is_refused_or_changes_the_values() -> None:
    pictures = pictures_of(KEYPOINTS, 3, 4, 9)
    (segment,) = encode(KEYPOINTS, pictures, 4)
    refused = 0
    for length in range(len(segment)):
        try:
            assert not same(decode(KEYPOINTS, [segment[:length]], 4, 4), pictures)
        except EntropyError:
            refused += 1
    assert refused > 0.9 * len(segment)


def test_a_residual_beyond_the_range_is_refused() -> None:
    """A longest escape is 2^34 - 2 + 5: more than any value may be."""
    decoder = ParameterDecoder(ParameterLayout((ParameterGroup("angles", 1),)))
    decoder.begin_segment(b"\0" * 20)
    with pytest.raises(EntropyError, match=r"group 'angles' value 0 = -?\d{8,}: shall be in"):
        decoder.decode_picture(intra=True)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ParameterGroup("g", 0), "num_values 0: shall be in 1..8192"),
        (lambda: ParameterGroup("g", 8193), "num_values 8193"),
        (lambda: ParameterGroup("g", 9, components=2), "components 2"),
        (lambda: ParameterLayout(()), "layout of 0 groups: shall be 1..32"),
        (lambda: ParameterLayout((ParameterGroup("g", 8000),) * 2), "layout of 16000 values"),
        (lambda: ParameterDecoder(KEYPOINTS).decode_picture(), "outside a segment"),
        (lambda: ParameterDecoder(KEYPOINTS).end_segment(), "has not begun"),
        (lambda: ParameterEncoder(KEYPOINTS).end_segment(), "has not begun"),
        (
            lambda: ParameterEncoder(KEYPOINTS).encode_picture((np.zeros(20, int),)),
            "outside a segment",
        ),
        (
            lambda: ParameterDecoder(KEYPOINTS).set_key_picture((np.zeros(19, int),)),
            r"given as int64\[19\]: shall be integers \[20\]",
        ),
        (lambda: ParameterDecoder(KEYPOINTS).set_key_picture(()), "0 arrays of values"),
        (
            lambda: ParameterDecoder(KEYPOINTS).set_key_picture((np.full(20, 2**33),)),
            "value 0 = 8589934592",
        ),
    ],
)
def test_what_is_not_allowed_is_named(make, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(EntropyError, match=message):
        make()

"""Segments of our encoder, decoded by a decoder that was written from the text alone."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.entropy import encoded
from benchmarks.material.face_tracks import random_walk
from reference_sw.entropy.parameter_encoder import ParameterEncoder
from reference_sw.entropy.parameter_layout import MAX_MAGNITUDE, ParameterLayout
from tests.reference_sw.entropy.decoder_from_text import PREVIOUS, Decoder
from tests.reference_sw.entropy.test_parameters import layouts, pictures_of


def decoder_of(layout: ParameterLayout) -> Decoder:
    return Decoder([(g.num_values, g.components, int(g.prediction)) for g in layout.groups])


@given(
    layouts(),
    st.integers(0, 2**32),
    st.lists(st.booleans(), min_size=1, max_size=7),
    st.sampled_from([0, 1, 2, 6, 300, 70000, MAX_MAGNITUDE]),
)
@settings(max_examples=40, deadline=None)
def test_any_pictures(layout: ParameterLayout, seed: int, intra: list[bool], size: int) -> None:
    pictures = pictures_of(layout, seed, len(intra), size)
    encoder, decoder = ParameterEncoder(layout), decoder_of(layout)
    for start in range(0, len(pictures), 2):
        encoder.begin_segment()
        for picture, flag in zip(
            pictures[start : start + 2], intra[start : start + 2], strict=True
        ):
            encoder.encode_picture(picture, intra=flag)
        found = decoder.segment(encoder.end_segment(), intra[start : start + 2])
        assert found == [[v.tolist() for v in p] for p in pictures[start : start + 2]]


def test_a_track_long_enough_for_the_windows_to_settle() -> None:
    track = random_walk(60)
    groups = [track.points, track.matrices]
    (segment,) = encoded(groups, 60, first=True)
    decoder = Decoder([(20, 2, PREVIOUS), (40, 4, PREVIOUS)])
    found = decoder.segment(segment, [True] + [False] * 59)
    assert found == [[group[i].tolist() for group in groups] for i in range(60)]

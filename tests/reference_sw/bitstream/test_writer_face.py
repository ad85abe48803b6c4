"""From values to messages and back; quantisation; the shorter of two messages."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.gfv_message import GenerativeFaceVideo
from reference_sw.bitstream.gfv_state import CoordinateLayout, FaceParameters, GfvState
from reference_sw.bitstream.gfve_message import (
    EnhancementLayout,
    EnhancementParameters,
    GfveState,
)
from reference_sw.bitstream.sei_message import SeiMessage, SeiState
from reference_sw.bitstream.sei_unit import read_sei_unit
from reference_sw.bitstream.video_codec import Vvc
from reference_sw.bitstream.writer_enhancement import enhancement_message
from reference_sw.bitstream.writer_face import face_message, quantised, shortest_face_message
from reference_sw.bitstream.writer_sei import write_sei_unit
from tests.reference_sw.bitstream.face_samples import TRACKS, slow_track, track


@pytest.mark.parametrize("name", TRACKS)
@pytest.mark.parametrize("predict", [False, True])
def test_values_survive(name: str, predict: bool) -> None:
    written, read = SeiState(), SeiState()
    for parameters in track(name, 4):
        state = written.gfv.get(parameters.gfv_id, GfvState())
        message = SeiMessage(payload=face_message(parameters, state, predict=predict))
        data = write_sei_unit([message], Vvc(), written)
        (found,) = read_sei_unit(data, Vvc(), read).messages
        assert found.values == parameters
        assert isinstance(found.payload, GenerativeFaceVideo)
        assert found.payload.gfv_kps_pred_flag == (predict and bool(parameters.coordinates))


@pytest.mark.parametrize("name", TRACKS)
def test_the_shorter_message_is_chosen(name: str) -> None:
    state, read = SeiState(), SeiState()
    first, *following = [
        write_sei_unit([shortest_face_message(p, state)], Vvc(), state) for p in slow_track(name, 4)
    ]
    assert all(len(data) < len(first) for data in following)
    values = [read_sei_unit(d, Vvc(), read).messages[0].values for d in (first, *following)]
    assert values == slow_track(name, 4)


# VTM rounds (int)(v * 512 + 0.5) and so gives -120; the nearest is -121.
@pytest.mark.parametrize(
    ("value", "precision", "units"),
    [
        (-0.23585, 9, -121),
        (0.81378, 9, 417),
        (-0.5, 0, -1),
        (0.5, 0, 1),
        (0.0, 32, 0),
        (-2.0, 1, -4),
    ],
)
def test_symmetric_rounding(value: float, precision: int, units: int) -> None:
    assert quantised(value, precision) == units << (32 - precision)
    assert quantised(-value, precision) == -quantised(value, precision)


@settings(max_examples=100, deadline=None)
@given(st.floats(-100, 100), st.integers(1, 32))
def test_rounding_error_is_half_a_step_at_most(value: float, precision: int) -> None:
    error = abs(Fraction(quantised(value, precision), 1 << 32) - Fraction(value))
    assert error <= Fraction(1, 2 << precision)


def test_what_a_message_cannot_hold_is_refused() -> None:
    fine = FaceParameters(
        0, 0, True, False, False, CoordinateLayout(2, 1, 0), (1 << 29, 0), None, ()
    )
    with pytest.raises(BitstreamError, match=r"shall be a multiple of 2\*\*-2"):
        face_message(fine, GfvState(), predict=False)


def enhancements() -> list[EnhancementParameters]:
    unit = 1 << 27
    layout = EnhancementLayout(5, ((1, 1), (2, 3)))
    matrices = [tuple(unit * (7 * i - 20 + 3 * n) for i in range(7)) for n in range(4)]
    pupils = [(3, -4, 5, 6), (3, -4, 5, 7), (2, -4, 5, 7), (2, -4, 5, 7)]
    return [
        EnhancementParameters(
            9, 4, cnt, cnt == 0, layout, matrices[cnt], tuple(unit * p for p in pupils[cnt]), 5
        )
        for cnt in range(4)
    ]


@pytest.mark.parametrize("predict", [False, True])
def test_enhancement_values_survive(predict: bool) -> None:
    written, read = SeiState(), SeiState()
    present = []
    for parameters in enhancements():
        state = written.gfve.get((9, 4), GfveState())
        payload = enhancement_message(parameters, state, predict=predict)
        present.append(payload.gfve_pupil_coordinate_present_idx)
        data = write_sei_unit([SeiMessage(224, payload=payload)], Vvc(), written)
        assert read_sei_unit(data, Vvc(), read).messages[0].values == parameters
    assert present == [3, 2, 1, 0]

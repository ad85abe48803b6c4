"""Every syntax element of every structure, one step outside its range: refused when read.

A writer that does not check is steered to one element at a time; the reader shall name it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.gfv_state import GfvState
from reference_sw.bitstream.gfve_message import GfveState
from reference_sw.bitstream.nal_unit import NalUnitHeader
from reference_sw.bitstream.native_unit import EndOfSequence, NativeUnit, WalkState, native_unit
from reference_sw.bitstream.parameter_set import GroupCoding
from reference_sw.bitstream.reader import SyntaxReader
from reference_sw.bitstream.sei_message import SeiMessage, SeiState
from reference_sw.bitstream.sei_unit import SeiUnit, read_sei_unit, sei_unit
from reference_sw.bitstream.syntax import SE_MAX, UE_MAX, Element, SyntaxCoder
from reference_sw.bitstream.video_codec import Vvc
from reference_sw.bitstream.writer import SyntaxWriter
from reference_sw.bitstream.writer_enhancement import enhancement_message
from reference_sw.bitstream.writer_face import face_message
from reference_sw.bitstream.writer_stream import unit_of
from tests.reference_sw.bitstream.face_samples import track
from tests.reference_sw.bitstream.native_samples import FAMILIES, small_set, stream_units
from tests.reference_sw.bitstream.test_gfv_golden import A0, B0, D0
from tests.reference_sw.bitstream.test_writer_face import enhancements

Walk = Callable[[SyntaxCoder], None]


BOUNDED_ELEMENTS = {
    "forbidden_zero_bit",
    "nuh_layer_id",
    "nuh_temporal_id_plus1",
    "gps_syntax_version",
    "gps_num_reference_layers",
    "gps_reference_layer_id",
    "gps_max_temporal_id",
    "gps_pic_width_minus1",
    "gps_padding_right",
    "sf_bit_depth_minus8",
    "gps_num_pictures_minus1",
    "gps_log2_max_picture_index_lsb",
    "pl_num_points_minus1",
    "pl_num_channels_minus1",
    "pl_grid_width_minus1",
    "pl_num_shape",
    "pl_num_components_minus1",
    "pl_num_groups_minus1",
    "mg_number_minus1",
    "pl_num_family_bytes",
    "gc_step_mantissa_minus1",
    "gc_step_shift",
    "gc_prediction_mode",
    "gps_model_id",
    "gps_hash_type_idc",
    "gps_num_extension_bytes",
    "kpu_codec_idc",
    "kpu_picture_index",
    "gsu_parameter_set_id",
    "gsu_num_pictures_minus1",
    "gsu_picture_stride_minus1",
    "phu_hash_type_idc",
    "phu_picture_index",
    "rbsp_stop_one_bit",
    "rbsp_alignment_zero_bit",
    "alignment_bit_equal_to_one",
    "alignment_bit_equal_to_zero",
}


class Done(Exception):
    """The rogue element was written."""


class RoomyScratch(SyntaxWriter):
    """Makes payload sizes 20 bytes greater, so that a longer element still fits."""

    @property
    def position(self) -> int:
        return super().position + 160


class RogueWriter(SyntaxWriter):
    """Writes the element number `target` one step above (or below) its range, and stops there."""

    def __init__(self, target: int, below: bool) -> None:
        super().__init__()
        self.count = -1
        self.target, self.below = target, below
        self.written: tuple[str, int] | None = None

    def scratch(self) -> SyntaxWriter:
        return RoomyScratch()

    def _integer(self, kind: str, bits: int, element: Element) -> int:
        self.count += 1
        if self.count != self.target:
            return super()._integer(kind, bits, element)
        value = element.low - 1 if self.below else element.high + 1
        # The end of an SEI payload or unit has no wrong bits: they are extension data or a message.
        endless = element.owner in ("SeiMessage", "SeiUnit") and kind == "f"
        if endless or not self._fits(kind, bits, value):
            raise Done
        label = element.label
        self.written = (f"{element.owner}.{label}", value)
        if kind in ("u", "f"):
            self._put(bits, value)
        else:
            self._exp_golomb(value if kind == "ue" else 2 * abs(value) - (value > 0))
        raise Done

    @staticmethod
    def _fits(kind: str, bits: int, value: int) -> bool:
        if kind in ("u", "f"):
            return 0 <= value < 1 << bits
        return 0 <= value <= UE_MAX if kind == "ue" else abs(value) <= SE_MAX

    def padded(self) -> bytes:
        """What was written and enough bits behind it."""
        self._put(-self.position % 8, 0)
        return self.data + b"\x55" * 200


def rogues(write: Walk, read: Walk) -> set[str]:
    """Steer through all elements of a structure; return the names of those tried."""
    tried: set[str] = set()
    plain = SyntaxWriter()
    write(plain)
    for below in (False, True):
        target = 0
        while True:
            writer = RogueWriter(target, below)
            try:
                write(writer)
                break
            except Done:
                target += 1
            if writer.written is None:
                continue
            name, value = writer.written
            with pytest.raises(BitstreamError) as caught:
                read(SyntaxReader(writer.padded()))
            assert f"{name} = {value} at bit " in str(caught.value)
            tried.add(re.sub(r"\[.*", "", name.split(".")[1]))
    return tried


def native_rogues(unit: NativeUnit, before: list[NativeUnit]) -> set[str]:
    def state() -> WalkState:
        fresh = WalkState()
        for earlier in before:
            native_unit(SyntaxWriter(), earlier, fresh)
        return fresh

    return rogues(
        lambda c: native_unit(c, unit, state()),
        lambda c: native_unit(c, NativeUnit(NalUnitHeader(), EndOfSequence()), state()),
    )


def test_native_units() -> None:
    units = stream_units()
    tried: set[str] = set()
    for unit in units:
        tried |= native_rogues(unit, units[:2])
    for family, layout, expected in FAMILIES:
        groups = [GroupCoding() for _ in expected]
        gps = small_set(gps_codec_family=family, layout=layout, groups=groups)
        tried |= native_rogues(unit_of(gps), [])
    assert tried >= BOUNDED_ELEMENTS


def message_rogues(messages: list[SeiMessage]) -> set[str]:
    """Rogue elements of the last message, behind the ones before it."""
    *earlier, last = messages

    def state() -> SeiState:
        fresh = SeiState()
        for message in earlier:
            sei_unit(SyntaxWriter(), SeiUnit(Vvc().header(24), [message]), Vvc(), fresh)
        return fresh

    def read(c: SyntaxCoder) -> None:
        sei_unit(c, SeiUnit(Vvc().header(24)), Vvc(), state())

    return rogues(lambda c: sei_unit(c, SeiUnit(Vvc().header(24), [last]), Vvc(), state()), read)


def test_messages() -> None:
    tried: set[str] = set()
    for data in (A0, B0, D0):
        tried |= message_rogues(read_sei_unit(data, Vvc(), SeiState()).messages)
    for name in ("fewer-matrices", "pose-without-points", "compact-feature"):
        state, messages = SeiState(), []
        for parameters in track(name, 2):
            known = state.gfv.get(parameters.gfv_id, GfvState())
            message = SeiMessage(payload=face_message(parameters, known, predict=False))
            sei_unit(SyntaxWriter(), SeiUnit(Vvc().header(24), [message]), Vvc(), state)
            messages.append(message)
            tried |= message_rogues(list(messages))
    first = enhancements()[0]
    payload = enhancement_message(first, GfveState(), predict=False)
    tried |= message_rogues([SeiMessage(224, payload=payload)])
    assert {
        "gfv_nn_mode_idc",
        "gfv_nn_alignment_zero_bit_a",
        "gfv_chroma_key_purpose_idc",
        "gfv_chroma_key_thr_upper_delta_minus1",
        "gfv_coordinate_precision_factor_minus1",
        "gfv_num_kps_minus1",
        "gfv_matrix_element_precision_factor_minus1",
        "gfv_num_matrix_types_minus1",
        "gfv_num_matrices_info",
        "gfv_num_matrices_minus1",
        "gfv_matrix_width_minus1",
        "gfv_matrix_height_minus1",
        "gfve_matrix_element_precision_factor_minus1",
        "gfve_num_matrices_minus1",
        "gfve_matrix_height_minus1",
        "gfve_matrix_width_minus1",
        "gfve_pupil_coordinate_precision_factor_minus1",
        "gfve_pupil_left_eye_dx_coordinate_abs",
        "gfve_pupil_right_eye_dy_coordinate_abs",
    } <= tried

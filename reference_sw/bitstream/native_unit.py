"""One NAL unit of the native carriage: header and body, walked by a reader or a writer.

Source: reference_sw/specification, clauses 2.1 and 2.4.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from reference_sw.bitstream.code_points import UnitType
from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.hash_unit import PictureHash, picture_hash
from reference_sw.bitstream.key_picture import KeyPicture, check_payload_end, key_picture
from reference_sw.bitstream.nal_unit import NalUnitHeader, nal_unit_header
from reference_sw.bitstream.parameter_set import ParameterSet, parameter_set
from reference_sw.bitstream.segment import Segment, segment, segment_parameter_set_id
from reference_sw.bitstream.syntax import SyntaxCoder

UUID_BYTES = 16


@dataclass
class EndOfSequence:
    """end_of_sequence_rbsp( ): empty."""


@dataclass
class UserData:
    """user_data_rbsp( ): ignored by the decoding process."""

    ud_uuid: bytes = bytes(UUID_BYTES)
    ud_byte: bytes = b""


@dataclass
class ReservedUnit:
    """A unit of a reserved type: its bytes are kept, its meaning is not known."""

    reserved_byte: bytes = b""


Body = ParameterSet | KeyPicture | Segment | PictureHash | EndOfSequence | UserData | ReservedUnit
ParameterSets = dict[tuple[int, int], ParameterSet]


@dataclass
class NativeUnit:
    """A unit; offset and size are its place in the byte stream, start code included."""

    header: NalUnitHeader
    body: Body
    offset: int = 0
    size: int = 0


@dataclass
class WalkState:
    """Parameter sets met so far, by nuh_layer_id and identifier."""

    parameter_sets: ParameterSets = field(default_factory=dict)

    def parameter_set(self, layer: int, identifier: int, user: str) -> ParameterSet:
        """Return a parameter set; BitstreamError when none with this identifier came before."""
        found = self.parameter_sets.get((layer, identifier))
        if found is None:
            raise BitstreamError(
                f"{user} = {identifier}: no parameter set with this id came before in layer {layer}"
            )
        return found


def new_body(unit_type: int) -> Body:
    """Return an empty body for a unit type."""
    entry = _BODIES.get(unit_type)
    return entry[0]() if entry else ReservedUnit()


def native_unit(c: SyntaxCoder, unit: NativeUnit, state: WalkState) -> None:
    """Walk header and body of a unit; the state follows the parameter sets.

    Raises:
        BitstreamError: an illegal element, or a body that does not belong to the unit type.
    """
    nal_unit_header(c, unit.header)
    if not c.writing:
        unit.body = new_body(unit.header.nal_unit_type)
    entry = _BODIES.get(unit.header.nal_unit_type)
    if type(unit.body) is not (entry[0] if entry else ReservedUnit):
        raise BitstreamError(
            f"nal_unit_type = {unit.header.nal_unit_type}: "
            f"shall not carry {type(unit.body).__name__}"
        )
    walk = entry[1] if entry else _reserved
    walk(c, unit, state)
    c.end_of_structure(unit.body)


def _parameter_set(c: SyntaxCoder, unit: NativeUnit, state: WalkState) -> None:
    gps: Any = unit.body
    parameter_set(c, gps)
    c.rbsp_trailing_bits(gps)
    layer = unit.header.nuh_layer_id
    for reference in gps.gps_reference_layer_id[: gps.gps_num_reference_layers]:
        if reference >= layer:
            raise BitstreamError(
                f"ParameterSet.gps_reference_layer_id = {reference}: shall be below {layer}"
            )
    state.parameter_sets[layer, gps.gps_parameter_set_id] = gps


def _key_picture(c: SyntaxCoder, unit: NativeUnit, state: WalkState) -> None:
    kpu: Any = unit.body
    key_picture(c, kpu)
    state.parameter_set(
        unit.header.nuh_layer_id, kpu.kpu_parameter_set_id, "KeyPicture.kpu_parameter_set_id"
    )


def _segment(c: SyntaxCoder, unit: NativeUnit, state: WalkState) -> None:
    gsu: Any = unit.body
    segment_parameter_set_id(c, gsu)
    layer = unit.header.nuh_layer_id
    gps = state.parameter_set(layer, gsu.gsu_parameter_set_id, "Segment.gsu_parameter_set_id")
    if unit.header.temporal_id > gps.gps_max_temporal_id:
        raise BitstreamError(
            f"nuh_temporal_id_plus1 = {unit.header.nuh_temporal_id_plus1}: "
            f"shall be at most {gps.gps_max_temporal_id + 1}"
        )
    segment(c, gsu, gps)


def _picture_hash(c: SyntaxCoder, unit: NativeUnit, state: WalkState) -> None:
    phu: Any = unit.body
    picture_hash(c, phu)
    c.rbsp_trailing_bits(phu)
    state.parameter_set(
        unit.header.nuh_layer_id, phu.phu_parameter_set_id, "PictureHash.phu_parameter_set_id"
    )


def _end_of_sequence(c: SyntaxCoder, unit: NativeUnit, state: WalkState) -> None:
    """Clause 2.6: nothing follows the header."""


def _user_data(c: SyntaxCoder, unit: NativeUnit, state: WalkState) -> None:
    ud: Any = unit.body
    c.byte_string(ud, "ud_uuid", UUID_BYTES)
    c.byte_string_to_end(ud, "ud_byte")
    check_payload_end("UserData.ud_byte", ud.ud_byte)


def _reserved(c: SyntaxCoder, unit: NativeUnit, state: WalkState) -> None:
    c.byte_string_to_end(unit.body, "reserved_byte")


_Walk = Callable[[SyntaxCoder, NativeUnit, WalkState], None]
_BODIES: dict[int, tuple[type[Any], _Walk]] = {
    UnitType.PARAMETER_SET: (ParameterSet, _parameter_set),
    UnitType.KEY_PICTURE: (KeyPicture, _key_picture),
    UnitType.SEGMENT: (Segment, _segment),
    UnitType.PICTURE_HASH: (PictureHash, _picture_hash),
    UnitType.END_OF_SEQUENCE: (EndOfSequence, _end_of_sequence),
    UnitType.USER_DATA: (UserData, _user_data),
}

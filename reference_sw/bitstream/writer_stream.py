"""Writing the native carriage. Decoders do not import it.

Source: reference_sw/specification, clauses 2.2 and 2.4.
"""

from __future__ import annotations

from collections.abc import Iterable

from reference_sw.bitstream.byte_stream import START_CODE, escape
from reference_sw.bitstream.code_points import UnitType
from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.hash_unit import PictureHash
from reference_sw.bitstream.key_picture import KeyPicture
from reference_sw.bitstream.nal_unit import NalUnitHeader
from reference_sw.bitstream.native_unit import (
    Body,
    EndOfSequence,
    NativeUnit,
    ReservedUnit,
    UserData,
    WalkState,
    native_unit,
)
from reference_sw.bitstream.parameter_set import ParameterSet
from reference_sw.bitstream.segment import Segment
from reference_sw.bitstream.trace import Trace
from reference_sw.bitstream.writer import SyntaxWriter

_TYPES: dict[type[object], UnitType] = {
    ParameterSet: UnitType.PARAMETER_SET,
    KeyPicture: UnitType.KEY_PICTURE,
    Segment: UnitType.SEGMENT,
    PictureHash: UnitType.PICTURE_HASH,
    EndOfSequence: UnitType.END_OF_SEQUENCE,
    UserData: UnitType.USER_DATA,
}


def unit_of(body: Body, *, layer: int = 0, temporal_id: int = 0) -> NativeUnit:
    """Return a unit of the type that carries this body."""
    if isinstance(body, ReservedUnit):
        raise BitstreamError("ReservedUnit: its unit type is not implied, build its header")
    return NativeUnit(NalUnitHeader(layer, _TYPES[type(body)], temporal_id + 1), body)


class NativeWriter:
    """Writes units one after the other; each call returns bytes ready for the file."""

    def __init__(self) -> None:
        self._state = WalkState()

    def write(self, unit: NativeUnit, trace: Trace | None = None) -> bytes:
        """Return start code and unit, and set the unit's size.

        Raises:
            BitstreamError: an element outside its range, or a unit that a stream may not hold here.
        """
        if not self._state.parameter_sets and not isinstance(unit.body, ParameterSet):
            raise BitstreamError("the first unit shall be a parameter set")
        coder = SyntaxWriter(trace)
        native_unit(coder, unit, self._state)
        data = START_CODE + escape(coder.data)
        unit.size = len(data)
        return data


def write_native_stream(units: Iterable[NativeUnit]) -> bytes:
    """Return the byte stream of units; their offsets and sizes are set."""
    writer = NativeWriter()
    stream = bytearray()
    for unit in units:
        offset = len(stream)
        stream += writer.write(unit)
        unit.offset = offset
    return bytes(stream)

"""Reading the native carriage: from the bytes of a file to its units.

Source: reference_sw/specification, clauses 2.2 and 2.4.
"""

from __future__ import annotations

from collections.abc import Iterator, Set

from reference_sw.bitstream.byte_stream import UnitBytes, split_byte_stream, unescape
from reference_sw.bitstream.code_points import UnitType
from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.nal_unit import NalUnitHeader
from reference_sw.bitstream.native_unit import EndOfSequence, NativeUnit, WalkState, native_unit
from reference_sw.bitstream.parameter_set import ParameterSet
from reference_sw.bitstream.reader import SyntaxReader
from reference_sw.bitstream.trace import Trace

_FIRST_HEADER = bytes([0, UnitType.PARAMETER_SET << 3 | 1])


def is_native(stream: bytes) -> bool:
    """Whether a byte stream begins with a parameter set of the native carriage.

    The unit type is one that VVC leaves unspecified and that, read as HEVC, cannot come first.
    """
    start = stream[:1024].lstrip(b"\0")
    return start[:1] == b"\1" and start[1:3] == _FIRST_HEADER


def read_unit(unit: UnitBytes, state: WalkState, trace: Trace | None = None) -> NativeUnit:
    """Return one unit; the state follows its parameter sets.

    Raises:
        BitstreamError: naming the byte of the unit and the element.
        UnsupportedError: a newer syntax version.
    """
    found = NativeUnit(NalUnitHeader(), EndOfSequence(), unit.offset, unit.size)
    try:
        native_unit(SyntaxReader(unescape(unit.data), trace), found, state)
    except BitstreamError as problem:
        raise type(problem)(f"unit at byte {unit.offset}: {problem}") from problem
    return found


def read_native_stream(stream: bytes) -> Iterator[NativeUnit]:
    """Yield the units of a native byte stream in order, reserved ones included.

    Raises:
        BitstreamError: a stream that does not begin with a parameter set, or an illegal unit.
    """
    if not is_native(stream):
        raise BitstreamError("stream does not begin with a parameter set of the native carriage")
    state = WalkState()
    for unit in split_byte_stream(stream):
        yield read_unit(unit, state)


def resolve_picture_index(
    gps: ParameterSet, lsb: int, expected: int, key_indices: Set[int] = frozenset()
) -> int:
    """Return the picture index whose least significant bits are lsb.

    It is the expected one, or follows it with nothing but key pictures between, which then have
    no parameters.  Source: clause 4.2.

    Raises:
        BitstreamError: the least significant bits do not match, so a segment is missing.
    """
    size = 1 << gps.gps_log2_max_picture_index_lsb
    index = expected
    while index % size != lsb:
        if index not in key_indices:
            raise BitstreamError(
                f"Segment.gsu_first_picture_index_lsb = {lsb}: shall be {expected % size} "
                f"for picture {expected}; segments are missing or out of order"
            )
        index += 1
    return index

"""The two carriages told apart, and the units of either as one list.

Source: reference_sw/specification, clauses 2.2 and 6.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from reference_sw.bitstream.byte_stream import UnitBytes, split_byte_stream, unescape
from reference_sw.bitstream.code_points import UnitType
from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.native_stream import is_native, read_unit
from reference_sw.bitstream.native_unit import NativeUnit, WalkState
from reference_sw.bitstream.reader import SyntaxReader
from reference_sw.bitstream.sei_message import SeiState
from reference_sw.bitstream.sei_unit import SeiUnit, is_sei, read_sei_unit
from reference_sw.bitstream.trace import Trace
from reference_sw.bitstream.video_codec import VideoCodec, detect_codec


@dataclass
class TracedUnit:
    """One NAL unit of a stream.

    body: what it was read as; None for units of the video codec that are not SEI.
    trace: its elements, in part when reading failed.
    """

    number: int
    name: str
    layer: int
    place: UnitBytes
    body: NativeUnit | SeiUnit | None = None
    trace: Trace = field(default_factory=Trace)


class StreamReader:
    """Reads the units of a native, VVC or HEVC byte stream.

    codec: None for the native carriage.
    """

    def __init__(self, stream: bytes, sei_state: SeiState | None = None) -> None:
        self._places = split_byte_stream(stream)
        self.codec: VideoCodec | None = None
        if not is_native(stream):
            self.codec = detect_codec(self._places[0].data)
        self._native = WalkState()
        self._sei = sei_state or SeiState()

    def units(self) -> Iterator[TracedUnit]:
        """Yield the units; the one that cannot be read is yielded before the error is raised.

        Raises:
            BitstreamError: naming the byte of the unit and the element.
        """
        for number, place in enumerate(self._places):
            yield from self._unit(number, place)

    def _unit(self, number: int, place: UnitBytes) -> Iterator[TracedUnit]:
        codec = self.codec
        unit = TracedUnit(number, _name(place.data, codec), _layer(place.data, codec), place)
        try:
            if codec is None:
                unit.body = read_unit(place, self._native, unit.trace)
            elif is_sei(place.data, codec):
                unit.body = _read_sei(place, codec, self._sei, unit.trace)
            else:
                _video_header(place, codec, unit.trace)
        except BitstreamError:
            yield unit
            raise
        yield unit


def _read_sei(place: UnitBytes, codec: VideoCodec, state: SeiState, trace: Trace) -> SeiUnit:
    try:
        return read_sei_unit(place.data, codec, state, trace)
    except BitstreamError as problem:
        raise type(problem)(f"unit at byte {place.offset}: {problem}") from problem


def _video_header(place: UnitBytes, codec: VideoCodec, trace: Trace) -> None:
    header = codec.header(codec.unit_type(place.data))
    try:
        codec.walk_header(SyntaxReader(unescape(place.data[:2]), trace), header)
    except BitstreamError as problem:
        raise type(problem)(f"unit at byte {place.offset}: {problem}") from problem


def _layer(data: bytes, codec: VideoCodec | None) -> int:
    return data[0] & 63 if codec is None else codec.layer_id(data)


def _name(data: bytes, codec: VideoCodec | None) -> str:
    if codec is None:
        kind = data[1] >> 3
        known = {int(t): t.name for t in UnitType}
        return known.get(kind, f"RESERVED_{kind}")
    kind = codec.unit_type(data)
    if kind == codec.suffix_sei_type:
        return "SUFFIX_SEI"
    if kind == codec.prefix_sei_type:
        return "PREFIX_SEI"
    return f"{codec.name.upper()}_{'VCL' if codec.is_vcl(kind) else 'NON_VCL'}_{kind}"

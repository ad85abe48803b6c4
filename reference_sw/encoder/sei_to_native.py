"""From generative face video messages in a VVC or HEVC stream to the native carriage.

Source: reference_sw/specification, clauses 6.8 and 6.9.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from reference_sw.bitstream.access_unit import AccessUnit, split_access_units
from reference_sw.bitstream.byte_stream import (
    UnitBytes,
    join_byte_stream,
    split_byte_stream,
)
from reference_sw.bitstream.code_points import KeyPictureCodec, MatrixCoefficients
from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.gfv_message import GenerativeFaceVideo
from reference_sw.bitstream.gfv_state import FaceParameters
from reference_sw.bitstream.key_picture import KeyPicture
from reference_sw.bitstream.nal_unit import NalUnitHeader
from reference_sw.bitstream.native_unit import (
    EndOfSequence,
    NativeUnit,
    UserData,
    WalkState,
    native_unit,
)
from reference_sw.bitstream.parameter_set import ParameterSet
from reference_sw.bitstream.reader import SyntaxReader
from reference_sw.bitstream.sample_format import CHROMA_FORMATS, SampleFormat
from reference_sw.bitstream.sei_generation import SeiGeneration
from reference_sw.bitstream.sei_message import SeiMessage, SeiState, UserDataUnregistered
from reference_sw.bitstream.sei_unit import is_sei, read_sei_unit
from reference_sw.bitstream.video_codec import VideoCodec, detect_codec
from reference_sw.bitstream.video_geometry import read_geometry
from reference_sw.bitstream.writer_stream import unit_of, write_native_stream
from reference_sw.encoder.face_mapping import layout_of, quantised_values
from reference_sw.encoder.message_info import message_info, read_message_info
from reference_sw.encoder.native_to_sei import NATIVE_UNIT_UUID
from reference_sw.encoder.segment_encoder import SegmentEncoder


@dataclass
class _Interval:
    """What one access unit holds: its own units, native units and messages in order."""

    picture: bytes
    independent: bool
    native: list[NativeUnit] = field(default_factory=list)
    faces: list[FaceParameters] = field(default_factory=list)


def sei_to_native(
    stream: bytes,
    *,
    generation: SeiGeneration = SeiGeneration.VTM_23_12,
    pictures_per_segment: int = 1,
    frame_rate: Fraction = Fraction(25),
) -> bytes:
    """Return a native stream with the key pictures and parameters of a VVC or HEVC stream.

    pictures_per_segment: 1..4096. frame_rate: used where the stream does not carry a native
    parameter set.

    Raises:
        BitstreamError: a damaged stream, one without messages, or one with several gfv_id.
    """
    codec = detect_codec(split_byte_stream(stream)[0].data)
    state = SeiState(generation)
    walk = WalkState()
    intervals = [_interval(a, codec, state, walk) for a in split_access_units(stream, codec)]
    if not any(interval.faces for interval in intervals):
        raise BitstreamError("no generative face video message in the stream")
    builder = _NativeBuilder(codec, pictures_per_segment)
    if not any(isinstance(unit.body, ParameterSet) for unit in intervals[0].native):
        gps = _foreign_parameter_set(intervals, codec, stream, frame_rate)
        builder.activate(unit_of(gps), gps)
    for interval in intervals:
        builder.add(interval)
    return write_native_stream(builder.units)


def _interval(
    access_unit: AccessUnit, codec: VideoCodec, state: SeiState, walk: WalkState
) -> _Interval:
    own: list[bytes] = []
    native: list[NativeUnit] = []
    faces: list[FaceParameters] = []
    for unit in access_unit.units:
        messages = _messages(unit, codec, state)
        kept = [m for m in messages if not _ours(m)]
        if not messages or kept:
            own.append(unit.data)
        for message in messages:
            payload = message.payload
            if isinstance(payload, UserDataUnregistered) and _ours(message):
                native.append(_native_unit(payload.user_data_payload_byte, walk))
            elif isinstance(payload, GenerativeFaceVideo):
                faces.append(_decoded_face(message))
                info = message_info(payload, state.generation)
                native += [unit_of(info)] if info is not None else []
    picture = join_byte_stream(own, long_first=True)
    found = _Interval(picture, access_unit.is_irap, native, faces)
    _check_order(found)
    return found


def _decoded_face(message: SeiMessage) -> FaceParameters:
    """Return the values of a generative face video message."""
    if not isinstance(message.values, FaceParameters):
        raise BitstreamError(f"payload type {message.payload_type}: shall be 223")
    return message.values


def _messages(unit: UnitBytes, codec: VideoCodec, state: SeiState) -> list[SeiMessage]:
    if not is_sei(unit.data, codec):
        return []
    try:
        return read_sei_unit(unit.data, codec, state).messages
    except BitstreamError as problem:
        raise type(problem)(f"unit at byte {unit.offset}: {problem}") from problem


def _ours(message: SeiMessage) -> bool:
    """Whether a message moves into native units; others stay with the key picture."""
    payload = message.payload
    if isinstance(payload, UserDataUnregistered):
        return payload.uuid_iso_iec_11578 == NATIVE_UNIT_UUID
    return isinstance(payload, GenerativeFaceVideo)


def _native_unit(data: bytes, walk: WalkState) -> NativeUnit:
    unit = NativeUnit(NalUnitHeader(), EndOfSequence())
    native_unit(SyntaxReader(data), unit, walk)
    return unit


def _check_order(interval: _Interval) -> None:
    if not interval.faces:
        return
    first = interval.faces[0]
    for number, face in enumerate(interval.faces, min(first.gfv_cnt, 1)):
        if face.gfv_id != first.gfv_id or face.gfv_cnt != number:
            raise BitstreamError(
                f"message of an access unit has gfv_id {face.gfv_id}, gfv_cnt {face.gfv_cnt}: "
                f"shall have gfv_id {first.gfv_id}, gfv_cnt {number}"
            )


class _NativeBuilder:
    """Turns access units into native units."""

    def __init__(self, codec: VideoCodec, per_segment: int) -> None:
        self._codec = codec
        self._per_segment = per_segment
        self._gps: ParameterSet | None = None
        self._encoder: SegmentEncoder | None = None
        self._keys: set[int] = set()
        self._index = 0
        self.units: list[NativeUnit] = []

    def activate(self, unit: NativeUnit, gps: ParameterSet) -> None:
        """Put a parameter set into the stream; a changed one starts new contexts."""
        self.units.append(unit)
        if gps != self._gps:
            self._gps = gps
            self._encoder = SegmentEncoder(gps, self._index)

    def add(self, interval: _Interval) -> None:
        """Take the next access unit in."""
        behind: list[NativeUnit] = []
        for unit in interval.native:
            if isinstance(unit.body, ParameterSet):
                self.activate(unit, unit.body)
            elif isinstance(unit.body, UserData) and read_message_info(unit.body) is not None:
                self.units.append(unit)
            else:
                behind.append(unit)
        if self._gps is None or self._encoder is None:
            raise BitstreamError("native units without a parameter set")
        self._keys.add(self._index)
        self.units.append(unit_of(_key_picture(interval, self._codec, self._gps, self._index)))
        self._segments(interval, self._gps, self._encoder)
        self.units += behind

    def _segments(self, interval: _Interval, gps: ParameterSet, encoder: SegmentEncoder) -> None:
        values = [quantised_values(gps, face) for face in interval.faces]
        # Without a message of gfv_cnt 0 the key picture has no parameters.
        skipped = interval.faces[0].gfv_cnt if interval.faces else 1
        encoder.skip(skipped)
        for first in range(0, len(values), self._per_segment):
            pictures = values[first : first + self._per_segment]
            self.units.append(unit_of(encoder.encode(pictures, self._keys)))
        self._index += skipped + len(values)


def _key_picture(
    interval: _Interval, codec: VideoCodec, gps: ParameterSet, index: int
) -> KeyPicture:
    return KeyPicture(
        kpu_parameter_set_id=gps.gps_parameter_set_id,
        kpu_codec_idc=KeyPictureCodec(codec.codec),
        kpu_independent_flag=int(interval.independent),
        kpu_picture_index=index,
        kpu_access_unit_byte=interval.picture,
    )


def _foreign_parameter_set(
    intervals: list[_Interval], codec: VideoCodec, stream: bytes, frame_rate: Fraction
) -> ParameterSet:
    """Clause 6.9.3: a parameter set from the messages and the sequence parameter set."""
    geometry = read_geometry(split_byte_stream(stream), codec)
    family, layout, groups = layout_of([f for i in intervals for f in i.faces])
    samples = SampleFormat(
        CHROMA_FORMATS.index(geometry.chroma_format),
        geometry.bit_depth - 8,
        MatrixCoefficients.BT709,
        0,
    )
    pictures = sum(i.faces[-1].gfv_cnt + 1 if i.faces else 1 for i in intervals)
    return ParameterSet(
        gps_codec_family=family,
        gps_pic_width_minus1=geometry.width - 1,
        gps_pic_height_minus1=geometry.height - 1,
        output_format=samples,
        key_format=samples,
        gps_frame_rate_num_minus1=frame_rate.numerator - 1,
        gps_frame_rate_den_minus1=frame_rate.denominator - 1,
        gps_num_pictures_present_flag=1,
        gps_num_pictures_minus1=pictures - 1,
        layout=layout,
        groups=groups,
    )

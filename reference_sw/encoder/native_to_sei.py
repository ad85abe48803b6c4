"""From the native carriage to generative face video messages in the stream of key pictures.

Source: reference_sw/specification, clauses 6.8 and 6.9.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from reference_sw.bitstream.access_unit import AccessUnit, split_access_units
from reference_sw.bitstream.byte_stream import join_byte_stream
from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.gfv_message import GenerativeFaceVideo
from reference_sw.bitstream.gfve_message import GfveState
from reference_sw.bitstream.key_picture import KeyPicture
from reference_sw.bitstream.native_stream import read_native_stream
from reference_sw.bitstream.native_unit import NativeUnit, UserData, WalkState, native_unit
from reference_sw.bitstream.parameter_set import ParameterSet
from reference_sw.bitstream.segment import Segment
from reference_sw.bitstream.sei_generation import SeiGeneration
from reference_sw.bitstream.sei_message import (
    GENERATIVE_FACE_VIDEO_ENHANCEMENT,
    USER_DATA_UNREGISTERED,
    SeiMessage,
    SeiState,
    UserDataUnregistered,
)
from reference_sw.bitstream.video_codec import CODECS
from reference_sw.bitstream.writer import SyntaxWriter
from reference_sw.bitstream.writer_enhancement import enhancement_message
from reference_sw.bitstream.writer_face import shortest_face_message
from reference_sw.bitstream.writer_sei import write_sei_unit
from reference_sw.decoder.enhancement_mapping import (
    check_enhancement_layer,
    enhancement_parameters,
)
from reference_sw.decoder.face_mapping import face_parameters
from reference_sw.decoder.parameter_reader import ParameterReader, PictureParameters
from reference_sw.decoder.sei_intervals import NATIVE_UNIT_UUID
from reference_sw.encoder.message_info import copy_information, read_message_info

GFVE_ID = 0


@dataclass
class _Interval:
    """A key picture's access unit and the messages that go with it."""

    access_unit: AccessUnit
    first_index: int
    suffix: list[bytes] = field(default_factory=list)


class _Converter:
    def __init__(self, generation: SeiGeneration, gfv_id: int) -> None:
        self._state = SeiState(generation)
        self._gfv_id = gfv_id
        self._reader = ParameterReader()
        self._walk = WalkState()
        self._intervals: list[_Interval] = []
        self._waiting: list[SeiMessage] = []
        self._codec = 0
        self._info: GenerativeFaceVideo | None = None

    def follow(self, unit: NativeUnit) -> None:
        """Take one native unit in."""
        body, layer = unit.body, unit.header.nuh_layer_id
        if layer and isinstance(body, ParameterSet):
            check_enhancement_layer(layer, body)
        pictures = self._reader.follow(unit)
        if isinstance(body, KeyPicture):
            self._key_picture(body)
        elif isinstance(body, Segment):
            gps = self._reader.parameter_sets[layer, body.gsu_parameter_set_id]
            for picture in pictures:
                if layer:
                    self._enhancement_message(gps, picture)
                else:
                    self._face_message(gps, picture)
        elif isinstance(body, UserData) and (info := read_message_info(body)) is not None:
            self._info = info
            self._gfv_id = info.gfv_id
        else:
            self._carry(unit)

    def stream(self) -> bytes:
        """Return the byte stream of everything taken in."""
        if not self._intervals:
            raise BitstreamError("no key picture: messages need a picture to go with")
        for message in self._waiting:
            self._write(self._intervals[-1], message)
        units = []
        for interval in self._intervals:
            units += interval.access_unit.with_suffix_units(interval.suffix)
        return join_byte_stream(units, long_first=True)

    def _key_picture(self, kpu: KeyPicture) -> None:
        if kpu.kpu_codec_idc not in CODECS or self._codec not in (0, kpu.kpu_codec_idc):
            raise BitstreamError(
                f"KeyPicture.kpu_codec_idc = {kpu.kpu_codec_idc}: all key pictures shall be of "
                "one codec, VVC or HEVC"
            )
        self._codec = kpu.kpu_codec_idc
        access_units = split_access_units(kpu.kpu_access_unit_byte, CODECS[self._codec])
        if len(access_units) != 1:
            raise BitstreamError(
                f"KeyPicture of picture {kpu.kpu_picture_index}: {len(access_units)} access units, "
                "shall be 1"
            )
        interval = _Interval(access_units[0], kpu.kpu_picture_index)
        self._intervals.append(interval)
        for message in self._waiting:
            self._write(interval, message)
        self._waiting = []

    def _face_message(self, gps: ParameterSet, picture: PictureParameters) -> None:
        interval = self._interval_of(picture.picture_index)
        cnt = picture.picture_index - interval.first_index
        face = face_parameters(gps, picture.values, gfv_id=self._gfv_id, gfv_cnt=cnt)
        message = shortest_face_message(face, self._state)
        if self._info is not None and cnt == 0 and isinstance(message.payload, GenerativeFaceVideo):
            copy_information(self._info, message.payload)
            self._info = None
        self._write(interval, message)

    def _enhancement_message(self, gps: ParameterSet, picture: PictureParameters) -> None:
        interval = self._interval_of(picture.picture_index)
        cnt = picture.picture_index - interval.first_index
        parameters = enhancement_parameters(
            gps, picture.values, gfve_id=GFVE_ID, gfv_id=self._gfv_id, gfv_cnt=cnt
        )
        known = self._state.gfve.get((GFVE_ID, self._gfv_id), GfveState())
        payload = enhancement_message(parameters, known, predict=cnt > 0)
        message = SeiMessage(GENERATIVE_FACE_VIDEO_ENHANCEMENT, payload=payload)
        self._write(interval, message)

    def _interval_of(self, index: int) -> _Interval:
        for interval in reversed(self._intervals):
            if interval.first_index <= index:
                return interval
        raise BitstreamError(f"picture {index}: no key picture came before")

    def _carry(self, unit: NativeUnit) -> None:
        coder = SyntaxWriter()
        native_unit(coder, unit, self._walk)
        payload = UserDataUnregistered(NATIVE_UNIT_UUID, coder.data)
        message = SeiMessage(USER_DATA_UNREGISTERED, payload=payload)
        # A parameter set goes with the key picture that follows it.
        if isinstance(unit.body, ParameterSet) or not self._intervals:
            self._waiting.append(message)
        else:
            self._write(self._intervals[-1], message)

    def _write(self, interval: _Interval, message: SeiMessage) -> None:
        unit = write_sei_unit([message], CODECS[self._codec], self._state)
        interval.suffix.append(unit)


def native_to_sei(
    stream: bytes, generation: SeiGeneration = SeiGeneration.VTM_23_12, gfv_id: int = 0
) -> bytes:
    """Return a VVC or HEVC stream whose messages hold the parameters of a native stream.

    Raises:
        BitstreamError: a damaged stream, or one that messages cannot express.
    """
    converter = _Converter(generation, gfv_id)
    for unit in read_native_stream(stream):
        converter.follow(unit)
    return converter.stream()

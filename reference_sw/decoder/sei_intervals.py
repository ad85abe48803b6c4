"""The SEI carriage access unit by access unit: key picture, native units, face messages.

Source: reference_sw/specification, clauses 6.8 and 6.9.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from reference_sw.bitstream.access_unit import AccessUnit, split_access_units
from reference_sw.bitstream.byte_stream import UnitBytes, join_byte_stream, split_byte_stream
from reference_sw.bitstream.code_points import KeyPictureCodec
from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.gfv_message import GenerativeFaceVideo
from reference_sw.bitstream.gfv_state import FaceParameters
from reference_sw.bitstream.gfve_message import EnhancementParameters
from reference_sw.bitstream.key_picture import KeyPicture
from reference_sw.bitstream.nal_unit import NalUnitHeader
from reference_sw.bitstream.native_unit import EndOfSequence, NativeUnit, WalkState, native_unit
from reference_sw.bitstream.parameter_set import ParameterSet
from reference_sw.bitstream.reader import SyntaxReader
from reference_sw.bitstream.sei_generation import SeiGeneration
from reference_sw.bitstream.sei_message import SeiMessage, SeiState, UserDataUnregistered
from reference_sw.bitstream.sei_unit import is_sei, read_sei_unit
from reference_sw.bitstream.video_codec import VideoCodec, detect_codec
from reference_sw.decoder.enhancement_mapping import ENHANCEMENT_LAYER

# The identifier of a native unit inside user_data_unregistered( ): clause 6.8.
NATIVE_UNIT_UUID = uuid.UUID("6a1c2f0e-5d0b-4c53-9d0e-677663756e69").bytes

Rewrite = Callable[[UnitBytes, list[SeiMessage]], bytes]


@dataclass
class FaceMessage:
    """A generative face video message and its values."""

    payload: GenerativeFaceVideo
    values: FaceParameters


@dataclass
class SeiInterval:
    """What one access unit holds: the picture's own units, native units and messages in order."""

    codec: VideoCodec
    picture: bytes
    independent: bool
    native: list[NativeUnit] = field(default_factory=list)
    faces: list[FaceMessage] = field(default_factory=list)
    enhancements: list[EnhancementParameters] = field(default_factory=list)

    @property
    def first_cnt(self) -> int:
        """Output pictures of the interval before the first message: 1 for a bare key picture."""
        return self.faces[0].values.gfv_cnt if self.faces else 1

    @property
    def num_pictures(self) -> int:
        """Output pictures of the interval."""
        return self.first_cnt + len(self.faces)

    def key_picture(self, gps: ParameterSet, index: int) -> KeyPicture:
        """Return the key picture unit of the access unit."""
        return KeyPicture(
            kpu_parameter_set_id=gps.gps_parameter_set_id,
            kpu_codec_idc=KeyPictureCodec(self.codec.codec),
            kpu_independent_flag=int(self.independent),
            kpu_picture_index=index,
            kpu_access_unit_byte=self.picture,
        )


def read_sei_intervals(
    stream: bytes,
    generation: SeiGeneration = SeiGeneration.VTM_23_12,
    *,
    with_reserved: bool = False,
    rewrite: Rewrite | None = None,
) -> list[SeiInterval]:
    """Return the access units of a VVC or HEVC stream.

    with_reserved: take messages of reserved gfv_id too, which decoders ignore. rewrite: makes a
    unit of the messages that stay with the key picture, where a unit holds others too; without it
    such a unit stays as it is.

    Raises:
        BitstreamError: a damaged stream, or messages in an order that clause 6.8 does not allow.
    """
    codec = detect_codec(split_byte_stream(stream)[0].data)
    reader = _IntervalReader(codec, generation, with_reserved, rewrite)
    return [reader.read(access_unit) for access_unit in split_access_units(stream, codec)]


class _IntervalReader:
    def __init__(
        self,
        codec: VideoCodec,
        generation: SeiGeneration,
        with_reserved: bool,
        rewrite: Rewrite | None,
    ) -> None:
        self._codec = codec
        self._state = SeiState(generation)
        self._walk = WalkState()
        self._with_reserved = with_reserved
        self._rewrite = rewrite

    def read(self, access_unit: AccessUnit) -> SeiInterval:
        """Return the next access unit's content."""
        found = SeiInterval(self._codec, b"", access_unit.is_irap)
        own: list[bytes] = []
        for unit in access_unit.units:
            try:
                own += self._unit(unit, found)
            except BitstreamError as problem:
                raise type(problem)(f"unit at byte {unit.offset}: {problem}") from problem
        found.picture = join_byte_stream(own, long_first=True)
        _check_order(found)
        return found

    def _unit(self, unit: UnitBytes, found: SeiInterval) -> list[bytes]:
        """Take a unit in; return what of it stays with the key picture."""
        if not is_sei(unit.data, self._codec):
            return [unit.data]
        messages = read_sei_unit(unit.data, self._codec, self._state).messages
        kept = [message for message in messages if not self._take(message, found)]
        if not kept:
            return []
        # Every unit is rewritten, because enhancement messages are predicted from earlier ones.
        rewritten = unit.data if self._rewrite is None else self._rewrite(unit, kept)
        return [rewritten if len(kept) < len(messages) else unit.data]

    def _take(self, message: SeiMessage, found: SeiInterval) -> bool:
        """Take a message in if it is of the carriage; else it stays with the key picture."""
        payload, values = message.payload, message.values
        if isinstance(payload, UserDataUnregistered):
            if payload.uuid_iso_iec_11578 != NATIVE_UNIT_UUID:
                return False
            found.native.append(self._native_unit(payload.user_data_payload_byte))
            return True
        if isinstance(values, EnhancementParameters):
            # Without a native parameter set for them they stay with the key picture.
            if not any(layer == ENHANCEMENT_LAYER for layer, _ in self._walk.parameter_sets):
                return False
            found.enhancements.append(values)
            return True
        if not isinstance(payload, GenerativeFaceVideo) or not isinstance(values, FaceParameters):
            return False
        if payload.ignored_by_decoders and not self._with_reserved:
            return False
        found.faces.append(FaceMessage(payload, values))
        return True

    def _native_unit(self, data: bytes) -> NativeUnit:
        unit = NativeUnit(NalUnitHeader(), EndOfSequence())
        native_unit(SyntaxReader(data), unit, self._walk)
        return unit


def _check_order(interval: SeiInterval) -> None:
    enhanced = [enhancement.gfv_cnt for enhancement in interval.enhancements]
    if enhanced and enhanced != [face.values.gfv_cnt for face in interval.faces]:
        raise BitstreamError(
            f"enhancement messages of gfv_cnt {enhanced}: shall be one for each of "
            f"{len(interval.faces)} messages"
        )
    if not interval.faces:
        return
    first = interval.faces[0].values
    for number, face in enumerate(interval.faces, min(first.gfv_cnt, 1)):
        if (face.values.gfv_id, face.values.gfv_cnt) != (first.gfv_id, number):
            raise BitstreamError(
                f"message of an access unit has gfv_id {face.values.gfv_id}, gfv_cnt "
                f"{face.values.gfv_cnt}: shall have gfv_id {first.gfv_id}, gfv_cnt {number}"
            )

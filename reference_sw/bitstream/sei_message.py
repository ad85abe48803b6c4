"""sei_rbsp( ) and sei_message( ): payload type, size, payload and its extension.

Source: reference_sw/specification, clause 6.2; ITU-T H.266, 7.3.6 and annex D.2.1.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.gfv_message import (
    GenerativeFaceVideo,
    decode_face_parameters,
    generative_face_video,
    gfv_identifiers,
)
from reference_sw.bitstream.gfv_state import FaceParameters, GfvState
from reference_sw.bitstream.gfve_message import (
    EnhancementParameters,
    GenerativeFaceVideoEnhancement,
    GfveState,
    decode_enhancement,
    generative_face_video_enhancement,
    gfve_identifiers,
)
from reference_sw.bitstream.sei_generation import SeiGeneration
from reference_sw.bitstream.syntax import SyntaxCoder

USER_DATA_UNREGISTERED = 5
GENERATIVE_FACE_VIDEO = 223
GENERATIVE_FACE_VIDEO_ENHANCEMENT = 224
UUID_BYTES = 16


@dataclass
class UserDataUnregistered:
    """user_data_unregistered( ), payload type 5."""

    uuid_iso_iec_11578: bytes = bytes(UUID_BYTES)
    user_data_payload_byte: bytes = b""


@dataclass
class OtherPayload:
    """A payload of another type, kept as bytes."""

    payload_byte: bytes = b""


Payload = GenerativeFaceVideo | GenerativeFaceVideoEnhancement | UserDataUnregistered | OtherPayload


@dataclass
class SeiMessage:
    """One message.

    extension: the bits of sei_reserved_payload_extension_data, as a text of 0 and 1.
    values: what a generative face video message decodes to; set by the walk.
    """

    payload_type: int = GENERATIVE_FACE_VIDEO
    payload_size: int = 0
    payload: Payload = field(default_factory=OtherPayload)
    extension: str = ""
    values: FaceParameters | EnhancementParameters | None = field(default=None, compare=False)


@dataclass
class SeiState:
    """What messages of a stream hand to later ones."""

    generation: SeiGeneration = SeiGeneration.VTM_23_12
    gfv: dict[int, GfvState] = field(default_factory=dict)
    gfve: dict[tuple[int, int], GfveState] = field(default_factory=dict)


def sei_message(c: SyntaxCoder, message: SeiMessage, state: SeiState) -> None:
    """Clause 6.2; the state follows the decoded values.

    Raises:
        BitstreamError: a payload that does not fit its size, or an illegal element.
    """
    _ff_coded(c, message, "payload_type")
    if c.writing:
        message.payload_size = _payload_size(c, message, state)
    _ff_coded(c, message, "payload_size")
    if not c.writing:
        message.payload = _new_payload(message.payload_type)
    inner = c.bounded(message, message.payload_size)
    _payload(inner, message, state)
    _decode(message, state)


def _payload(c: SyntaxCoder, message: SeiMessage, state: SeiState) -> None:
    start = c.position
    payload = message.payload
    if isinstance(payload, GenerativeFaceVideo):
        gfv_identifiers(c, payload)
        gfv_state = state.gfv.get(payload.gfv_id, GfvState())
        generative_face_video(c, payload, gfv_state, state.generation)
    elif isinstance(payload, GenerativeFaceVideoEnhancement):
        gfve_identifiers(c, payload)
        key = (payload.gfve_id, payload.gfve_gfv_id)
        generative_face_video_enhancement(c, payload, state.gfve.get(key, GfveState()))
    elif isinstance(payload, UserDataUnregistered):
        c.byte_string(payload, "uuid_iso_iec_11578", UUID_BYTES)
        c.byte_string_to_end(payload, "user_data_payload_byte")
    else:
        c.byte_string_to_end(payload, "payload_byte")
    c.payload_extension(message, start)


def _decode(message: SeiMessage, state: SeiState) -> None:
    payload = message.payload
    if isinstance(payload, GenerativeFaceVideo):
        gfv_state = state.gfv.setdefault(payload.gfv_id, GfvState())
        face = decode_face_parameters(payload, gfv_state)
        gfv_state.follow(face)
        message.values = face
    elif isinstance(payload, GenerativeFaceVideoEnhancement):
        key = (payload.gfve_id, payload.gfve_gfv_id)
        gfve_state = state.gfve.setdefault(key, GfveState())
        enhancement = decode_enhancement(payload, gfve_state)
        gfve_state.follow(enhancement)
        message.values = enhancement


def _new_payload(payload_type: int) -> Payload:
    if payload_type == GENERATIVE_FACE_VIDEO:
        return GenerativeFaceVideo()
    if payload_type == GENERATIVE_FACE_VIDEO_ENHANCEMENT:
        return GenerativeFaceVideoEnhancement()
    if payload_type == USER_DATA_UNREGISTERED:
        return UserDataUnregistered()
    return OtherPayload()


def _payload_size(c: SyntaxCoder, message: SeiMessage, state: SeiState) -> int:
    scratch = c.scratch()
    _payload(scratch, message, state)
    return scratch.position // 8


def _ff_coded(c: SyntaxCoder, message: SeiMessage, name: str) -> None:
    """payload_type_byte or payload_size_byte: bytes 255, then one below, all added up."""
    left = getattr(message, name) if c.writing else 0
    total = 0
    while True:
        byte = SeiMessageByte(min(left, 255), min(left, 255))
        step = c.u(8, byte, f"{name}_byte")
        total += step
        left -= step
        if step < 255:
            break
        if total > 1 << 28:
            raise BitstreamError(f"SeiMessage.{name}: above {1 << 28}")
    setattr(message, name, total)


@dataclass
class SeiMessageByte:
    """One byte of the type or size of a message."""

    payload_type_byte: int
    payload_size_byte: int

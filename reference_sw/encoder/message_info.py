"""What a base message says besides its values: identifier, neural network, chroma key.

It travels in the native carriage as a user data unit before the key picture, and decoders do
without it.  Source: reference_sw/specification, clause 6.9.4.
"""

from __future__ import annotations

import uuid

from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.gfv_message import GenerativeFaceVideo
from reference_sw.bitstream.native_unit import UserData
from reference_sw.bitstream.reader import SyntaxReader
from reference_sw.bitstream.sei_generation import SeiGeneration
from reference_sw.bitstream.sei_message import SeiMessage, SeiState, sei_message
from reference_sw.bitstream.writer import SyntaxWriter

MESSAGE_INFO_UUID = uuid.UUID("0c8e4f2a-91b7-4d0e-8a35-6776632d696e").bytes
_STOP = b"\x80"
_PREFIXES = ("gfv_id", "gfv_nn_", "gfv_chroma_key_")


def message_info(payload: GenerativeFaceVideo, generation: SeiGeneration) -> UserData | None:
    """Return the unit that keeps a base message's information; None when there is none to keep."""
    kept = payload.gfv_nn_present_flag or payload.gfv_chroma_key_info_present_flag
    if payload.gfv_cnt or not (kept or payload.gfv_id):
        return None
    bare = GenerativeFaceVideo(gfv_base_picture_flag=1, gfv_matrix_present_flag=0)
    copy_information(payload, bare)
    # The least that a message may hold besides: one keypoint at the origin.
    bare.gfv_coordinate_present_flag = 1
    bare.gfv_coordinate_x_abs[0,] = bare.gfv_coordinate_y_abs[0,] = 0
    coder = SyntaxWriter()
    sei_message(coder, SeiMessage(payload=bare), SeiState(generation))
    return UserData(MESSAGE_INFO_UUID, bytes([generation]) + coder.data + _STOP)


def read_message_info(unit: UserData) -> GenerativeFaceVideo | None:
    """Return the message kept in a user data unit; None for user data of another kind.

    Raises:
        BitstreamError: a damaged one.
    """
    if unit.ud_uuid != MESSAGE_INFO_UUID:
        return None
    data = unit.ud_byte.removesuffix(_STOP)
    generations = {int(g): g for g in SeiGeneration}
    if not data or data[0] not in generations:
        raise BitstreamError("UserData: message information of an unknown generation")
    message = SeiMessage()
    sei_message(SyntaxReader(data[1:]), message, SeiState(generations[data[0]]))
    if not isinstance(message.payload, GenerativeFaceVideo):
        raise BitstreamError(f"UserData: holds payload type {message.payload_type}, shall be 223")
    return message.payload


def copy_information(source: GenerativeFaceVideo, target: GenerativeFaceVideo) -> None:
    """Copy identifier, neural network and chroma key elements."""
    for name, value in vars(source).items():
        if name.startswith(_PREFIXES):
            setattr(target, name, value)

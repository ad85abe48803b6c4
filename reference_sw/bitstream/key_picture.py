"""key_picture_rbsp( ): one key picture as a whole access unit of its own codec.

Source: reference_sw/specification, clause 5.
"""

from __future__ import annotations

from dataclasses import dataclass

from reference_sw.bitstream.code_points import KeyPictureCodec
from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.parameter_set import MAX_PARAMETER_SETS, MAX_PICTURES
from reference_sw.bitstream.syntax import SyntaxCoder

MAX_ACCESS_UNIT_BYTES = 1 << 26


@dataclass
class KeyPicture:
    """Codec, picture index and access unit of a key picture.

    kpu_access_unit_byte: byte stream (start codes included) of the access unit's NAL units.
    """

    kpu_parameter_set_id: int = 0
    kpu_codec_idc: int = KeyPictureCodec.VVC
    kpu_independent_flag: int = 1
    kpu_picture_index: int = 0
    kpu_access_unit_byte: bytes = b""


def key_picture(c: SyntaxCoder, kpu: KeyPicture) -> None:
    """Clause 5.1."""
    c.u(4, kpu, "kpu_parameter_set_id", max=MAX_PARAMETER_SETS - 1)
    c.u(4, kpu, "kpu_codec_idc", min=1)
    c.flag(kpu, "kpu_independent_flag")
    c.ue(kpu, "kpu_picture_index", max=MAX_PICTURES - 1)
    c.byte_alignment(kpu)
    c.byte_string_to_end(kpu, "kpu_access_unit_byte", min_length=1)
    check_payload_end("KeyPicture.kpu_access_unit_byte", kpu.kpu_access_unit_byte)
    if len(kpu.kpu_access_unit_byte) > MAX_ACCESS_UNIT_BYTES:
        raise BitstreamError(
            f"KeyPicture.kpu_access_unit_byte: {len(kpu.kpu_access_unit_byte)} bytes, "
            f"shall be at most {MAX_ACCESS_UNIT_BYTES}"
        )


def check_payload_end(name: str, payload: bytes) -> None:
    """Refuse a payload whose last byte is zero, which a byte stream cannot carry.  Clause 2.3."""
    if payload.endswith(b"\0"):
        raise BitstreamError(f"{name}: ends with a zero byte, shall not")

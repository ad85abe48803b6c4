"""picture_hash_rbsp( ): MD5, CRC or checksum of one decoded picture or of the whole sequence.

Source: reference_sw/specification, clause 7.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from reference_sw.bitstream.code_points import HashScope, HashType
from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.parameter_set import MAX_PARAMETER_SETS, MAX_PICTURES
from reference_sw.bitstream.syntax import SyntaxCoder

HASH_BYTES = {HashType.MD5: 16, HashType.CRC: 2, HashType.CHECKSUM: 4}


@dataclass
class PlaneHash:
    """Hash of one plane, most significant byte first."""

    ph_value_byte: bytes = b""


@dataclass
class PictureHash:
    """Hashes of the planes of one picture, or of the planes of all pictures (scope STREAM)."""

    phu_parameter_set_id: int = 0
    phu_hash_type_idc: int = HashType.MD5
    phu_hash_scope_idc: int = HashScope.STREAM
    phu_picture_index: int = 0
    phu_single_plane_flag: int = 0
    planes: list[PlaneHash] = field(default_factory=list)

    @property
    def values(self) -> tuple[bytes, ...]:
        """The hash of each plane."""
        return tuple(plane.ph_value_byte for plane in self.planes)


def picture_hash(c: SyntaxCoder, phu: PictureHash) -> None:
    """Clause 7.1; the RBSP without its trailing bits."""
    c.u(4, phu, "phu_parameter_set_id", max=MAX_PARAMETER_SETS - 1)
    c.u(3, phu, "phu_hash_type_idc", min=HashType.MD5, max=HashType.CHECKSUM)
    c.u(1, phu, "phu_hash_scope_idc")
    if phu.phu_hash_scope_idc == HashScope.PICTURE:
        c.ue(phu, "phu_picture_index", max=MAX_PICTURES - 1)
    else:
        c.infer(phu, "phu_picture_index", 0)
    c.flag(phu, "phu_single_plane_flag")
    count = 1 if phu.phu_single_plane_flag else 3
    if not c.writing:
        phu.planes = [PlaneHash() for _ in range(count)]
    elif len(phu.planes) != count:
        raise BitstreamError(f"PictureHash.planes: {len(phu.planes)}, shall be {count}")
    for plane in phu.planes:
        c.byte_string(plane, "ph_value_byte", HASH_BYTES[HashType(phu.phu_hash_type_idc)])

"""Comparing decoded pictures with the hashes in the bitstream.

Source: specification clause 7.
"""

from __future__ import annotations

from reference_sw.bitstream.code_points import HashScope, HashType
from reference_sw.bitstream.hash_unit import PictureHash
from reference_sw.bitstream.parameter_set import ParameterSet
from reference_sw.bitstream.picture_hash import PictureHasher, hash_of_pictures
from reference_sw.decoder.errors import DecodingError
from reference_sw.video.format import Picture

MAX_WAITING = 4096


class HashCheck:
    """Hashes of what was decoded; verified counts the hash units that agreed."""

    def __init__(self, gps: ParameterSet) -> None:
        self._type = HashType(gps.gps_hash_type_idc)
        self._scope = HashScope(gps.gps_hash_scope_idc)
        self._bit_depth = gps.output_format.bit_depth
        planes = len(gps.video_format.plane_shapes)
        self._stream = PictureHasher(self._type, self._bit_depth, planes)
        self._pictures: dict[int, tuple[bytes, ...]] = {}
        self.verified = 0

    def update(self, index: int, picture: Picture) -> None:
        """Take in one decoded picture."""
        if self._type is HashType.NONE:
            return
        if self._scope is HashScope.STREAM:
            self._stream.update(picture)
            return
        self._pictures[index] = hash_of_pictures([picture], self._type, self._bit_depth)
        if len(self._pictures) > MAX_WAITING:
            self._pictures.pop(min(self._pictures))

    def compare(self, phu: PictureHash) -> None:
        """Compare one hash unit; another type or scope than the parameter set's is passed over.

        Raises:
            DecodingError: the hashes differ, or the picture is not decoded yet.
        """
        if (phu.phu_hash_type_idc, phu.phu_hash_scope_idc) != (self._type, self._scope):
            return
        if self._scope is HashScope.STREAM:
            where, own = "the sequence", self._stream.values()
        else:
            where = f"picture {phu.phu_picture_index}"
            found = self._pictures.pop(phu.phu_picture_index, None)
            if found is None:
                raise DecodingError(f"{where}: its hash does not follow its decoding")
            own = found
        if own != phu.values:
            raise DecodingError(
                f"{where}: decoded pictures differ from the encoder's: {self._type.name} of the "
                f"first plane is {own[0].hex()}, the bitstream says {phu.values[0].hex()}"
            )
        self.verified += 1

    def finish(self, pictures: int) -> None:
        """Check that every hash the parameter set announces has come.

        Raises:
            DecodingError: fewer came, so that the end of the stream is missing.
        """
        if self._type is HashType.NONE:
            return
        expected = 1 if self._scope is HashScope.STREAM else pictures
        if self.verified < expected:
            raise DecodingError(
                f"{self.verified} picture hashes came, the parameter set announces {expected}: "
                "the end of the stream is missing"
            )

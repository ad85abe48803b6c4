"""MD5, CRC and checksum of decoded pictures.

Source: reference_sw/specification, clause 7.2; ITU-T H.274, 8.3 (the same values for a picture).
"""

from __future__ import annotations

import binascii
import hashlib
from typing import Any

import numpy as np

from reference_sw.bitstream.code_points import HashScope, HashType
from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.hash_unit import PictureHash, PlaneHash
from reference_sw.video.format import Picture, Plane

# The register of the CRC of clause 7.2.2 starts at 0xFFFF and takes 16 zero bits behind the data;
# the usual form without them starts at this value instead.
CRC_START = 0x1D0F


class PlaneHasher:
    """Running hash of one plane over one or more pictures."""

    def __init__(self, hash_type: HashType, bit_depth: int) -> None:
        self._type = hash_type
        self._bit_depth = bit_depth
        self._md5: Any = hashlib.md5(usedforsecurity=False)
        self._number = CRC_START if hash_type is HashType.CRC else 0

    def update(self, plane: Plane) -> None:
        """Take one plane in, shape (height, width)."""
        data = plane_bytes(plane, self._bit_depth)
        if self._type is HashType.MD5:
            self._md5.update(data)
        elif self._type is HashType.CRC:
            self._number = binascii.crc_hqx(data, self._number)
        else:
            self._number = (self._number + _checksum(plane, self._bit_depth)) % (1 << 32)

    def value(self) -> bytes:
        """16 bytes of MD5, 2 of CRC or 4 of checksum, most significant first."""
        if self._type is HashType.MD5:
            return bytes(self._md5.digest())
        return self._number.to_bytes(2 if self._type is HashType.CRC else 4, "big")


class PictureHasher:
    """Running hashes of the planes of one or more pictures."""

    def __init__(self, hash_type: HashType, bit_depth: int, num_planes: int) -> None:
        self._planes = [PlaneHasher(hash_type, bit_depth) for _ in range(num_planes)]

    def update(self, picture: Picture) -> None:
        """Take one picture in, in output order."""
        for hasher, plane in zip(self._planes, picture.planes, strict=True):
            hasher.update(plane)

    def values(self) -> tuple[bytes, ...]:
        """The hash of each plane."""
        return tuple(hasher.value() for hasher in self._planes)


def hash_of_pictures(
    pictures: list[Picture], hash_type: HashType, bit_depth: int
) -> tuple[bytes, ...]:
    """Return the hash of each plane over the pictures in output order."""
    hasher = PictureHasher(hash_type, bit_depth, len(pictures[0].planes))
    for picture in pictures:
        hasher.update(picture)
    return hasher.values()


def hash_unit_of(
    values: tuple[bytes, ...],
    hash_type: HashType,
    scope: HashScope,
    *,
    parameter_set_id: int = 0,
    picture_index: int = 0,
) -> PictureHash:
    """Return the unit that carries these hashes; one or three planes.

    Raises:
        BitstreamError: another number of planes.
    """
    if len(values) not in (1, 3):
        raise BitstreamError(f"hash of {len(values)} planes: shall be 1 or 3")
    return PictureHash(
        parameter_set_id,
        hash_type,
        scope,
        picture_index if scope is HashScope.PICTURE else 0,
        int(len(values) == 1),
        [PlaneHash(value) for value in values],
    )


def plane_bytes(plane: Plane, bit_depth: int) -> bytes:
    """Return the samples row by row: one byte each at 8 bits, else two, low byte first."""
    kind = np.uint8 if bit_depth == 8 else np.dtype("<u2")
    return np.ascontiguousarray(plane, dtype=kind).tobytes()


def _checksum(plane: Plane, bit_depth: int) -> int:
    height, width = plane.shape
    x = np.arange(width, dtype=np.uint32)
    y = np.arange(height, dtype=np.uint32)[:, None]
    mask = (x & 0xFF) ^ (y & 0xFF) ^ (x >> 8) ^ (y >> 8)
    samples = plane.astype(np.uint32)
    total = int(((samples & 0xFF) ^ mask).sum(dtype=np.uint64))
    if bit_depth > 8:
        total += int(((samples >> 8) ^ mask).sum(dtype=np.uint64))
    return total

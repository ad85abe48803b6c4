"""Picture hashes against the definitions bit by bit, and against VTM's own SEI."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from reference_sw.bitstream.byte_stream import split_byte_stream, unescape
from reference_sw.bitstream.code_points import HashScope, HashType
from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.picture_hash import (
    PlaneHasher,
    hash_of_pictures,
    hash_unit_of,
    plane_bytes,
)
from reference_sw.bitstream.video_codec import Vvc
from reference_sw.video.format import Picture, Plane


def plane(height: int, width: int, bit_depth: int) -> Plane:
    source = np.random.default_rng(height * width)
    values = source.integers(0, 1 << bit_depth, (height, width))
    return values.astype(np.uint8 if bit_depth == 8 else np.uint16)


def crc_by_definition(data: bytes) -> int:
    """ITU-T H.274: register 0xFFFF, polynomial 0x1021, 16 zero bits behind the data."""
    crc = 0xFFFF
    bits = [byte >> (7 - i) & 1 for byte in data for i in range(8)] + [0] * 16
    for bit in bits:
        top = crc >> 15 & 1
        crc = ((crc << 1) + bit & 0xFFFF) ^ (0x1021 * top)
    return crc


def checksum_by_definition(samples: Plane, bit_depth: int) -> int:
    total = 0
    for y, row in enumerate(samples.tolist()):
        for x, value in enumerate(row):
            mask = (x & 0xFF) ^ (y & 0xFF) ^ (x >> 8) ^ (y >> 8)
            total = total + ((value & 0xFF) ^ mask) & 0xFFFFFFFF
            if bit_depth > 8:
                total = total + ((value >> 8) ^ mask) & 0xFFFFFFFF
    return total


@pytest.mark.parametrize("bit_depth", [8, 10])
def test_against_the_definitions(bit_depth: int) -> None:
    samples = plane(5, 300, bit_depth)
    data = plane_bytes(samples, bit_depth)
    assert len(data) == 1500 * (1 if bit_depth == 8 else 2)
    expected = {
        HashType.MD5: hashlib.md5(samples.tobytes()).digest(),
        HashType.CRC: crc_by_definition(data).to_bytes(2, "big"),
        HashType.CHECKSUM: checksum_by_definition(samples, bit_depth).to_bytes(4, "big"),
    }
    for kind, value in expected.items():
        hasher = PlaneHasher(kind, bit_depth)
        hasher.update(samples)
        assert hasher.value() == value


def test_a_stream_is_hashed_like_its_pictures_put_together() -> None:
    first, second = plane(4, 6, 8), plane(4, 6, 8) ^ 255
    pictures = [Picture((first,)), Picture((second,))]
    joined = first.tobytes() + second.tobytes()
    assert hash_of_pictures(pictures, HashType.MD5, 8) == (hashlib.md5(joined).digest(),)
    crc = crc_by_definition(joined).to_bytes(2, "big")
    assert hash_of_pictures(pictures, HashType.CRC, 8) == (crc,)


def test_unit_of_hashes() -> None:
    unit = hash_unit_of((b"ab", b"cd", b"ef"), HashType.CRC, HashScope.PICTURE, picture_index=7)
    assert (unit.phu_picture_index, unit.phu_single_plane_flag) == (7, 0)
    assert unit.values == (b"ab", b"cd", b"ef")
    with pytest.raises(BitstreamError, match="hash of 2 planes"):
        hash_unit_of((b"ab", b"cd"), HashType.CRC, HashScope.STREAM)


VTM_HASHES = {1: HashType.MD5, 2: HashType.CRC, 3: HashType.CHECKSUM}


@pytest.mark.parametrize("option", VTM_HASHES)
def test_vtm_writes_the_same_hash(option: int, tmp_path: Path) -> None:
    if "CTC_VTM_DIR" not in os.environ:
        pytest.skip("CTC_VTM_DIR is not set: VTM is not at hand")
    programs = Path(os.environ["CTC_VTM_DIR"])
    source = np.random.default_rng(5).integers(0, 256, 64 * 64 * 3 // 2).astype(np.uint8)
    (tmp_path / "in.yuv").write_bytes(source.tobytes())
    configuration = programs.parent / "cfg" / "encoder_intra_vtm.cfg"
    if not configuration.exists():
        pytest.skip(f"{configuration} is not there")
    arguments = [str(programs / "EncoderAppStatic"), "-c", str(configuration), "-i", "in.yuv"]
    arguments += ["-wdt", "64", "-hgt", "64", "-f", "1", "-fr", "25", "-q", "40", "-b", "out.bin"]
    arguments += [
        "-o",
        "rec.yuv",
        "--OutputBitDepth=10",
        f"--SEIDecodedPictureHash={option}",
        "--Level=4.1",
    ]
    arguments += ["--InputChromaFormat=420", "--InputBitDepth=8"]
    subprocess.run(arguments, check=True, capture_output=True, cwd=tmp_path)
    decoded = np.fromfile(tmp_path / "rec.yuv", np.uint16)
    planes = (decoded[:4096], decoded[4096:5120], decoded[5120:6144])
    sizes = ((64, 64), (32, 32), (32, 32))
    picture = Picture(tuple(p.reshape(s) for p, s in zip(planes, sizes, strict=True)))
    ours = hash_of_pictures([picture], VTM_HASHES[option], 10)
    units = split_byte_stream((tmp_path / "out.bin").read_bytes())
    (sei,) = [unescape(u.data) for u in units if Vvc().unit_type(u.data) == 24]
    # Header, payload type 132, size, dph_sei_hash_type, single component flag and 7 bits.
    assert sei[2] == 132 and sei[4] == option - 1
    assert sei[6 : 6 + sum(map(len, ours))] == b"".join(ours)

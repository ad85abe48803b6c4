"""PNG files: read back exactly, by us and by another reader; damaged ones are refused."""

from __future__ import annotations

import io
import struct
import zlib

import matplotlib.image
import numpy as np
import pytest

from ctc.png_file import SIGNATURE, png_file, read_png

PIXELS = np.random.default_rng(3).integers(0, 256, (5, 7, 3), dtype=np.uint8)


def chunk(kind: bytes, data: bytes) -> bytes:
    crc = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)


def file_of(header: bytes, body: bytes) -> bytes:
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(body)), chunk(b"IEND", b""))
    return SIGNATURE + b"".join(parts)


def test_what_is_written_is_read_by_us_and_by_another_reader() -> None:
    content = png_file(PIXELS)
    assert np.array_equal(read_png(content), PIXELS)
    other = np.rint(matplotlib.image.imread(io.BytesIO(content), format="png") * 255)
    assert np.array_equal(other[..., :3].astype(np.uint8), PIXELS)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"GIF89a", "no PNG"),
        (SIGNATURE, "without IHDR"),
        (png_file(PIXELS)[:-20], "without IHDR or IDAT|cut or altered"),
        (png_file(PIXELS).replace(b"IDAT", b"IDAU", 1), "cut or altered"),
        (file_of(struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0), b"\2abc"), "kind"),
        (file_of(struct.pack(">IIBBBBB", 1 << 30, 1 << 30, 8, 2, 0, 0, 0), b""), "1073741824"),
        (file_of(struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0), b"\1abc"), "another filter"),
        (file_of(struct.pack(">IIBBBBB", 1, 2, 8, 2, 0, 0, 0), b"\2abc"), "4 bytes of samples"),
    ],
)
def test_another_or_damaged_png_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_png(content)


def test_a_bomb_is_not_unpacked() -> None:
    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    assert read_png(file_of(header, b"\2abc" + bytes(1 << 22))).tolist() == [[[97, 98, 99]]]

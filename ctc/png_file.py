"""PNG files of 8-bit R'G'B' pictures: written fast, and read back if they are of that one kind.

Source: ISO/IEC 15948 (PNG), clauses 5.3 (chunks), 9.2 (filter type 2, Up), 11.2.2 (IHDR).
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
import numpy.typing as npt

SIGNATURE = b"\x89PNG\r\n\x1a\n"
KIND = (8, 2, 0, 0, 0)  # bit depth, R'G'B', deflate, filters by row, not interlaced
UP = 2
MOST_PIXELS = 1 << 24


def png_file(pixels: npt.NDArray[np.uint8]) -> bytes:
    """Return an 8-bit R'G'B' array of shape (height, width, 3) as a PNG file, fast.

    Each row is written as its difference from the row above, which is mostly 0 in a chart.
    """
    height, width, _ = pixels.shape
    rows = np.empty((height, 1 + 3 * width), np.uint8)
    rows[:, 0] = UP
    rows[:, 1:] = pixels.reshape(height, -1)
    rows[1:, 1:] -= pixels.reshape(height, -1)[:-1]
    header = struct.pack(">IIBBBBB", width, height, *KIND)
    body = zlib.compress(rows.tobytes(), 3)
    chunks = ((b"IHDR", header), (b"IDAT", body), (b"IEND", b""))
    return SIGNATURE + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def read_png(content: bytes) -> npt.NDArray[np.uint8]:
    """Return the (height, width, 3) samples of a file that png_file wrote.

    Raises:
        ValueError: damaged, of another kind of PNG, or of more than 2^24 pixels.
    """
    chunks = _chunks(content)
    if b"IHDR" not in chunks or b"IDAT" not in chunks or len(chunks[b"IHDR"]) != 13:
        raise ValueError("PNG without IHDR or IDAT")
    width, height, *kind = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    if tuple(kind) != KIND or not 0 < width * height <= MOST_PIXELS:
        raise ValueError(f"PNG of {width}x{height}, kind {kind}: shall be {list(KIND)}")
    size = height * (1 + 3 * width)
    unpacker = zlib.decompressobj()
    try:
        body = unpacker.decompress(chunks[b"IDAT"], size)
    except zlib.error as problem:
        raise ValueError(f"PNG: {problem}") from problem
    if len(body) != size:
        raise ValueError(f"PNG of {len(body)} bytes of samples: shall be {size}")
    rows = np.frombuffer(body, np.uint8).reshape(height, 1 + 3 * width)
    if not (rows[:, 0] == UP).all():
        raise ValueError("PNG with another filter than Up")
    pixels: npt.NDArray[np.uint8] = np.add.accumulate(rows[:, 1:], axis=0, dtype=np.uint8)
    return pixels.reshape(height, width, 3)


def _chunks(content: bytes) -> dict[bytes, bytes]:
    """Return the chunks by type, each with its checksum found right."""
    if not content.startswith(SIGNATURE):
        raise ValueError("no PNG")
    found: dict[bytes, bytes] = {}
    at = len(SIGNATURE)
    while at + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, at)
        kind, data = content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        check = content[at + 8 + length : at + 12 + length]
        if len(check) < 4 or zlib.crc32(kind + data) != struct.unpack(">I", check)[0]:
            raise ValueError(f"PNG: chunk {kind!r} is cut or altered")
        found[kind] = found.get(kind, b"") + data
        at += 12 + length
    return found

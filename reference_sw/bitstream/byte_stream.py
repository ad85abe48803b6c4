"""Byte stream of NAL units: start codes and emulation prevention.

Source: reference_sw/specification, clause 2.2 and 2.3; the same as ITU-T H.266 annex B and 7.3.1.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from reference_sw.bitstream.errors import BitstreamError

START_CODE = b"\0\0\1"
_ESCAPE = re.compile(rb"\x00\x00(?=[\x00-\x03])")
_FORBIDDEN = re.compile(rb"\x00\x00[\x00-\x02]|\x00\x00\x03(?=[^\x00-\x03])")


@dataclass(frozen=True)
class UnitBytes:
    """One NAL unit of a byte stream.

    data: header and payload, still with emulation prevention bytes.
    offset: position in the stream of the first byte that belongs to the unit, zero bytes and
    start code included. size: bytes of the stream up to the next unit; sizes of all units add up
    to the stream's size.
    """

    data: bytes
    offset: int
    size: int


def split_byte_stream(stream: bytes) -> list[UnitBytes]:
    """Return the NAL units of a byte stream in order.

    Raises:
        BitstreamError: no start code, bytes other than zero before the first, or an empty unit.
    """
    codes = [match.start() for match in re.finditer(re.escape(START_CODE), stream)]
    if not codes:
        raise BitstreamError("no start code 000001 in the byte stream")
    if stream[: codes[0]].strip(b"\0"):
        raise BitstreamError(f"bytes before the first start code at byte {codes[0]}: shall be zero")
    units = []
    begin = 0
    for number, code in enumerate(codes):
        after = codes[number + 1] if number + 1 < len(codes) else len(stream)
        data = stream[code + 3 : after].rstrip(b"\0")
        if len(data) < 2:
            raise BitstreamError(f"NAL unit at byte {code}: {len(data)} bytes, shall be at least 2")
        # Zero bytes before the next start code are counted with the unit that they lead into.
        end = after if number + 1 == len(codes) else _leading_zeros(stream, after)
        units.append(UnitBytes(data, begin, end - begin))
        begin = end
    return units


def join_byte_stream(units: Iterable[bytes], *, long_first: bool = False) -> bytes:
    """Return the byte stream of units given with emulation prevention.

    long_first: a zero byte before the first start code, as VVC and HEVC demand.
    """
    stream = b"".join(START_CODE + unit for unit in units)
    return b"\0" + stream if long_first else stream


def escape(unit: bytes) -> bytes:
    """Return header and RBSP with emulation prevention bytes.

    >>> escape(b"\\x00\\xc1\\x00\\x00\\x01").hex()
    '00c100000301'

    Raises:
        BitstreamError: the unit ends with a zero byte, which a byte stream cannot carry.
    """
    if unit.endswith(b"\0"):
        raise BitstreamError("NAL unit ends with a zero byte: shall not")
    parts = []
    begin = 0
    while match := _ESCAPE.search(unit, begin):
        parts += [unit[begin : match.end()], b"\3"]
        begin = match.end()
    return b"".join(parts) + unit[begin:]


def unescape(data: bytes) -> bytes:
    """Return header and RBSP of a unit: emulation prevention bytes removed.

    >>> unescape(bytes.fromhex("00c100000301")).hex()
    '00c1000001'

    Raises:
        BitstreamError: 000000, 000001, 000002, or 000003 before a byte above 3.
    """
    if (found := _FORBIDDEN.search(data)) is not None:
        raise BitstreamError(
            f"bytes {data[found.start() : found.start() + 4].hex()} at byte {found.start()} of a "
            "NAL unit: not allowed"
        )
    return data.replace(b"\0\0\3", b"\0\0")


def _leading_zeros(stream: bytes, code: int) -> int:
    """Position of the zero bytes that directly precede the start code at `code`, at most one."""
    return code - 1 if code and stream[code - 1] == 0 else code

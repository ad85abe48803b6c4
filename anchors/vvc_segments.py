"""Joining VVC random access segments: the byte stream that one encode of all pictures writes.

A segment starts with the intra picture that ends the segment before it and ends with the intra
picture that starts the next, so each has the reference pictures of the whole at hand. Of every
segment but the first the joined stream leaves out that first picture with its parameter sets, and
counts the picture order on. Everything else is taken over bit by bit.

Source: Rec. ITU-T H.266 clauses 7.3.1.1, 7.3.2.4, 7.3.2.8 and Annex B; the rule is that of the JVET
common test conditions for random access, where intra periods may be coded apart.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ctc.errors import StageError

IDR = (7, 8)
CRA = 9
SLICES = (0, 1, 2, 3, *IDR, CRA, 10)
TRAILING = (0, 1)
PARAMETER_SETS = (13, 14, 15, 16, 17, 18)
SPS, PICTURE_HEADER = 15, 19
SUFFIXES = (18, 24, 25)
WHOLE_PERIODS = 3
HEADER_BYTES = 64  # of a slice NAL unit, before the data that two codings of a picture share
_ESCAPED = re.compile(rb"\0\0(?=[\0-\3])")


@dataclass(frozen=True)
class Unit:
    """A NAL unit: its start code with zeros before it, and its bytes, header included."""

    start: bytes
    content: bytes

    @property
    def kind(self) -> int:
        """nal_unit_type."""
        return self.content[1] >> 3


def join_segments(streams: Sequence[bytes], frames: Sequence[int]) -> bytes:
    """Return one byte stream of segments that share one picture with the segment before.

    frames: pictures of each segment, the shared ones included.

    Raises:
        StageError: a segment is not as the rule wants it: pictures missing, no intra picture at its
            end, other parameter sets, or a shared picture that was coded in two ways.
    """
    joined: list[Unit] = []
    first = 0
    before: list[Unit] = []
    for number, (stream, count) in enumerate(zip(streams, frames, strict=True)):
        units = split_units(stream, number)
        bits = _poc_bits(units, number)
        _check_pictures(units, bits, count, number, last=number == len(streams) - 1)
        kept = 0
        if number:
            kept = _second_picture(units, number)
            _check_shared(before, units[:kept], number)
            _check_trailing(units, bits, number)
        joined += [_moved(unit, first, bits) for unit in units[kept:]]
        before, first = units, first + count - 1
    return b"".join(unit.start + unit.content for unit in joined)


def split_units(stream: bytes, number: int = 0) -> list[Unit]:
    """Return the NAL units of a byte stream; number: of the segment, for messages.

    Raises:
        StageError: it does not begin with a start code, or holds a unit of less than three bytes.
    """
    starts = []
    at = stream.find(b"\0\0\1")
    while at >= 0:
        starts.append(at)
        at = stream.find(b"\0\0\1", at + 3)
    if not starts or stream[: starts[0]].strip(b"\0"):
        raise StageError(f"segment {number}: no VVC byte stream: it begins with no start code")
    units, prefix = [], stream[: starts[0]]
    for place, end in zip(starts, [*starts[1:], len(stream)], strict=True):
        content = stream[place + 3 : end].rstrip(b"\0")
        if len(content) < 3:
            raise StageError(f"segment {number}: a NAL unit of {len(content)} bytes")
        units.append(Unit(prefix + b"\0\0\1", content))
        prefix = bytes(end - place - 3 - len(content))
    return units


class _Bits:
    """Reads the head of a NAL unit's payload; position: bits from the payload's start."""

    def __init__(self, payload: bytes, number: int) -> None:
        self._bits = "".join(f"{byte:08b}" for byte in payload)
        self.position = 0
        self._number = number

    def u(self, count: int) -> int:
        """u(n)."""
        end = self.position + count
        if end > len(self._bits):
            raise StageError(f"segment {self._number}: a NAL unit ends inside its header")
        value = int(self._bits[self.position : end] or "0", 2)
        self.position = end
        return value

    def ue(self) -> int:
        """ue(v)."""
        zeros = 0
        while not self.u(1):
            zeros += 1
        return (1 << zeros) - 1 + self.u(zeros)

    def align(self) -> None:
        """To the next whole byte."""
        self.position += -self.position % 8


def _payload(unit: Unit, head: int | None = None) -> bytes:
    """The raw byte sequence payload: emulation prevention taken out."""
    content = unit.content if head is None else unit.content[:head]
    return content[2:].replace(b"\0\0\3", b"\0\0")


def _poc_bits(units: list[Unit], number: int) -> int:
    """Bits of ph_pic_order_cnt_lsb, from the one sequence parameter set."""
    sets = {unit.content for unit in units if unit.kind == SPS}
    if len(sets) != 1:
        raise StageError(f"segment {number}: {len(sets)} different SPS: shall be one")
    read = _Bits(_payload(next(u for u in units if u.kind == SPS)), number)
    read.u(8)
    sublayers = read.u(3)
    read.u(4)
    if read.u(1):
        _pass_profile(read, sublayers, number)
    read.u(1)
    if read.u(1):
        read.u(1)
    read.ue(), read.ue()
    if read.u(1):
        read.ue(), read.ue(), read.ue(), read.ue()
    if read.u(1):
        raise StageError(f"segment {number}: SPS with subpictures: not covered by the rule")
    read.ue()
    read.u(2)
    bits = read.u(4) + 4
    if read.u(1):
        raise StageError(f"segment {number}: SPS with sps_poc_msb_cycle_flag: not covered")
    return bits


def _pass_profile(read: _Bits, sublayers: int, number: int) -> None:
    """profile_tier_level() with profileTierPresentFlag 1."""
    read.u(7 + 1 + 8 + 2)
    if read.u(1):
        raise StageError(f"segment {number}: SPS with general constraints: not covered by the rule")
    read.align()
    levels = sum(read.u(1) for _ in range(sublayers))
    read.align()
    read.u(8 * levels)
    for _ in range(read.u(8)):
        read.u(32)


def _poc_place(unit: Unit, number: int) -> int | None:
    """Where ph_pic_order_cnt_lsb is in the payload, in bits; None in a unit without it."""
    if unit.kind not in (*SLICES, PICTURE_HEADER):
        return None
    read = _Bits(_payload(unit, 16), number)
    if unit.kind != PICTURE_HEADER and not read.u(1):
        return None
    irap = read.u(1)
    read.u(2 if irap else 1)
    if read.u(1):
        read.u(1)
    read.ue()
    return read.position


def _poc(unit: Unit, place: int, bits: int, number: int) -> int:
    read = _Bits(_payload(unit, 16), number)
    read.position = place
    return read.u(bits)


def _check_pictures(units: list[Unit], bits: int, count: int, number: int, last: bool) -> None:
    """Every picture once, an IDR picture first, a CRA picture at the end of all but the last."""
    found = []
    for unit in units:
        place = _poc_place(unit, number)
        if place is not None:
            found.append((unit.kind, _poc(unit, place, bits, number)))
    lsb = (1 << bits) - 1
    if Counter(poc for _, poc in found) != Counter(poc & lsb for poc in range(count)):
        raise StageError(f"segment {number}: holds other pictures than its {count}, each once")
    slices = [unit.kind for unit in units if unit.kind in SLICES]
    if slices[0] not in IDR or any(kind in IDR for kind in slices[slices.count(slices[0]) :]):
        raise StageError(f"segment {number}: shall hold one IDR picture, its first")
    ends = [poc for kind, poc in found if kind == CRA]
    if not last and ends != [(count - 1) & lsb]:
        raise StageError(f"segment {number}: shall hold one CRA picture, its last; has {ends}")


def _second_picture(units: list[Unit], number: int) -> int:
    """Index of the first NAL unit after the first picture and all that belongs to it."""
    seen = False
    for index, unit in enumerate(units):
        if unit.kind in IDR:
            seen = True
        elif seen and unit.kind not in SUFFIXES:
            return index
    raise StageError(f"segment {number}: holds nothing but the picture it shares")


def _check_shared(before: list[Unit], dropped: list[Unit], number: int) -> None:
    """Nothing may be left out but what the segment before holds already."""
    known = {unit.content for unit in before}
    if any(unit.kind in PARAMETER_SETS and unit.content not in known for unit in dropped):
        raise StageError(f"segment {number}: its parameter sets are not those of the one before")
    ours = b"".join(_payload(unit) for unit in dropped if unit.kind in IDR)
    theirs = b"".join(_payload(unit) for unit in before if unit.kind == CRA)
    data = ours[HEADER_BYTES:]
    if not theirs.endswith(data) or abs(len(ours) - len(theirs)) > HEADER_BYTES:
        raise StageError(f"segment {number}: its first picture is not coded as in the one before")


def _check_trailing(units: list[Unit], bits: int, number: int) -> None:
    """No picture follows its intra picture in output order near the start of a segment.

    VTM names them STSA or TRAIL by comparing picture order counts with those of a group of
    pictures, which near the start of an encode is another answer than later in it.
    """
    intra = 0
    for unit in units:
        intra += unit.kind == CRA
        if unit.kind in TRAILING and intra < WHOLE_PERIODS:
            raise StageError(
                f"segment {number}: a picture other than a leading one, with {intra} CRA pictures "
                f"before it: VTM gives it another NAL unit type in one run unless {WHOLE_PERIODS}"
            )


def _moved(unit: Unit, first: int, bits: int) -> Unit:
    """The unit with its picture order count moved on by `first`."""
    place = _poc_place(unit, 0) if first else None
    if place is None:
        return unit
    payload = bytearray(_payload(unit))
    width = (place + bits + 7) // 8
    head = int.from_bytes(payload[:width], "big")
    shift = 8 * width - place - bits
    mask = (1 << bits) - 1
    moved = ((head >> shift) + first) & mask
    payload[:width] = ((head & ~(mask << shift)) | (moved << shift)).to_bytes(width, "big")
    content = unit.content[:2] + _ESCAPED.sub(b"\0\0\3", bytes(payload))
    return Unit(unit.start, content + b"\3" if content.endswith(b"\0") else content)

"""ArithmeticEncoder: the inverse of ArithmeticDecoder, with the shortest legal ending.

Source: specification, clause 11.3 (informative).
"""

from __future__ import annotations

from collections.abc import Sequence

from reference_sw.entropy.arithmetic_decoder import (
    PROBABILITY_BITS,
    RANGE_BITS,
    RENORMALISATION_LIMIT,
)

_WINDOW = 1 << RANGE_BITS


class ArithmeticEncoder:
    """Encodes bins and intervals; `finish` returns the bytes and may be called once."""

    def __init__(self, written: bytes = b"", low: int = 0, width: int = _WINDOW - 1) -> None:
        """Start, or go on from the bytes, low end and width that another encoder has reached."""
        self._bytes = bytearray(written)
        self._low = low
        self._range = width

    def code_bin(self, probability: int, value: int) -> int:
        """Encode a bin and return it; probability: that of a 1, 1..65535 in units of 2^-16."""
        ones = (self._range >> PROBABILITY_BITS) * probability
        if value:
            self._range = ones
        else:
            self._low += ones
            self._range -= ones
        self._renormalise()
        return value

    def code_bypass(self, bits: int, value: int) -> int:
        """Encode an equiprobable unsigned integer of 1..16 bits and return it."""
        self.put(value, 1, bits)
        return value

    def code_symbol(self, cumulative: Sequence[int], symbol: int) -> int:
        """Encode a symbol and return it; cumulative: as for ArithmeticDecoder."""
        start = cumulative[symbol]
        self.put(start, cumulative[symbol + 1] - start, PROBABILITY_BITS)
        return symbol

    def put(self, start: int, size: int, bits: int) -> None:
        """Narrow the interval to frequencies start..start + size - 1 of 2^bits."""
        unit = self._range >> bits
        self._low += unit * start
        last = start + size == 1 << bits
        self._range = self._range - unit * start if last else unit * size
        self._renormalise()

    def finish(self) -> bytes:
        """Return the shortest bytes in the final interval that do not end with a zero byte.

        Source: specification, clause 11.2.7.
        """
        end = self._low + self._range
        for extra_bytes in (0, 1, 2):
            unit = 1 << (RANGE_BITS - 8 * extra_bytes)
            first = -(-self._low // unit) * unit
            for value in (first, first + unit):
                ended = self._ended(value, extra_bytes)
                if value < end and not ended.endswith(b"\0"):
                    return ended
        raise RuntimeError("an interval of 2^24 or more holds an ending of two bytes")

    def _ended(self, value: int, extra_bytes: int) -> bytes:
        """The bytes so far, continued by the first bytes of a value of the window."""
        tail = (value % _WINDOW >> (RANGE_BITS - 8 * extra_bytes)).to_bytes(extra_bytes, "big")
        carry = value // _WINDOW
        if not carry:
            return bytes(self._bytes) + tail
        whole = int.from_bytes(self._bytes, "big") + carry
        return whole.to_bytes(len(self._bytes) + 1, "big")[1:] + tail

    def _carry(self) -> None:
        position = len(self._bytes) - 1
        while self._bytes[position] == 0xFF:
            self._bytes[position] = 0
            position -= 1
        self._bytes[position] += 1

    def _renormalise(self) -> None:
        if self._low >= _WINDOW:
            self._low -= _WINDOW
            self._carry()
        while self._range < RENORMALISATION_LIMIT:
            self._bytes.append(self._low >> 24)
            self._low = self._low << 8 & _WINDOW - 1
            self._range <<= 8

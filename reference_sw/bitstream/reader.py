"""SyntaxReader: the reading side of SyntaxCoder.

Source: reference_sw/specification, clause 1.4.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.syntax import Element, SyntaxCoder
from reference_sw.bitstream.trace import Trace

MAX_PREFIX_ZEROS = 31


class SyntaxReader(SyntaxCoder):
    """Reads elements from bytes that are free of emulation prevention.

    start and end: bits of `data` between which elements are read; positions are absolute.
    """

    writing = False

    def __init__(
        self, data: bytes, trace: Trace | None = None, *, start: int = 0, end: int | None = None
    ) -> None:
        super().__init__(trace)
        self._data = data
        self._position = start
        self._end = len(data) * 8 if end is None else end

    @property
    def position(self) -> int:
        return self._position

    @property
    def bits_left(self) -> int:
        """Bits not yet read."""
        return self._end - self._position

    def more_rbsp_data(self) -> bool:
        """Whether more than the trailing bits remains.  Source: ITU-T H.266, 7.2."""
        return self._position < self._last_one_bit

    @cached_property
    def _last_one_bit(self) -> int:
        """Position of the last 1 bit before the end, -1 when there is none."""
        rest = self._data[: (self._end + 7) >> 3].rstrip(b"\0")
        if not rest:
            return -1
        return len(rest) * 8 - (rest[-1] & -rest[-1]).bit_length()

    def _integer(self, kind: str, bits: int, element: Element) -> int:
        start = self._position
        if kind in ("u", "f"):
            value = self._bits(bits, element)
        else:
            code = self._exp_golomb(element)
            value = code if kind == "ue" else (code + 1 >> 1) * (1 if code & 1 else -1)
        try:
            element.check(value, start)
        except BitstreamError:
            self._position = start
            raise
        if kind != "f":
            element.set(value)
        descriptor = f"{kind}({bits})" if bits else f"{kind}(v)"
        self._note(element, start, descriptor, value)
        return value

    def st(self, s: Any, name: str, *, max_bytes: int) -> str:
        element = Element(s, name, (), 0, 0)
        start = self._position
        text = bytearray()
        while (byte := self._bits(8, element)) != 0:
            text.append(byte)
            if len(text) > max_bytes:
                raise self._fault(element, start, f"shall have at most {max_bytes} bytes")
        try:
            value = text.decode("utf-8")
        except UnicodeDecodeError as problem:
            raise self._fault(element, start, "shall be UTF-8") from problem
        element.set(value)
        self._note(element, start, "st(v)", value)
        return value

    def byte_string(self, s: Any, name: str, length: int) -> bytes:
        element = Element(s, name, (), 0, 0)
        start = self._position
        if length * 8 > self.bits_left:
            raise self._ended(element, length * 8)
        if start % 8 == 0:
            value = bytes(self._data[start >> 3 : (start >> 3) + length])
            self._position += 8 * length
        else:
            value = self._bits(8 * length, element).to_bytes(length, "big")
        element.set(value)
        self._note(element, start, "b(8)", value)
        return value

    def byte_string_to_end(self, s: Any, name: str, *, min_length: int = 0) -> bytes:
        if self._position % 8 or self.bits_left % 8:
            raise self._fault(Element(s, name, (), 0, 0), self._position, "shall be byte-aligned")
        length = self.bits_left // 8
        if length < min_length:
            raise self._ended(Element(s, name, (), 0, 0), min_length * 8)
        return self.byte_string(s, name, length)

    def infer(self, s: Any, name: str, value: Any, *index: int) -> None:
        Element(s, name, index, 0, 0).set(value)

    def end_of_structure(self, s: Any) -> None:
        if self.bits_left:
            raise BitstreamError(
                f"{type(s).__name__} at bit {self._position}: {self.bits_left} bits after its end"
            )

    def bounded(self, s: Any, length: int) -> SyntaxReader:
        element = Element(s, "payload", (), 0, 0)
        if 8 * length > self.bits_left:
            raise self._ended(element, 8 * length)
        start = self._position
        self._position += 8 * length
        return SyntaxReader(self._data, self.trace, start=start, end=self._position)

    def scratch(self) -> SyntaxReader:
        raise TypeError("a reader has no scratch writer")

    def payload_extension(self, s: Any, start: int) -> None:
        if self.bits_left == 0 and (self._position - start) % 8 == 0:
            return
        rest = self._bits_at(self._position, self.bits_left)
        if rest == 0:
            raise BitstreamError(
                f"{type(s).__name__} at bit {self._position}: no sei_payload_bit_equal_to_one"
            )
        zeros = (rest & -rest).bit_length() - 1
        if length := self.bits_left - zeros - 1:
            value = self._bits_at(self._position, length)
            s.extension = f"{value:0{length}b}"
            element = Element(s, "sei_reserved_payload_extension_data", (), 0, 0)
            self._position += length
            self._note(element, self._position - length, f"u({length})", value)
        self.fixed(1, s, "sei_payload_bit_equal_to_one", 1)
        while self.bits_left:
            self.fixed(1, s, "sei_payload_bit_equal_to_zero", 0)

    def _bits_at(self, position: int, bits: int) -> int:
        last = (position + bits + 7) >> 3
        window = int.from_bytes(self._data[position >> 3 : last], "big")
        return window >> (last * 8 - position - bits) & ((1 << bits) - 1)

    def _bits(self, bits: int, element: Element) -> int:
        if bits > self._end - self._position:
            raise self._ended(element, bits)
        value = self._bits_at(self._position, bits)
        self._position += bits
        return value

    def _exp_golomb(self, element: Element) -> int:
        start = self._position
        zeros = 0
        while not self._bits(1, element):
            zeros += 1
            if zeros > MAX_PREFIX_ZEROS:
                self._position = start
                raise self._fault(element, start, "Exp-Golomb prefix exceeds 31 zero bits")
        return (1 << zeros) - 1 + self._bits(zeros, element)

    def _ended(self, element: Element, bits: int) -> BitstreamError:
        left = self.bits_left
        return self._fault(element, self._position, f"needs {bits} bits, {left} left")

    @staticmethod
    def _fault(element: Element, position: int, what: str) -> BitstreamError:
        return BitstreamError(f"{element.owner}.{element.label} at bit {position}: {what}")

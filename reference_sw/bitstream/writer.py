"""SyntaxWriter: the writing side of SyntaxCoder. Decoders do not import it.

Source: reference_sw/specification, clause 1.4.
"""

from __future__ import annotations

from typing import Any

from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.syntax import SE_MAX, UE_MAX, Element, SyntaxCoder
from reference_sw.bitstream.trace import Trace


class SyntaxWriter(SyntaxCoder):
    """Writes elements; `data` gives whole bytes once the position is byte-aligned."""

    writing = True

    def __init__(self, trace: Trace | None = None) -> None:
        super().__init__(trace)
        self._done = bytearray()
        self._pending = 0
        self._pending_bits = 0

    @property
    def position(self) -> int:
        return len(self._done) * 8 + self._pending_bits

    @property
    def data(self) -> bytes:
        """The bytes written; BitstreamError when the position is not byte-aligned."""
        if self._pending_bits:
            raise BitstreamError(f"{self.position} bits written: shall be a multiple of 8")
        return bytes(self._done)

    def _integer(self, kind: str, bits: int, element: Element) -> int:
        start = self.position
        value = element.low if kind == "f" else element.check(element.get(), start)
        if kind in ("u", "f"):
            self._put(bits, value)
        else:
            self._exp_golomb(value if kind == "ue" else 2 * abs(value) - (value > 0))
        descriptor = f"{kind}({bits})" if bits else f"{kind}(v)"
        self._note(element, start, descriptor, value)
        return value

    def st(self, s: Any, name: str, *, max_bytes: int) -> str:
        element = Element(s, name, (), 0, 0)
        value = element.get()
        if not isinstance(value, str) or "\0" in value or len(value.encode()) > max_bytes:
            raise BitstreamError(
                f"{element.owner}.{name} = {value!r}: shall be text of at most {max_bytes} bytes "
                "without NUL"
            )
        start = self.position
        for byte in value.encode() + b"\0":
            self._put(8, byte)
        self._note(element, start, "st(v)", value)
        return value

    def byte_string(self, s: Any, name: str, length: int) -> bytes:
        element = Element(s, name, (), 0, 0)
        value = element.get()
        if not isinstance(value, bytes) or len(value) != length:
            shown = f"{len(value)} bytes" if isinstance(value, bytes) else repr(value)
            raise BitstreamError(f"{element.owner}.{name} = {shown}: shall be {length} bytes")
        start = self.position
        if self._pending_bits:
            for byte in value:
                self._put(8, byte)
        else:
            self._done += value
        self._note(element, start, "b(8)", value)
        return value

    def byte_string_to_end(self, s: Any, name: str, *, min_length: int = 0) -> bytes:
        element = Element(s, name, (), 0, 0)
        value = element.get()
        if self._pending_bits or not isinstance(value, bytes) or len(value) < min_length:
            raise BitstreamError(
                f"{element.owner}.{name} at bit {self.position}: shall be byte-aligned, "
                f"at least {min_length} bytes"
            )
        return self.byte_string(s, name, len(value))

    def infer(self, s: Any, name: str, value: Any, *index: int) -> None:
        element = Element(s, name, index, 0, 0)
        held = element.get()
        if held != value:
            raise BitstreamError(
                f"{element.owner}.{element.label} = {held!r} at bit {self.position}: "
                f"not coded here, shall be the inferred value {value!r}"
            )

    def end_of_structure(self, s: Any) -> None:
        if self._pending_bits:
            raise BitstreamError(
                f"{type(s).__name__} ends at bit {self.position}: shall be byte-aligned"
            )

    def bounded(self, s: Any, length: int) -> SyntaxWriter:
        return self

    def scratch(self) -> SyntaxWriter:
        return SyntaxWriter()

    def payload_extension(self, s: Any, start: int) -> None:
        if not s.extension and (self.position - start) % 8 == 0:
            return
        if s.extension:
            if set(s.extension) - {"0", "1"}:
                raise BitstreamError(f"{type(s).__name__}.extension: shall be 0s and 1s")
            first = self.position
            value = int(s.extension, 2)
            self._put(len(s.extension), value)
            element = Element(s, "sei_reserved_payload_extension_data", (), 0, 0)
            self._note(element, first, f"u({len(s.extension)})", value)
        self.fixed(1, s, "sei_payload_bit_equal_to_one", 1)
        while (self.position - start) % 8:
            self.fixed(1, s, "sei_payload_bit_equal_to_zero", 0)

    def _put(self, bits: int, value: int) -> None:
        self._pending = self._pending << bits | value
        self._pending_bits += bits
        rest = self._pending_bits & 7
        if self._pending_bits >= 8:
            whole = self._pending >> rest
            self._done += whole.to_bytes(self._pending_bits >> 3, "big")
            self._pending &= (1 << rest) - 1
            self._pending_bits = rest

    def _exp_golomb(self, code: int) -> None:
        if not 0 <= code <= max(UE_MAX, 2 * SE_MAX):
            raise BitstreamError(f"Exp-Golomb code {code}: shall be in 0..{UE_MAX}")
        length = (code + 1).bit_length()
        self._put(2 * length - 1, code + 1)

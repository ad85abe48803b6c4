"""SyntaxCoder: one walk over a syntax structure, given to a reader or to a writer.

Source: reference_sw/specification, clause 1.4 (descriptors).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.trace import Trace, TraceEntry

UE_MAX = 2**32 - 2
SE_MAX = 2**31 - 1


@dataclass(frozen=True)
class Element:
    """A place in a structure, and the values it may hold."""

    structure: Any
    name: str
    index: tuple[int, ...]
    low: int
    high: int

    @property
    def label(self) -> str:
        """Name with its indices, as the trace shows it."""
        return self.name + "".join(f"[{i}]" for i in self.index)

    @property
    def owner(self) -> str:
        """Name of the structure that holds the element."""
        return type(self.structure).__name__

    def get(self) -> Any:
        """Return the value held; BitstreamError when the structure holds none."""
        try:
            value = getattr(self.structure, self.name)
            if not self.index:
                return value
            if isinstance(value, dict):
                return value[self.index]
            for i in self.index:
                value = value[i]
        except (KeyError, IndexError) as problem:
            raise BitstreamError(f"{self.owner}.{self.label}: missing") from problem
        return value

    def set(self, value: Any) -> None:
        """Store a value; a list grows by one when the index is its length."""
        if not self.index:
            setattr(self.structure, self.name, value)
            return
        held = getattr(self.structure, self.name)
        if isinstance(held, dict):
            held[self.index] = value
        elif self.index[0] == len(held):
            held.append(value)
        else:
            held[self.index[0]] = value

    def check(self, value: Any, position: int) -> int:
        """Return the value as int; BitstreamError when it is outside low..high."""
        if not isinstance(value, int):
            raise BitstreamError(
                f"{self.owner}.{self.label} = {value!r} at bit {position}: shall be an integer"
            )
        if not self.low <= value <= self.high:
            allowed = f"{self.low}" if self.low == self.high else f"in {self.low}..{self.high}"
            raise BitstreamError(
                f"{self.owner}.{self.label} = {int(value)} at bit {position}: shall be {allowed}"
            )
        return int(value)


class SyntaxCoder(ABC):
    """Reads or writes syntax elements of dataclass structures, checking ranges in both directions.

    An element is named by its structure, its field and, for array fields, its indices. Array
    fields are lists (one index) or dictionaries keyed by the tuple of indices.
    """

    writing: ClassVar[bool]

    def __init__(self, trace: Trace | None = None) -> None:
        self.trace = trace

    @property
    @abstractmethod
    def position(self) -> int:
        """Bits read or written so far."""

    @abstractmethod
    def _integer(self, kind: str, bits: int, element: Element) -> int: ...

    @abstractmethod
    def st(self, s: Any, name: str, *, max_bytes: int) -> str:
        """st(v): UTF-8 text that ends with a byte 0; at most max_bytes without it."""

    @abstractmethod
    def byte_string(self, s: Any, name: str, length: int) -> bytes:
        """b(8) times length; shall begin byte-aligned or not, as the syntax says."""

    @abstractmethod
    def byte_string_to_end(self, s: Any, name: str, *, min_length: int = 0) -> bytes:
        """b(8) to the end of the structure, from a byte-aligned position."""

    @abstractmethod
    def infer(self, s: Any, name: str, value: Any, *index: int) -> None:
        """An absent element: a reader stores the inferred value, a writer demands it."""

    @abstractmethod
    def end_of_structure(self, s: Any) -> None:
        """The structure fills its unit: a reader refuses bits that are left."""

    @abstractmethod
    def bounded(self, s: Any, length: int) -> SyntaxCoder:
        """A coder for the next `length` bytes; this one goes on behind them."""

    @abstractmethod
    def scratch(self) -> SyntaxCoder:
        """An untraced writer that starts at position 0, to learn the size of a structure."""

    @abstractmethod
    def payload_extension(self, s: Any, start: int) -> None:
        """End of an SEI payload that began at bit `start`: extension bits and alignment.

        s.extension: the extension bits as a text of 0 and 1.
        Source: reference_sw/specification, clause 6.2; ITU-T H.266, annex D.2.1.
        """

    def u(
        self, bits: int, s: Any, name: str, *index: int, min: int = 0, max: int | None = None
    ) -> int:
        """u(n): unsigned integer of n bits, most significant bit first."""
        high = (1 << bits) - 1 if max is None else max
        return self._integer("u", bits, Element(s, name, index, min, high))

    def flag(self, s: Any, name: str, *index: int) -> int:
        """u(1)."""
        return self._integer("u", 1, Element(s, name, index, 0, 1))

    def ue(self, s: Any, name: str, *index: int, min: int = 0, max: int = UE_MAX) -> int:
        """ue(v): unsigned order-0 Exp-Golomb code.  Source: ITU-T H.266, 9.2."""
        return self._integer("ue", 0, Element(s, name, index, min, max))

    def se(self, s: Any, name: str, *index: int, min: int = -SE_MAX, max: int = SE_MAX) -> int:
        """se(v): signed order-0 Exp-Golomb code.  Source: ITU-T H.266, 9.2.2."""
        return self._integer("se", 0, Element(s, name, index, min, max))

    def fixed(self, bits: int, s: Any, name: str, value: int) -> None:
        """f(n): a bit pattern that shall have this value; not stored."""
        self._integer("f", bits, Element(s, name, (), value, value))

    def zero_bits_to_alignment(self, s: Any, name: str) -> None:
        """f(1) = 0 until the position is a multiple of 8."""
        while self.position % 8:
            self.fixed(1, s, name, 0)

    def byte_alignment(self, s: Any) -> None:
        """alignment_bit_equal_to_one, then alignment_bit_equal_to_zero to a multiple of 8."""
        self.fixed(1, s, "alignment_bit_equal_to_one", 1)
        self.zero_bits_to_alignment(s, "alignment_bit_equal_to_zero")

    def rbsp_trailing_bits(self, s: Any) -> None:
        """rbsp_stop_one_bit, then rbsp_alignment_zero_bit to a multiple of 8."""
        self.fixed(1, s, "rbsp_stop_one_bit", 1)
        self.zero_bits_to_alignment(s, "rbsp_alignment_zero_bit")

    def _note(
        self, element: Element, start: int, descriptor: str, value: int | str | bytes
    ) -> None:
        if self.trace is not None:
            bits = self.position - start
            self.trace.add(TraceEntry(start, element.owner, element.label, descriptor, bits, value))

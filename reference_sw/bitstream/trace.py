"""Trace of syntax elements: position, name, descriptor, number of bits and value of each."""

from __future__ import annotations

from dataclasses import dataclass, field

MAX_SHOWN_BYTES = 32


@dataclass(frozen=True)
class TraceEntry:
    """One syntax element as it was read or written.

    position: first bit, counted from the first bit of the NAL unit header (or of the structure
    where there is none) after the removal of emulation prevention bytes.
    """

    position: int
    structure: str
    name: str
    descriptor: str
    bits: int
    value: int | str | bytes

    @property
    def shown(self) -> str:
        """The value as text: integers in decimal, strings quoted, bytes in hexadecimal."""
        if isinstance(self.value, bytes):
            text = self.value[:MAX_SHOWN_BYTES].hex()
            return text + ("..." if len(self.value) > MAX_SHOWN_BYTES else "")
        return repr(self.value) if isinstance(self.value, str) else str(self.value)

    def line(self) -> str:
        """One line: position, name, descriptor, bits, value."""
        return (
            f"{self.position:8d}  {self.name:<52} {self.descriptor:<8} {self.bits:6d}  {self.shown}"
        )

    def as_json(self) -> dict[str, int | str]:
        """The entry as plain data; bytes as hexadecimal text."""
        value = self.value.hex() if isinstance(self.value, bytes) else self.value
        return {
            "position": self.position,
            "structure": self.structure,
            "name": self.name,
            "descriptor": self.descriptor,
            "bits": self.bits,
            "value": value,
        }


@dataclass
class Trace:
    """The elements of one walk, in order."""

    entries: list[TraceEntry] = field(default_factory=list)

    def add(self, entry: TraceEntry) -> None:
        """Append one element."""
        self.entries.append(entry)

"""CompiledDecoding and CompiledEncoding: the engine state that compiled twins go on from.

Source: specification, clause 11.2.
"""

from __future__ import annotations

import numpy as np

from reference_sw.entropy.arithmetic_decoder import check_end, check_position
from reference_sw.entropy.arithmetic_encoder import ArithmeticEncoder
from reference_sw.entropy.engine_kernels import Bytes, Engine

FULL_RANGE = (1 << 32) - 1


class CompiledDecoding:
    """Bytes to decode and how far decoding has come."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.source: Bytes = np.frombuffer(data, np.uint8)
        self.sink: Bytes = np.empty(0, np.uint8)
        offset = min(int.from_bytes(data[:4].ljust(4, b"\0"), "big"), FULL_RANGE - 1)
        self.engine: Engine = (FULL_RANGE, offset, 0)

    def check_position(self) -> None:
        """Raise EntropyError if more bytes were read than the data can end with."""
        check_position(self._data, int(self.engine[2]))

    def finish(self) -> None:
        """Check that the data ended where decoding did; raises EntropyError if not."""
        check_end(self._data, int(self.engine[2]))


class CompiledEncoding:
    """Bytes encoded and how far encoding has come."""

    def __init__(self) -> None:
        self.source: Bytes | None = None
        self.sink: Bytes = np.zeros(1 << 12, np.uint8)
        self.engine: Engine = (FULL_RANGE, 0, 0)

    def reserve(self, size: int) -> None:
        """Make room for at least `size` more bytes."""
        position = self.engine[2]
        if position + size > self.sink.size:
            larger = np.zeros(2 * (position + size), np.uint8)
            larger[:position] = self.sink[:position]
            self.sink = larger

    def finish(self) -> bytes:
        """Return the bytes with the shortest legal ending."""
        width, low, position = (int(field) for field in self.engine)
        return ArithmeticEncoder(self.sink[:position].tobytes(), low, width).finish()

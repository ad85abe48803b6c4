"""ArithmeticDecoder: the definition, in plain integers, of arithmetic decoding.

Source: specification, clause 11.2.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from reference_sw.entropy.errors import EntropyError

RANGE_BITS = 32
RENORMALISATION_LIMIT = 1 << 24
PROBABILITY_BITS = 16
MAX_BYPASS_BITS = 16
MAX_END_BYTES = 2


class ArithmeticDecoder:
    """Decodes bins and intervals from a byte string that holds nothing else.

    ivl_range is the width of the current interval, 2^24..2^32 - 1 between calls; ivl_offset is
    the distance of the bitstream from its lower end and always below ivl_range. Any bytes decode;
    `finish` tells whether they were of the right number.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._renormalisations = 0
        self.ivl_range = (1 << RANGE_BITS) - 1
        self.ivl_offset = min(int.from_bytes(data[:4].ljust(4, b"\0"), "big"), self.ivl_range - 1)

    def code_bin(self, probability: int, value: int = 0) -> int:
        """Return the next bin; `value` is ignored, so that decoder and encoder walk one syntax.

        probability: that of a 1, 1..65535 in units of 2^-16.  Source: specification, clause 11.2.3.
        """
        ones = (self.ivl_range >> PROBABILITY_BITS) * probability
        if self.ivl_offset < ones:
            self.ivl_range = ones
            self._renormalise()
            return 1
        self.ivl_offset -= ones
        self.ivl_range -= ones
        self._renormalise()
        return 0

    def code_bypass(self, bits: int, value: int = 0) -> int:
        """Return an equiprobable unsigned integer of 1..16 bits; `value` is ignored.

        Source: specification, clause 11.2.4.
        """
        decoded = self.target(bits)
        self.take(decoded, 1, bits)
        return decoded

    def target(self, bits: int) -> int:
        """The cumulative frequency, 0..2^bits - 1, at which the bitstream points.

        Source: specification, clause 11.2.5.
        """
        return min(self.ivl_offset // (self.ivl_range >> bits), (1 << bits) - 1)

    def take(self, start: int, size: int, bits: int) -> None:
        """Narrow the interval to frequencies start..start + size - 1 of 2^bits.

        Source: specification, clause 11.2.5.
        """
        unit = self.ivl_range >> bits
        self.ivl_offset -= unit * start
        last = start + size == 1 << bits
        self.ivl_range = self.ivl_range - unit * start if last else unit * size
        self._renormalise()

    def code_symbol(self, cumulative: Sequence[int], symbol: int = 0) -> int:
        """Return the next symbol; `symbol` is ignored.

        cumulative: strictly increasing from 0 to 2^16; symbol s has the frequencies from
        cumulative[s] up to cumulative[s + 1] - 1.  Source: specification, clause 11.2.5.
        """
        decoded = bisect_right(cumulative, self.target(PROBABILITY_BITS)) - 1
        start = cumulative[decoded]
        self.take(start, cumulative[decoded + 1] - start, PROBABILITY_BITS)
        return decoded

    def check_position(self) -> None:
        """Raise EntropyError if more bytes were read than the data can end with.

        Called between pictures, so that the work is bounded by the bytes, whatever is announced.
        """
        check_position(self._data, self._renormalisations)

    def finish(self) -> None:
        """Check that the data ended where decoding did.

        Raises EntropyError if bytes were missing, left over or followed by a zero byte.
        Source: specification, clause 11.2.7.
        """
        check_end(self._data, self._renormalisations)

    def _renormalise(self) -> None:
        while self.ivl_range < RENORMALISATION_LIMIT:
            position = 4 + self._renormalisations
            following = self._data[position] if position < len(self._data) else 0
            self.ivl_range <<= 8
            self.ivl_offset = self.ivl_offset << 8 | following
            self._renormalisations += 1


def check_position(data: bytes, needed: int) -> None:
    """Raise EntropyError if a decoder that renormalised `needed` times has passed the end."""
    if needed > len(data):
        raise EntropyError(
            f"arithmetic coded data of {len(data)} bytes: its values take at least {needed} bytes"
        )


def check_end(data: bytes, needed: int) -> None:
    """Raise EntropyError unless `data` is what a decoder that renormalised `needed` times takes."""
    if not needed <= len(data) <= needed + MAX_END_BYTES:
        raise EntropyError(
            f"arithmetic coded data of {len(data)} bytes: its values take "
            f"{needed}..{needed + MAX_END_BYTES} bytes"
        )
    if data.endswith(b"\0"):
        raise EntropyError("arithmetic coded data ends with a zero byte, shall end with another")

"""ContextModel: the adaptive two-window estimate of the probability that a bin is 1.

Source: specification, clause 11.2.2; the windows are those of ITU-T H.266, 9.3.4.3.2.
"""

from __future__ import annotations

from reference_sw.entropy.errors import EntropyError

FAST_BITS = 10
SLOW_BITS = 14
MAX_COUNT = 1023
MIN_PROBABILITY = 64


class ContextModel:
    """One context: a fast window of 10 bits, a slow one of 14, their rates and a bin count.

    Until a window has seen about as many bins as its rate spans, it adapts as fast as a mean.
    """

    __slots__ = ("count", "fast", "fast_shift", "slow", "slow_shift")

    def __init__(self, initial: int, rate: int) -> None:
        """initial: probability of a 1, 1..127 in units of 2^-7; rate: 0..15, as shiftIdx."""
        if not 1 <= initial <= 127 or not 0 <= rate <= 15:
            raise EntropyError(f"context of initial {initial}, rate {rate}: shall be 1..127, 0..15")
        self.fast = initial << (FAST_BITS - 7)
        self.slow = initial << (SLOW_BITS - 7)
        self.fast_shift = 2 + (rate >> 2)
        self.slow_shift = self.fast_shift + 3 + (rate & 3)
        self.count = 0

    @property
    def state(self) -> int:
        """Sum of the windows: probability of a 1, 0..32751 in units of 2^-15."""
        return 16 * self.fast + self.slow

    @property
    def probability(self) -> int:
        """Probability of a 1, 64..65472 in units of 2^-16.

        >>> ContextModel(64, 0).probability
        32769
        """
        return min(max(2 * self.state + 1, MIN_PROBABILITY), (1 << 16) - MIN_PROBABILITY)

    def update(self, value: int) -> None:
        """Move both windows towards the bin.  Source: specification, clause 11.2.2."""
        start = (self.count + 1).bit_length()
        fast, slow = min(self.fast_shift, start), min(self.slow_shift, start)
        self.fast += (1023 * value >> fast) - (self.fast >> fast)
        self.slow += (16383 * value >> slow) - (self.slow >> slow)
        self.count = min(self.count + 1, MAX_COUNT)

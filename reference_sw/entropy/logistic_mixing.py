"""Logistic mixing of context estimates in exact integers: stretch, squash and the Mixer.

Source: specification, clause 10.5.
"""

from __future__ import annotations

from collections.abc import Sequence

# squash at (i - 32) / 4 for i = 32..64: round(65536 / (1 + exp(-(i - 32) / 4))), as data so that
# no implementation evaluates an exponential.
_UPPER_HALF = (
    32768,
    36843,
    40793,
    44511,
    47911,
    50941,
    53581,
    55834,
    57724,
    59287,
    60565,
    61598,
    62428,
    63090,
    63615,
    64030,
    64357,
    64614,
    64816,
    64974,
    65097,
    65194,
    65269,
    65328,
    65374,
    65410,
    65438,
    65459,
    65476,
    65489,
    65500,
    65508,
    65514,
)
SQUASH_TABLE: tuple[int, ...] = (
    *(65536 - value for value in reversed(_UPPER_HALF[1:])),
    *_UPPER_HALF,
)
STRETCH_LIMIT = 2047
WEIGHT_BITS = 16
MIN_WEIGHT, MAX_WEIGHT = -65536, 131071
LEARNING_RATE = 3
MIN_PROBABILITY = 32


def squash(x: int) -> int:
    """Probability, 22..65514 in units of 2^-16, of a log-odds of -2047..2047 in units of 2^-8.

    >>> squash(0), squash(256), squash(-256)
    (32768, 47911, 17625)

    Source: specification, clause 10.5.2.
    """
    position, fraction = (x + 2048) >> 6, (x + 2048) & 63
    low, high = SQUASH_TABLE[position], SQUASH_TABLE[position + 1]
    return (low * (64 - fraction) + high * fraction + 32) >> 6


def _stretch_table() -> tuple[int, ...]:
    table, x = [], -STRETCH_LIMIT
    for index in range(1 << 12):
        while x < STRETCH_LIMIT and squash(x) < 16 * index + 8:
            x += 1
        table.append(x)
    return tuple(table)


STRETCH_TABLE: tuple[int, ...] = _stretch_table()
"""Log-odds, -2047..2047 in units of 2^-8, of a probability 0..4095 in units of 2^-12: the least x
with squash( x ) >= 16 * probability + 8.  Source: specification, clause 10.5.1."""


class Mixer:
    """Weights of one kind of bin, which learn how far each estimate is to be trusted."""

    __slots__ = ("_inputs", "_probability", "weights")

    def __init__(self, num_inputs: int) -> None:
        self.weights = [(1 << WEIGHT_BITS) * 8 // (5 * num_inputs)] * num_inputs
        self._inputs: list[int] = []
        self._probability = 0

    def mix(self, states: Sequence[int]) -> int:
        """Return the probability of a 1, 32..65504 in units of 2^-16.

        states: the estimates, 0..32751 in units of 2^-15.  Source: specification, clause 10.5.2.
        """
        self._inputs = [STRETCH_TABLE[state >> 3] for state in states]
        total = sum(w * x for w, x in zip(self.weights, self._inputs, strict=True))
        odds = min(max(total >> WEIGHT_BITS, -STRETCH_LIMIT), STRETCH_LIMIT)
        self._probability = min(max(squash(odds), MIN_PROBABILITY), 65536 - MIN_PROBABILITY)
        return self._probability

    def update(self, value: int) -> None:
        """Move the weights of the last mix towards the bin.  Source: clause 10.5.3."""
        error = (value << 16) - self._probability
        for i, x in enumerate(self._inputs):
            step = (x * error * LEARNING_RATE + (1 << 15)) >> 16
            self.weights[i] = min(max(self.weights[i] + step, MIN_WEIGHT), MAX_WEIGHT)

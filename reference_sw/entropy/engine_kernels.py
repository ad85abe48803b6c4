"""Compiled twins of ArithmeticDecoder, ArithmeticEncoder and ContextModel.

An engine is (width, offset, position): ivlRange; the offset of the data when decoding or the low
end of the interval when encoding; the bytes that renormalisation has read or written. It travels
through local variables, which the compiler keeps in registers. `source` holds the bytes to decode
and is None when encoding into `sink`; the compiler makes one function of each. Values given are
ignored when decoding, so that one walk serves both directions. Clauses: those of the definitions.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from reference_sw.entropy.compiled import compiled

Integers = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]
Source = Bytes | None
Engine = tuple[int, int, int]

FAST, SLOW, COUNT = 0, 1, 2


@compiled
def refilled(width: int, offset: int, position: int, source: Bytes) -> Engine:
    """Decoding: bytes are read until the width is 2^24 or more.  Clause 11.2.6."""
    while width < 1 << 24:
        following = int(source[position + 4]) if position + 4 < source.size else 0
        offset = offset << 8 | following
        width <<= 8
        position += 1
    return width, offset, position


@compiled
def emptied(width: int, offset: int, position: int, sink: Bytes) -> Engine:
    """Encoding: a carry and then bytes are written until the width is 2^24 or more."""
    if offset >= 1 << 32:
        offset -= 1 << 32
        carry = position - 1
        while sink[carry] == 255:
            sink[carry] = 0
            carry -= 1
        sink[carry] += 1
    while width < 1 << 24:
        sink[position] = offset >> 24
        offset = offset << 8 & 0xFFFFFFFF
        width <<= 8
        position += 1
    return width, offset, position


@compiled
def code_bin(
    engine: Engine, source: Source, sink: Bytes, probability: int, value: int
) -> tuple[Engine, int]:
    """Code one bin; probability: that of a 1, in units of 2^-16.  Clause 11.2.3."""
    width, offset, position = engine
    ones = (width >> 16) * probability
    if source is None:
        offset += 0 if value else ones
        width = ones if value else width - ones
        return emptied(width, offset, position, sink), value
    coded = int(offset < ones)
    offset -= 0 if coded else ones
    width = ones if coded else width - ones
    return refilled(width, offset, position, source), coded


@compiled
def code_interval(
    engine: Engine, source: Source, sink: Bytes, start: int, size: int, bits: int
) -> Engine:
    """Narrow the interval to frequencies start..start + size - 1 of 2^bits.  Clause 11.2.5."""
    width, offset, position = engine
    unit = width >> bits
    width = width - unit * start if start + size == 1 << bits else unit * size
    if source is None:
        return emptied(width, offset + unit * start, position, sink)
    return refilled(width, offset - unit * start, position, source)


@compiled
def code_bypass(
    engine: Engine, source: Source, sink: Bytes, bits: int, value: int
) -> tuple[Engine, int]:
    """Code an equiprobable unsigned integer of 1..16 bits.  Clause 11.2.4."""
    coded = value
    if source is not None:
        coded = min(engine[1] // (engine[0] >> bits), (1 << bits) - 1)
    return code_interval(engine, source, sink, coded, 1, bits), coded


@compiled
def learn(contexts: Integers, index: int, fast_shift: int, slow_shift: int, value: int) -> None:
    """Move both windows of a context towards the bin.  Clause 11.2.2."""
    fast, slow, count = contexts[index, FAST], contexts[index, SLOW], contexts[index, COUNT]
    if count < 1023:
        start = 1
        while (count + 1) >> start:
            start += 1
        fast_shift, slow_shift = min(fast_shift, start), min(slow_shift, start)
        contexts[index, COUNT] = count + 1
    contexts[index, FAST] = fast + (1023 * value >> fast_shift) - (fast >> fast_shift)
    contexts[index, SLOW] = slow + (16383 * value >> slow_shift) - (slow >> slow_shift)


@compiled
def estimate(contexts: Integers, index: int) -> int:
    """Probability of a 1, 64..65472 in units of 2^-16.  Clause 11.2.2."""
    state = 16 * int(contexts[index, FAST]) + int(contexts[index, SLOW])
    return min(max(2 * state + 1, 64), 65536 - 64)

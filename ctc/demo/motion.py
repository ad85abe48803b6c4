"""Movement over time: tracks of keyframes, and speech as a track of mouth openings."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from ctc.demo.fixed_point import ONE


@dataclass(frozen=True)
class Track:
    """Integer values at rising frames; between two, a cubic (Catmull-Rom); outside, the end's."""

    keys: tuple[tuple[int, int], ...]

    def at(self, frame: int) -> int:
        """Return the value at a frame."""
        keys = self.keys
        index = bisect_right(keys, (frame, 1 << 62)) - 1
        if index < 0:
            return keys[0][1]
        if index >= len(keys) - 1:
            return keys[-1][1]
        (start, a), (end, b) = keys[index], keys[index + 1]
        before = keys[max(index - 1, 0)]
        after = keys[min(index + 2, len(keys) - 1)]
        length = end - start
        slope_a = (b - before[1]) * length * ONE // max(end - before[0], 1)
        slope_b = (after[1] - a) * length * ONE // max(after[0] - start, 1)
        t = (frame - start) * ONE // length
        t2 = t * t // ONE
        t3 = t2 * t // ONE
        h_b = 3 * t2 - 2 * t3
        value = (ONE - h_b) * a + h_b * b
        value += ((t3 - 2 * t2 + t) * slope_a + (t3 - t2) * slope_b) // ONE
        return (value + ONE // 2) // ONE


def wander(seed: int, frames: int, interval: int, reach: int) -> Track:
    """Return a track that drifts between pseudo-random values in -reach..reach, from about 0."""
    keys = [(0, 0)]
    frame, state = interval, seed
    while frame < frames + interval:
        state = _next(state)
        keys.append((frame, (state >> 16) % (2 * reach + 1) - reach))
        state = _next(state)
        frame += interval * 3 // 4 + (state >> 16) % (interval // 2 + 1)
    return Track(tuple(keys))


def speech(seed: int, frames: int, closed: int, opened: int) -> Track:
    """Return mouth openings of syllables, 4 to 7 frames each, with a pause after every few."""
    keys = [(0, closed)]
    frame, state, left = 3, seed, 5
    while frame < frames:
        state = _next(state)
        strength = 40 + (state >> 16) % 61
        keys.append((frame, closed + (opened - closed) * strength // 100))
        state = _next(state)
        valley = (state >> 16) % 35
        frame += 2 + (state >> 24) % 2
        keys.append((frame, closed + (opened - closed) * valley // 100))
        frame += 2 + (state >> 26) % 2
        left -= 1
        if left == 0:
            keys.append((frame, closed))
            frame += 5 + (state >> 20) % 5
            keys.append((frame, closed))
            frame += 3
            left = 4 + (state >> 22) % 4
    return Track(tuple(keys))


def blinks(*starts: int) -> Track:
    """Return eyelid positions 0 (open) to ONE (shut): 2 frames down, 1 shut, 4 up."""
    keys: list[tuple[int, int]] = [(-1, 0)]
    for start in starts:
        keys += [(start, 0), (start + 2, ONE), (start + 3, ONE), (start + 7, 0)]
    return Track(tuple(keys))


def _next(state: int) -> int:
    """Return the next state of a 32-bit linear congruential generator (Numerical Recipes)."""
    return (1664525 * state + 1013904223) & 0xFFFFFFFF

"""Places of axis marks: round numbers on linear axes, 1-2-5 steps on logarithmic ones."""

from __future__ import annotations

import math


def linear_ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Return round values within [low, high], about `count` of them.

    >>> linear_ticks(28.3, 41.9)
    [30.0, 32.5, 35.0, 37.5, 40.0]
    """
    if not high > low:
        return [low]
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * s for s in (1, 2, 2.5, 5, 10) if power * s >= rough * 0.85)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [float(f"{n * step:.12g}") for n in range(first, last + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """Return 1-2-5 values within [low, high]; linear ones when the range holds fewer than three.

    >>> log_ticks(8, 130)
    [10.0, 20.0, 50.0, 100.0]
    """
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1,) if len(decades) > 5 else (1, 2, 5)
    found = [s * 10.0**d for d in decades for s in steps if low <= s * 10.0**d <= high]
    return found if len(found) >= 3 else linear_ticks(low, high, 4)


def tick_label(value: float) -> str:
    """Return the value as short text without an exponent for usual sizes.

    >>> tick_label(2500.0), tick_label(0.05)
    ('2500', '0.05')
    """
    return f"{value:.6g}"


def padded(low: float, high: float, share: float = 0.06) -> tuple[float, float]:
    """Return the range widened on both sides, never empty.

    >>> padded(30.0, 40.0, 0.1)
    (29.0, 41.0)
    """
    room = (high - low) * share or max(abs(high) * share, 1e-6)
    return low - room, high + room

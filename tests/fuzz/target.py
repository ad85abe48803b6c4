"""What a fuzz target is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

VVC_PICTURE = [bytes([0, 0x79, 1, 2, 3]), bytes([0, 0x81, 4]), bytes([0, 0x39, 0xC4, 1])]
"""Units that begin like an SPS, a PPS and an IDR slice of VVC, for the units around SEI."""


@dataclass(frozen=True)
class Target:
    """One reader: `run` shall return or raise one of `errors` for any bytes."""

    run: Callable[[bytes], None]
    errors: tuple[type[Exception], ...]
    seeds: Callable[[], list[bytes]]

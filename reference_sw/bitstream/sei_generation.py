"""Which generation of the generative face video syntax a stream uses.

Source: reference_sw/specification, clause 6.3.
"""

from __future__ import annotations

from enum import IntEnum

from reference_sw.bitstream.errors import BitstreamError

FRACTION_BITS = 32


class SeiGeneration(IntEnum):
    """The two are not bit-compatible; nothing in a stream tells them apart."""

    VTM_23_9 = 1
    VTM_23_12 = 2


GENERATION_NAMES = {
    "vtm-23.12": SeiGeneration.VTM_23_12,
    "vtm-23.9": SeiGeneration.VTM_23_9,
}


def generation_of(name: str) -> SeiGeneration:
    """Return a generation by its name; BitstreamError names the known ones."""
    if name not in GENERATION_NAMES:
        raise BitstreamError(f"SEI syntax {name!r}: shall be one of {sorted(GENERATION_NAMES)}")
    return GENERATION_NAMES[name]


def scaled(magnitude: int, precision: int, sign: int) -> int:
    """Return a sign and magnitude in units of 2**-precision as an integer in units of 2**-32.

    >>> scaled(417, 9, 1) == -(417 << 23)
    True
    """
    value = magnitude << (FRACTION_BITS - precision)
    return -value if sign else value

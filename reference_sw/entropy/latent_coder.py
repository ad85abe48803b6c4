"""Latent coding: the walk over one latent that decoder and encoder share.

Source: specification, clause 11.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from reference_sw.entropy.arithmetic_decoder import MAX_BYPASS_BITS
from reference_sw.entropy.cdf_tables import CdfTable, CdfTables
from reference_sw.entropy.errors import EntropyError

MAX_ESCAPE_PREFIX = 20
MAX_ESCAPE = (1 << (MAX_ESCAPE_PREFIX + 1)) - 2
"""Largest distance of a latent from the nearer end of its table."""

Latents = npt.NDArray[np.int32]


class SymbolCoder(Protocol):
    """An arithmetic decoder, which ignores the values given, or an encoder, which returns them."""

    def code_symbol(self, cumulative: Sequence[int], symbol: int) -> int: ...

    def code_bypass(self, bits: int, value: int) -> int: ...


def code_latent(coder: SymbolCoder, table: CdfTable, value: int) -> int:
    """Code one latent by its table and return it.  Source: specification, clause 11.4.2."""
    inside = 0 <= value - table.first_value < table.escape
    symbol = value - table.first_value if inside else table.escape
    symbol = coder.code_symbol(table.cumulative, symbol)
    if symbol < table.escape:
        return table.first_value + symbol
    end = table.first_value + table.escape
    if coder.code_bypass(1, int(value < table.first_value)):
        return table.first_value - 1 - _code_distance(coder, table.first_value - 1 - value)
    return end + _code_distance(coder, value - end)


def _code_distance(coder: SymbolCoder, distance: int) -> int:
    """Exp-Golomb code of order 0 in bypass bins.  Source: specification, clause 11.4.3."""
    length = max(distance + 1, 1).bit_length() - 1
    prefix = 0
    while prefix < MAX_ESCAPE_PREFIX and coder.code_bypass(1, int(prefix < length)):
        prefix += 1
    low_bits = min(prefix, MAX_BYPASS_BITS)
    suffix = distance + 1 - (1 << length)
    high = 0
    if prefix > low_bits:
        high = coder.code_bypass(prefix - low_bits, suffix >> low_bits)
    low = coder.code_bypass(low_bits, suffix & (1 << low_bits) - 1) if low_bits else 0
    return (1 << prefix) - 1 + (high << low_bits | low)


def checked_indices(tables: CdfTables, indices: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """Return the table indices, any shape, as int64; raises EntropyError for one that is none."""
    flat = np.asarray(indices, np.int64)
    if flat.size and not (flat.min() >= 0 and flat.max() < len(tables.tables)):
        outside = flat[(flat < 0) | (flat >= len(tables.tables))].flat[0]
        raise EntropyError(f"CDF table index {outside}: shall be in 0..{len(tables.tables) - 1}")
    return flat


def check_latents(
    tables: CdfTables, indices: npt.NDArray[np.int64], latents: npt.NDArray[np.integer]
) -> None:
    """Raise EntropyError if a latent cannot be coded by its table or the shapes differ."""
    if latents.shape != indices.shape or latents.dtype.kind not in "iu":
        raise EntropyError(
            f"latents {latents.dtype}{list(latents.shape)}: shall be integers {list(indices.shape)}"
        )
    first = np.array([t.first_value for t in tables.tables], np.int64)[indices]
    size = np.array([t.escape for t in tables.tables], np.int64)[indices]
    distance = np.maximum(first - 1 - latents, latents - first - size)
    if distance.size and distance.max() > MAX_ESCAPE:
        value = latents.flat[int(distance.argmax())]
        raise EntropyError(f"latent {value}: shall be within {MAX_ESCAPE + 1} of its table")

"""CdfTables: the integer probability tables by which latents are coded.

Source: specification, clause 11.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from reference_sw.entropy.errors import EntropyError

TOTAL = 1 << 16
MAX_TABLES = 4096
MAX_SYMBOLS = 4096
MAX_FIRST_VALUE = 1 << 15


@dataclass(frozen=True)
class CdfTable:
    """One table: cumulative[0] = 0 < cumulative[1] < ... < cumulative[n] = 65536.

    Symbols 0..n - 2 are the values first_value, first_value + 1, ...; symbol n - 1 is the escape
    for all others. n: 2..4096; first_value: -32768..32768.
    """

    first_value: int
    cumulative: tuple[int, ...]

    def __post_init__(self) -> None:
        if not -MAX_FIRST_VALUE <= self.first_value <= MAX_FIRST_VALUE:
            raise EntropyError(
                f"CDF table: first_value {self.first_value}: shall be in +-{MAX_FIRST_VALUE}"
            )
        if not 2 <= self.escape + 1 <= MAX_SYMBOLS:
            raise EntropyError(
                f"CDF table of {self.escape + 1} symbols: shall be in 2..{MAX_SYMBOLS}"
            )
        if self.cumulative[0] != 0 or self.cumulative[-1] != TOTAL:
            raise EntropyError(
                f"CDF table from {self.cumulative[0]} to {self.cumulative[-1]}: "
                f"shall be from 0 to {TOTAL}"
            )
        for index, (low, high) in enumerate(pairwise(self.cumulative)):
            if high <= low:
                raise EntropyError(
                    f"CDF table: cumulative[{index + 1}] = {high}: shall be above {low}"
                )

    @property
    def escape(self) -> int:
        """The last symbol, which announces a value outside the table."""
        return len(self.cumulative) - 2


def table_from_frequencies(first_value: int, frequencies: Sequence[int]) -> CdfTable:
    """Return the table of integer frequencies that sum to 65536, each at least 1, escape last.

    >>> table_from_frequencies(-1, (16384, 32768, 16383, 1)).cumulative
    (0, 16384, 49152, 65535, 65536)
    """
    cumulative = [0]
    for frequency in frequencies:
        cumulative.append(cumulative[-1] + frequency)
    return CdfTable(first_value, tuple(cumulative))


@dataclass(frozen=True)
class CdfTables:
    """The tables of a model, 1..4096 of them, chosen for each latent by its index."""

    tables: tuple[CdfTable, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.tables) <= MAX_TABLES:
            raise EntropyError(f"{len(self.tables)} CDF tables: shall be 1..{MAX_TABLES}")

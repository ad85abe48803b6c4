"""Latent coding: round trips with escapes, cost against the ideal, tables and values refused."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_sw.entropy.cdf_tables import CdfTable, CdfTables, table_from_frequencies
from reference_sw.entropy.errors import EntropyError
from reference_sw.entropy.latent_coder import MAX_ESCAPE
from reference_sw.entropy.latent_decoder import LatentDecoder
from reference_sw.entropy.latent_encoder import LatentEncoder

Array = npt.NDArray[np.int64]


def random_tables(seed: int) -> CdfTables:
    """One to five tables of 2..60 symbols with skewed frequencies."""
    rng = np.random.default_rng(seed)
    tables = []
    for _ in range(rng.integers(1, 6)):
        share = rng.dirichlet(np.full(rng.integers(2, 61), 0.3))
        frequencies = np.maximum(1, np.floor(share * 65000)).astype(int)
        frequencies[int(frequencies.argmax())] += 65536 - frequencies.sum()
        first = int(rng.integers(-40, 41))
        tables.append(table_from_frequencies(first, frequencies.tolist()))
    return CdfTables(tuple(tables))


def random_latents(tables: CdfTables, seed: int, count: int) -> tuple[Array, Array]:
    """Indices and latents, about one in eight of which escapes, some as far as allowed."""
    rng = np.random.default_rng(seed + 1)
    indices = rng.integers(0, len(tables.tables), count)
    first = np.array([t.first_value for t in tables.tables])[indices]
    size = np.array([t.escape for t in tables.tables])[indices]
    latents = first + rng.integers(0, size)
    far = rng.choice([1, 2, 3, 70, 66000, MAX_ESCAPE + 1], count)
    escapes = rng.random(count)
    latents = np.where(escapes < 0.06, first - far, latents)
    return indices, np.where(escapes > 0.94, first + size - 1 + far, latents)


@given(st.integers(0, 2**32), st.integers(0, 200))
@settings(max_examples=50, deadline=None)
def test_round_trip(seed: int, count: int) -> None:
    tables = random_tables(seed)
    indices, latents = random_latents(tables, seed, count)
    encoder = LatentEncoder(tables)
    encoder.encode(indices, latents)
    data = encoder.finish()
    decoder = LatentDecoder(tables, data)
    half = count // 2
    assert np.array_equal(decoder.decode(indices[:half]), latents[:half])
    assert np.array_equal(decoder.decode(indices[half:]), latents[half:])
    decoder.finish()


def test_cost_is_that_of_the_frequencies() -> None:
    """20,000 latents drawn from a table: within 0.1 % and three bytes of their information."""
    table = table_from_frequencies(-2, (3000, 9000, 41000, 9535, 3000, 1))
    rng = np.random.default_rng(4)
    share = np.diff(table.cumulative)[:-1] / 65535
    latents = rng.choice(5, 20_000, p=share) - 2
    ideal = -np.log2(np.diff(table.cumulative)[latents + 2] / 65536).sum() / 8
    encoder = LatentEncoder(CdfTables((table,)))
    encoder.encode(np.zeros(20_000, int), latents)
    size = len(encoder.finish())
    assert ideal <= size <= 1.001 * ideal + 3


def test_escape_worked_by_hand() -> None:
    """Table of values 0 and 1 (1/4, 1/2) and escape 1/4; the value 4 lies 2 above the end.

    The escape has [3/4, 1); bypass 0 (above the table) leaves [3/4, 7/8); distance 2 is prefix 1, 0
    and suffix 1: [13/16, 7/8), [13/16, 27/32), [53/64, 27/32). 53/64 is D4 of 100, hexadecimal.
    """
    tables = CdfTables((table_from_frequencies(0, (16384, 32768, 16384)),))
    encoder = LatentEncoder(tables)
    encoder.encode(np.array([0]), np.array([4]))
    data = encoder.finish()
    assert data == b"\xd4"
    assert LatentDecoder(tables, data).decode(np.array([0])).tolist() == [4]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CdfTable(0, (0, 65536)), "of 1 symbols: shall be in 2..4096"),
        (lambda: CdfTable(0, tuple(range(4098))), "of 4097 symbols"),
        (lambda: CdfTable(0, ()), "shall be in 2..4096"),
        (lambda: CdfTable(0, (0, 5, 65535)), "from 0 to 65535: shall be from 0 to 65536"),
        (lambda: CdfTable(0, (1, 5, 65536)), "from 1 to 65536"),
        (lambda: CdfTable(0, (0, 9, 9, 65536)), r"cumulative\[2\] = 9: shall be above 9"),
        (lambda: CdfTable(40000, (0, 9, 65536)), "first_value 40000"),
        (lambda: CdfTables(()), "0 CDF tables: shall be 1..4096"),
    ],
)
def test_tables_that_are_not_allowed_are_named(make, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(EntropyError, match=message):
        make()


def test_indices_and_latents_that_are_not_allowed_are_named() -> None:
    tables = CdfTables((table_from_frequencies(0, (65535, 1)),))
    with pytest.raises(EntropyError, match=r"CDF table index 1: shall be in 0..0"):
        LatentDecoder(tables, b"").decode(np.array([0, 1]))
    with pytest.raises(EntropyError, match=r"CDF table index -1"):
        LatentEncoder(tables).encode(np.array([-1]), np.array([0]))
    with pytest.raises(EntropyError, match="latent -2097152: shall be within"):
        LatentEncoder(tables).encode(np.array([0]), np.array([-MAX_ESCAPE - 2]))
    with pytest.raises(EntropyError, match=r"latents float64\[1\]: shall be integers \[1\]"):
        LatentEncoder(tables).encode(np.array([0]), np.array([0.5]))

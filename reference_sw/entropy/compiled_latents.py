"""CompiledLatentDecoder and CompiledLatentEncoder: twins of LatentDecoder and LatentEncoder.

Source: specification, clause 11.4.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from reference_sw.entropy.cdf_tables import CdfTables
from reference_sw.entropy.compiled_engine import CompiledDecoding, CompiledEncoding
from reference_sw.entropy.engine_kernels import Integers
from reference_sw.entropy.latent_coder import Latents, check_latents, checked_indices
from reference_sw.entropy.symbol_kernels import code_latents

BYTES_PER_LATENT = 8
"""More than one latent can take: a symbol of at most 16 bits and 42 bypass bits."""

LATENTS_PER_CALL = 1 << 20


class FlatTables:
    """CDF tables as arrays: rows (first_value, escape, place), the frequencies, and a lookup.

    lookup: [tables, 256], the place of the symbol that holds frequency 256 * column.
    """

    def __init__(self, tables: CdfTables) -> None:
        sizes = [len(table.cumulative) for table in tables.tables]
        places = np.cumsum([0, *sizes[:-1]])
        self.cumulative: Integers = np.concatenate(
            [np.array(table.cumulative, np.int64) for table in tables.tables]
        )
        self.rows: Integers = np.array(
            [
                (table.first_value, table.escape, place)
                for table, place in zip(tables.tables, places, strict=True)
            ],
            np.int64,
        )
        steps = np.arange(256) << 8
        self.lookup: Integers = np.array(
            [
                place + np.searchsorted(table.cumulative, steps, side="right") - 1
                for table, place in zip(tables.tables, places, strict=True)
            ],
            np.int64,
        )


class CompiledLatentDecoder:
    """Decodes what LatentDecoder decodes."""

    def __init__(self, tables: CdfTables, data: bytes) -> None:
        self._tables = tables
        self._flat = FlatTables(tables)
        self._coding = CompiledDecoding(data)

    def decode(self, indices: npt.NDArray[np.integer]) -> Latents:
        """Return the next latents, int32 of the shape of `indices`.

        indices: the table of each latent in raster order; raises EntropyError for one that is none.
        """
        checked = checked_indices(self._tables, indices)
        latents = np.zeros(checked.size, np.int32)
        coding, flat = self._coding, self._flat
        coding.engine = code_latents(
            coding.engine,
            coding.source,
            coding.sink,
            flat.rows,
            flat.cumulative,
            flat.lookup,
            checked.ravel(),
            latents,
        )
        return latents.reshape(checked.shape)

    def finish(self) -> None:
        """Check that the latents took all bytes; raises EntropyError if not."""
        self._coding.finish()


class CompiledLatentEncoder:
    """Encodes what LatentEncoder encodes, to the same bytes."""

    def __init__(self, tables: CdfTables) -> None:
        self._tables = tables
        self._flat = FlatTables(tables)
        self._coding = CompiledEncoding()

    def encode(self, indices: npt.NDArray[np.integer], latents: npt.NDArray[np.integer]) -> None:
        """Encode latents, each by the table of its index, in raster order.

        Raises EntropyError for an index that is no table or a latent too far from its table.
        """
        checked = checked_indices(self._tables, indices)
        check_latents(self._tables, checked, latents)
        order, values = checked.ravel(), latents.astype(np.int32).ravel()
        for start in range(0, order.size, LATENTS_PER_CALL):
            part = slice(start, start + LATENTS_PER_CALL)
            self._encode(order[part], values[part])

    def _encode(self, indices: Integers, values: Latents) -> None:
        coding, flat = self._coding, self._flat
        coding.reserve(BYTES_PER_LATENT * values.size)
        coding.engine = code_latents(
            coding.engine,
            coding.source,
            coding.sink,
            flat.rows,
            flat.cumulative,
            flat.lookup,
            indices,
            values,
        )

    def finish(self) -> bytes:
        """Return the bytes."""
        return self._coding.finish()

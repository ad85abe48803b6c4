"""LatentDecoder: latents from arithmetic coded bytes, the definition in plain integers.

Source: specification, clause 11.4.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from reference_sw.entropy.arithmetic_decoder import ArithmeticDecoder
from reference_sw.entropy.cdf_tables import CdfTables
from reference_sw.entropy.latent_coder import Latents, checked_indices, code_latent


class LatentDecoder:
    """Decodes latents in as many calls as their table indices become known in."""

    def __init__(self, tables: CdfTables, data: bytes) -> None:
        self._tables = tables
        self._decoder = ArithmeticDecoder(data)

    def decode(self, indices: npt.NDArray[np.integer]) -> Latents:
        """Return the next latents, int32 of the shape of `indices`.

        indices: the table of each latent in raster order; raises EntropyError for one that is none.
        """
        checked = checked_indices(self._tables, indices)
        tables = self._tables.tables
        values = [code_latent(self._decoder, tables[i], 0) for i in checked.flat]
        return np.array(values, np.int32).reshape(checked.shape)

    def finish(self) -> None:
        """Check that the latents took all bytes; raises EntropyError if not."""
        self._decoder.finish()

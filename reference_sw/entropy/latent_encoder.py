"""LatentEncoder: the inverse of LatentDecoder, by the same walk.

Source: specification, clause 11.4.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from reference_sw.entropy.arithmetic_encoder import ArithmeticEncoder
from reference_sw.entropy.cdf_tables import CdfTables
from reference_sw.entropy.latent_coder import check_latents, checked_indices, code_latent


class LatentEncoder:
    """Encodes latents in as many calls as a decoder will learn their table indices in."""

    def __init__(self, tables: CdfTables) -> None:
        self._tables = tables
        self._encoder = ArithmeticEncoder()

    def encode(self, indices: npt.NDArray[np.integer], latents: npt.NDArray[np.integer]) -> None:
        """Encode latents, each by the table of its index, in raster order.

        Raises EntropyError for an index that is no table or a latent too far from its table.
        """
        checked = checked_indices(self._tables, indices)
        check_latents(self._tables, checked, latents)
        for index, value in zip(checked.flat, latents.flat, strict=True):
            code_latent(self._encoder, self._tables.tables[index], int(value))

    def finish(self) -> bytes:
        """Return the bytes."""
        return self._encoder.finish()

"""nal_unit_header( ) of the native carriage, and a unit with its header.

Source: reference_sw/specification, clause 2.1.
"""

from __future__ import annotations

from dataclasses import dataclass

from reference_sw.bitstream.code_points import UnitType
from reference_sw.bitstream.syntax import SyntaxCoder

HEADER_BYTES = 2
MAX_LAYER_ID = 55
MAX_TEMPORAL_ID = 6


@dataclass
class NalUnitHeader:
    """Two bytes, laid out as in VVC."""

    nuh_layer_id: int = 0
    nal_unit_type: int = UnitType.PARAMETER_SET
    nuh_temporal_id_plus1: int = 1

    @property
    def temporal_id(self) -> int:
        """TemporalId, 0..6."""
        return self.nuh_temporal_id_plus1 - 1


def nal_unit_header(c: SyntaxCoder, nuh: NalUnitHeader) -> None:
    """Clause 2.1."""
    c.fixed(1, nuh, "forbidden_zero_bit", 0)
    c.fixed(1, nuh, "nuh_reserved_zero_bit", 0)
    c.u(6, nuh, "nuh_layer_id", max=MAX_LAYER_ID)
    c.u(5, nuh, "nal_unit_type")
    c.u(3, nuh, "nuh_temporal_id_plus1", min=1)

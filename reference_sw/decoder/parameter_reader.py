"""Decoded parameters of every segment of a native stream, unit by unit.

Source: reference_sw/specification, clauses 4.2 to 4.4.
"""

from __future__ import annotations

from dataclasses import dataclass

from reference_sw.bitstream.key_picture import KeyPicture
from reference_sw.bitstream.native_unit import NativeUnit
from reference_sw.bitstream.parameter_set import ParameterSet
from reference_sw.bitstream.segment import Segment
from reference_sw.decoder.segment_decoder import SegmentDecoder
from reference_sw.entropy.parameter_coder import Values


@dataclass(frozen=True)
class PictureParameters:
    """Quantised parameters of one picture: for each group an array of int64."""

    layer: int
    picture_index: int
    key_picture: bool
    values: tuple[Values, ...]


class ParameterReader:
    """Follows the units of a native stream and decodes its segments.

    Contexts and references are kept for each layer and temporal sub-layer; a parameter set that
    differs from the one it replaces starts them anew.  Source: clause 4.4.
    """

    def __init__(self) -> None:
        self.parameter_sets: dict[tuple[int, int], ParameterSet] = {}
        self._decoders: dict[tuple[int, int, int], SegmentDecoder] = {}
        self._keys: dict[int, set[int]] = {}
        self._next: dict[tuple[int, int], int | None] = {}

    def follow(self, unit: NativeUnit) -> list[PictureParameters]:
        """Take a unit in and return the pictures whose parameters it holds.

        Raises:
            BitstreamError: a missing segment, or a payload that does not decode.
        """
        layer, body = unit.header.nuh_layer_id, unit.body
        if isinstance(body, ParameterSet):
            self._replace(layer, body)
        elif isinstance(body, KeyPicture):
            self._keys.setdefault(layer, set()).add(body.kpu_picture_index)
        elif isinstance(body, Segment):
            return self._segment(layer, unit.header.temporal_id, body)
        return []

    def _replace(self, layer: int, gps: ParameterSet) -> None:
        key = (layer, gps.gps_parameter_set_id)
        if self.parameter_sets.get(key) != gps:
            for stale in [d for d in self._decoders if d[:2] == key]:
                del self._decoders[stale]
        self.parameter_sets[key] = gps

    def _segment(self, layer: int, temporal_id: int, gsu: Segment) -> list[PictureParameters]:
        identifier = gsu.gsu_parameter_set_id
        key = (layer, identifier, temporal_id)
        place = (layer, temporal_id)
        if key not in self._decoders:
            gps = self.parameter_sets[layer, identifier]
            self._decoders[key] = SegmentDecoder(gps)
        decoder = self._decoders[key]
        decoder.next_index = self._next.get(place, None if temporal_id else 0)
        # A layer without key pictures of its own takes those of the base layer.
        keys = self._keys.get(layer, self._keys.get(0, set()))
        pictures = decoder.decode(gsu, keys)
        self._next[place] = decoder.next_index
        return [
            PictureParameters(layer, index, index in keys, values) for index, values in pictures
        ]

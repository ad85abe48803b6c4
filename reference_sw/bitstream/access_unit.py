"""Access units of VVC and HEVC byte streams.

Source: reference_sw/specification, clause 5.3; ITU-T H.266, 7.4.2.4.3; ITU-T H.265, 7.4.2.4.4.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from reference_sw.bitstream.byte_stream import UnitBytes, split_byte_stream
from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.video_codec import VideoCodec


@dataclass
class AccessUnit:
    """The NAL units (header and payload, with emulation prevention) of one access unit."""

    codec: VideoCodec
    units: list[UnitBytes] = field(default_factory=list)

    @property
    def last_vcl(self) -> int:
        """Position in `units` of the last VCL unit; BitstreamError when there is none."""
        for position in range(len(self.units) - 1, -1, -1):
            if self.codec.is_vcl(self.codec.unit_type(self.units[position].data)):
                return position
        raise BitstreamError("access unit without a coded picture")

    @property
    def is_irap(self) -> bool:
        """Whether decoding can begin here: its first picture is an IRAP picture."""
        types = [self.codec.unit_type(unit.data) for unit in self.units]
        return next((t in self.codec.irap_types for t in types if self.codec.is_vcl(t)), False)

    def with_suffix_units(self, units: list[bytes]) -> list[bytes]:
        """Return all units with `units` placed right after the last VCL unit."""
        own = [unit.data for unit in self.units]
        behind = self.last_vcl + 1
        return own[:behind] + units + own[behind:]


def split_access_units(stream: bytes, codec: VideoCodec) -> list[AccessUnit]:
    """Return the access units of a byte stream in decoding order.

    Pictures of higher layers belong to the access unit of the picture before them.

    Raises:
        BitstreamError: a malformed byte stream, or one without any picture.
    """
    found: list[AccessUnit] = []
    current = AccessUnit(codec)
    layer = -1
    for unit in split_byte_stream(stream):
        kind = codec.unit_type(unit.data)
        starts = codec.starts_picture(unit.data)
        unit_layer = codec.layer_id(unit.data)
        boundary = layer >= 0 and (
            (starts and unit_layer <= layer)
            or (codec.may_start_access_unit(kind) and unit_layer <= layer)
        )
        if boundary:
            found.append(current)
            current, layer = AccessUnit(codec), -1
        current.units.append(unit)
        if starts or codec.is_vcl(kind):
            layer = max(layer, unit_layer)
    if layer < 0:
        raise BitstreamError("the last access unit has no coded picture")
    return [*found, current]

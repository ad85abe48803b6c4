"""An SEI NAL unit of VVC or HEVC: header, messages, trailing bits.

Source: reference_sw/specification, clause 6.2; ITU-T H.266, 7.3.2.15; ITU-T H.265, 7.3.2.4.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from reference_sw.bitstream.byte_stream import unescape
from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.nal_unit import NalUnitHeader
from reference_sw.bitstream.reader import SyntaxReader
from reference_sw.bitstream.sei_message import SeiMessage, SeiState, sei_message
from reference_sw.bitstream.syntax import SyntaxCoder
from reference_sw.bitstream.trace import Trace
from reference_sw.bitstream.video_codec import HevcNalUnitHeader, VideoCodec


@dataclass
class SeiUnit:
    """Header and messages."""

    header: NalUnitHeader | HevcNalUnitHeader
    messages: list[SeiMessage] = field(default_factory=list)


def sei_unit(c: SyntaxCoder, unit: SeiUnit, codec: VideoCodec, state: SeiState) -> None:
    """Header, sei_rbsp( ); the state follows the decoded values."""
    codec.walk_header(c, unit.header)
    if isinstance(c, SyntaxReader):
        unit.messages = []
        while not unit.messages or c.more_rbsp_data():
            unit.messages.append(SeiMessage())
            sei_message(c, unit.messages[-1], state)
    else:
        for message in unit.messages:
            sei_message(c, message, state)
    c.rbsp_trailing_bits(unit)
    c.end_of_structure(unit)


def is_sei(data: bytes, codec: VideoCodec) -> bool:
    """Whether a unit is a prefix or suffix SEI unit."""
    return codec.unit_type(data) in (codec.prefix_sei_type, codec.suffix_sei_type)


def read_sei_unit(
    data: bytes, codec: VideoCodec, state: SeiState, trace: Trace | None = None
) -> SeiUnit:
    """Return the SEI unit whose bytes (with emulation prevention) are given.

    Raises:
        BitstreamError: not an SEI unit, or an illegal element.
    """
    if not is_sei(data, codec):
        raise BitstreamError(f"nal_unit_type = {codec.unit_type(data)}: not an SEI unit")
    unit = SeiUnit(codec.header(codec.unit_type(data)))
    sei_unit(SyntaxReader(unescape(data), trace), unit, codec, state)
    return unit

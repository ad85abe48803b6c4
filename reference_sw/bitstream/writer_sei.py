"""Writing SEI NAL units. Decoders do not import it.

Source: reference_sw/specification, clause 6.2.
"""

from __future__ import annotations

from reference_sw.bitstream.byte_stream import escape
from reference_sw.bitstream.sei_message import SeiMessage, SeiState
from reference_sw.bitstream.sei_unit import SeiUnit, sei_unit
from reference_sw.bitstream.trace import Trace
from reference_sw.bitstream.video_codec import VideoCodec
from reference_sw.bitstream.writer import SyntaxWriter


def write_sei_unit(
    messages: list[SeiMessage],
    codec: VideoCodec,
    state: SeiState,
    *,
    prefix: bool = False,
    trace: Trace | None = None,
) -> bytes:
    """Return one SEI unit, with emulation prevention and without start code; suffix by default.

    Raises:
        BitstreamError: an element outside its range.
    """
    kind = codec.prefix_sei_type if prefix else codec.suffix_sei_type
    coder = SyntaxWriter(trace)
    sei_unit(coder, SeiUnit(codec.header(kind), messages), codec, state)
    return escape(coder.data)

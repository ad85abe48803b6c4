"""Placing SEI messages in VVC and HEVC streams. Decoders do not import it.

Source: reference_sw/specification, clause 6.8.
"""

from __future__ import annotations

from collections.abc import Sequence

from reference_sw.bitstream.access_unit import split_access_units
from reference_sw.bitstream.byte_stream import join_byte_stream
from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.sei_message import SeiMessage, SeiState
from reference_sw.bitstream.video_codec import VideoCodec
from reference_sw.bitstream.writer_sei import write_sei_unit


def insert_messages(
    stream: bytes,
    codec: VideoCodec,
    messages: Sequence[Sequence[SeiMessage]],
    state: SeiState,
) -> bytes:
    """Return the stream with messages[n] as suffix SEI units of its n-th access unit.

    Each message has a unit of its own, right behind the last VCL unit, as VTM writes them.

    Raises:
        BitstreamError: fewer access units than lists of messages, or an illegal element.
    """
    units: list[bytes] = []
    access_units = split_access_units(stream, codec)
    if len(messages) > len(access_units):
        raise BitstreamError(
            f"messages for {len(messages)} access units: the stream has {len(access_units)}"
        )
    for number, access_unit in enumerate(access_units):
        own = messages[number] if number < len(messages) else ()
        suffix = [write_sei_unit([message], codec, state) for message in own]
        units += access_unit.with_suffix_units(suffix)
    return join_byte_stream(units, long_first=True)

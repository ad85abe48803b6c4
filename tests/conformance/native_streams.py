"""All native conformance streams."""

from __future__ import annotations

from reference_sw.bitstream.writer_stream import write_native_stream
from tests.conformance import native_families, native_structures
from tests.conformance.stream_parts import STREAMS

MODULES = (native_families, native_structures)


def native_stream(name: str) -> bytes:
    """Return the bytes of a stream by its name."""
    return write_native_stream(STREAMS[name][1]())

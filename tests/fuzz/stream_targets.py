"""Fuzz targets that read whole streams: segments decoded, streams summed up and converted."""

from __future__ import annotations

from functools import cache

from reference_sw.bitstream.byte_stream import join_byte_stream
from reference_sw.bitstream.code_points import KeyPictureCodec
from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.native_stream import read_native_stream
from reference_sw.decoder.parameter_reader import ParameterReader
from reference_sw.decoder.stream_summary import summarise
from reference_sw.encoder.native_to_sei import native_to_sei
from reference_sw.encoder.sei_to_native import sei_to_native
from tests.fuzz.target import VVC_PICTURE, Target
from tests.reference_sw.encoder.test_convert import PARAMETERS, native_stream


@cache
def native_streams() -> tuple[bytes, ...]:
    """A stream of each codec family whose key pictures are three units that begin like VVC's."""
    key = join_byte_stream(VVC_PICTURE, long_first=True)
    return tuple(native_stream(family, key, KeyPictureCodec.VVC) for family in PARAMETERS)


@cache
def sei_streams() -> tuple[bytes, ...]:
    """The same streams as messages."""
    return tuple(native_to_sei(stream) for stream in native_streams())


def _read_segments(data: bytes) -> None:
    reader = ParameterReader()
    for unit in read_native_stream(data):
        for picture in reader.follow(unit):
            if len(picture.values) > 32:
                raise AssertionError("more groups than a parameter set has")


def _summarise(data: bytes) -> None:
    if sum(summarise(data).components.values()) != len(data):
        raise AssertionError("the components do not add up to the stream")


def _to_sei(data: bytes) -> None:
    native_to_sei(data)


def _to_native(data: bytes) -> None:
    sei_to_native(data, pictures_per_segment=3)


STREAM_TARGETS: dict[str, Target] = {
    "segments": Target(_read_segments, (BitstreamError,), lambda: list(native_streams())),
    "summary": Target(_summarise, (BitstreamError,), lambda: list(native_streams()[:3])),
    "native-to-sei": Target(
        _to_sei, (BitstreamError,), lambda: [native_streams()[0], native_streams()[1]]
    ),
    "sei-to-native": Target(
        _to_native, (BitstreamError,), lambda: [sei_streams()[0], sei_streams()[3]]
    ),
}

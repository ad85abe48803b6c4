"""Parts that the native conformance streams are made of, and their register."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from reference_sw.bitstream.code_points import (
    CodecFamily,
    KeyPictureCodec,
    MatrixCoefficients,
    PredictionMode,
)
from reference_sw.bitstream.key_picture import KeyPicture
from reference_sw.bitstream.native_unit import EndOfSequence, NativeUnit
from reference_sw.bitstream.parameter_layout import ParameterLayout
from reference_sw.bitstream.parameter_set import GroupCoding, ParameterSet
from reference_sw.bitstream.sample_format import SampleFormat
from reference_sw.bitstream.writer_stream import unit_of
from reference_sw.encoder.segment_encoder import SegmentEncoder
from reference_sw.entropy.parameter_coder import Values

KEYS = Path(__file__).parent / "key_pictures"
TEN_BIT = SampleFormat(1, 2, MatrixCoefficients.BT709, 0)
Units = list[NativeUnit]
STREAMS: dict[str, tuple[str, Callable[[], Units]]] = {}


def stream(description: str) -> Callable[[Callable[[], Units]], Callable[[], Units]]:
    """Register a stream under the name of the function that makes it."""

    def register(make: Callable[[], Units]) -> Callable[[], Units]:
        STREAMS[make.__name__] = (description, make)
        return make

    return register


def parameter_set(
    family: CodecFamily, layout: ParameterLayout, mode: int = PredictionMode.PREVIOUS
) -> ParameterSet:
    gps = ParameterSet(
        gps_codec_family=family,
        gps_pic_width_minus1=63,
        gps_pic_height_minus1=63,
        output_format=TEN_BIT,
        key_format=TEN_BIT,
        layout=layout,
    )
    gps.groups = [GroupCoding(i, 6 + i, mode) for i in range(len(gps.parameter_groups))]
    return gps


def key(name: str, index: int = 0, *, parameter_set_id: int = 0) -> NativeUnit:
    codec = KeyPictureCodec.HEVC if name.startswith("hevc") else KeyPictureCodec.VVC
    access_unit = (KEYS / f"{name}.bin").read_bytes()
    return unit_of(KeyPicture(parameter_set_id, codec, 1, index, access_unit))


def motion(gps: ParameterSet, pictures: int, seed: int = 1) -> list[tuple[Values, ...]]:
    """Smooth tracks of integers: a start, a slope and small noise, without floating point."""
    state = seed * 2654435761
    found = []
    for n in range(pictures):
        groups: list[Values] = []
        for group in gps.parameter_groups:
            row = []
            for i in range(group.size):
                state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
                noise = {0: -1, 15: 1}.get(state >> 60, 0)
                row.append((37 * i) % 101 - 50 + n * ((i % 5) - 2) + noise)
            groups.append(np.array(row, np.int64))
        found.append(tuple(groups))
    return found


def simple(gps: ParameterSet, pictures: int = 6, per_segment: int = 1) -> Units:
    """Parameter set, key picture 0, segments, end."""
    encoder = SegmentEncoder(gps)
    values = motion(gps, pictures)
    units = [unit_of(gps), key("vvc_a")]
    for first in range(0, pictures, per_segment):
        units.append(unit_of(encoder.encode(values[first : first + per_segment], {0})))
    return [*units, unit_of(EndOfSequence())]

"""Segments: encoder and decoder joined through a written and read stream."""

from __future__ import annotations

import numpy as np
import pytest

from reference_sw.bitstream.code_points import CodecFamily, PredictionMode
from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.key_picture import KeyPicture
from reference_sw.bitstream.native_stream import read_native_stream
from reference_sw.bitstream.parameter_layout import ParameterLayout
from reference_sw.bitstream.parameter_set import GroupCoding, ParameterSet
from reference_sw.bitstream.segment import Segment
from reference_sw.bitstream.writer_stream import unit_of, write_native_stream
from reference_sw.decoder.segment_decoder import SegmentDecoder
from reference_sw.encoder.segment_encoder import SegmentEncoder
from reference_sw.entropy.parameter_coder import Values


def parameter_set(mode: PredictionMode) -> ParameterSet:
    return ParameterSet(
        gps_codec_family=CodecFamily.KEYPOINTS_2D_MATRICES,
        layout=ParameterLayout(pl_num_points_minus1=4),
        groups=[GroupCoding(0, 6, mode), GroupCoding(2, 5, mode)],
    )


def pictures(count: int) -> list[tuple[Values, ...]]:
    source = np.random.default_rng(3)
    start = source.integers(-60, 60, 30)
    steps = source.integers(-2, 3, (count, 30)).cumsum(axis=0)
    return [(row[:10], row[10:]) for row in (start + steps).astype(np.int64)]


def encode(gps: ParameterSet, per_segment: int, key_indices: set[int], reset_at: int) -> bytes:
    encoder = SegmentEncoder(gps)
    units = [unit_of(gps)]
    for first in range(0, 24, per_segment):
        group = range(first, first + per_segment)
        units += [
            unit_of(KeyPicture(kpu_picture_index=i, kpu_access_unit_byte=b"key"))
            for i in sorted(key_indices & set(group))
        ]
        values = pictures(24)[first : first + per_segment]
        units.append(unit_of(encoder.encode(values, key_indices, reset=first == reset_at)))
    return write_native_stream(units)


def decode(stream: bytes) -> list[tuple[Values, ...]]:
    found: list[tuple[Values, ...]] = []
    keys: set[int] = set()
    decoder: SegmentDecoder | None = None
    for unit in read_native_stream(stream):
        if isinstance(unit.body, ParameterSet):
            decoder = SegmentDecoder(unit.body)
        elif isinstance(unit.body, KeyPicture):
            keys.add(unit.body.kpu_picture_index)
        elif isinstance(unit.body, Segment) and decoder is not None:
            for index, values in decoder.decode(unit.body, keys):
                assert index == len(found)
                found.append(values)
    return found


@pytest.mark.parametrize("mode", PredictionMode)
@pytest.mark.parametrize("per_segment", [1, 6, 24])
def test_what_is_encoded_is_decoded(mode: PredictionMode, per_segment: int) -> None:
    stream = encode(parameter_set(mode), per_segment, {0, 7, 12}, reset_at=12)
    for found, expected in zip(decode(stream), pictures(24), strict=True):
        assert [f.tolist() for f in found] == [e.tolist() for e in expected]


def test_contexts_persist_across_segments() -> None:
    gps = parameter_set(PredictionMode.PREVIOUS)
    kept = encode(gps, 6, {0}, reset_at=-1)
    reset = encode(gps, 6, {0}, reset_at=6)
    assert len(kept) < len(reset)


def test_a_missing_segment_is_noticed() -> None:
    gps = parameter_set(PredictionMode.PREVIOUS)
    units = list(read_native_stream(encode(gps, 6, {0}, reset_at=-1)))
    del units[3]
    with pytest.raises(BitstreamError, match="segments are missing"):
        decode(write_native_stream(units))


def test_a_damaged_payload_is_one_clear_error() -> None:
    gps = parameter_set(PredictionMode.PREVIOUS)
    units = list(read_native_stream(encode(gps, 24, {0}, reset_at=-1)))
    body = units[-1].body
    assert isinstance(body, Segment)
    body.gsu_payload_byte = body.gsu_payload_byte[: len(body.gsu_payload_byte) // 2] + b"\1"
    with pytest.raises(BitstreamError, match="Segment of picture 0: "):
        decode(write_native_stream(units))


def test_a_family_without_parameters() -> None:
    gps = ParameterSet(gps_codec_family=CodecFamily.NO_PARAMETERS)
    segment = SegmentEncoder(gps).encode([(), (), ()], {0})
    assert segment.gsu_payload_byte == b""
    assert [index for index, _ in SegmentDecoder(gps).decode(segment, {0})] == [0, 1, 2]
    segment.gsu_payload_byte = b"x"
    with pytest.raises(BitstreamError, match="shall be empty"):
        SegmentDecoder(gps).decode(segment, {0})

"""From generative face video messages in a VVC or HEVC stream to the native carriage.

Source: reference_sw/specification, clauses 6.8 and 6.9.
"""

from __future__ import annotations

from fractions import Fraction

from reference_sw.bitstream.byte_stream import UnitBytes, split_byte_stream
from reference_sw.bitstream.code_points import MatrixCoefficients
from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.gfve_message import EnhancementParameters
from reference_sw.bitstream.native_unit import NativeUnit, UserData
from reference_sw.bitstream.parameter_set import ParameterSet
from reference_sw.bitstream.sample_format import CHROMA_FORMATS, SampleFormat
from reference_sw.bitstream.sei_generation import SeiGeneration
from reference_sw.bitstream.sei_message import SeiMessage, SeiState
from reference_sw.bitstream.video_codec import VideoCodec, detect_codec
from reference_sw.bitstream.video_geometry import read_geometry
from reference_sw.bitstream.writer_sei import write_sei_unit
from reference_sw.bitstream.writer_stream import unit_of, write_native_stream
from reference_sw.decoder.enhancement_mapping import ENHANCEMENT_LAYER, quantised_enhancement
from reference_sw.decoder.face_mapping import layout_of, quantised_values
from reference_sw.decoder.sei_intervals import Rewrite, SeiInterval, read_sei_intervals
from reference_sw.encoder.message_info import message_info, read_message_info
from reference_sw.encoder.segment_encoder import SegmentEncoder


def sei_to_native(
    stream: bytes,
    *,
    generation: SeiGeneration = SeiGeneration.VTM_23_12,
    pictures_per_segment: int = 1,
    frame_rate: Fraction = Fraction(25),
) -> bytes:
    """Return a native stream with the key pictures and parameters of a VVC or HEVC stream.

    pictures_per_segment: 1..4096. frame_rate: used where the stream does not carry a native
    parameter set.

    Raises:
        BitstreamError: a damaged stream, one without messages, or one with several gfv_id.
    """
    codec = detect_codec(split_byte_stream(stream)[0].data)
    intervals = read_sei_intervals(
        stream, generation, with_reserved=True, rewrite=_rewriter(codec, generation)
    )
    if not any(interval.faces for interval in intervals):
        raise BitstreamError("no generative face video message in the stream")
    builder = _NativeBuilder(generation, pictures_per_segment)
    if not any(isinstance(unit.body, ParameterSet) for unit in intervals[0].native):
        gps = _foreign_parameter_set(intervals, codec, stream, frame_rate)
        builder.activate(unit_of(gps), gps)
    for interval in intervals:
        builder.add(interval)
    return write_native_stream(builder.units)


def _rewriter(codec: VideoCodec, generation: SeiGeneration) -> Rewrite:
    state = SeiState(generation)

    def rewrite(unit: UnitBytes, kept: list[SeiMessage]) -> bytes:
        prefix = codec.unit_type(unit.data) == codec.prefix_sei_type
        return write_sei_unit(kept, codec, state, prefix=prefix)

    return rewrite


class _NativeBuilder:
    """Turns access units into native units."""

    def __init__(self, generation: SeiGeneration, per_segment: int) -> None:
        self._generation = generation
        self._per_segment = per_segment
        self._gps: ParameterSet | None = None
        self._encoder: SegmentEncoder | None = None
        self._enhancement: tuple[ParameterSet, SegmentEncoder] | None = None
        self._keys: set[int] = set()
        self._index = 0
        self.units: list[NativeUnit] = []

    def activate(self, unit: NativeUnit, gps: ParameterSet) -> None:
        """Put a parameter set into the stream; a changed one starts new contexts."""
        self.units.append(unit)
        if unit.header.nuh_layer_id:
            if self._enhancement is None or gps != self._enhancement[0]:
                self._enhancement = gps, SegmentEncoder(gps, self._index)
        elif gps != self._gps:
            self._gps = gps
            self._encoder = SegmentEncoder(gps, self._index)

    def add(self, interval: SeiInterval) -> None:
        """Take the next access unit in."""
        behind: list[NativeUnit] = []
        for unit in interval.native:
            if isinstance(unit.body, ParameterSet):
                self.activate(unit, unit.body)
            elif isinstance(unit.body, UserData) and read_message_info(unit.body) is not None:
                self.units.append(unit)
            else:
                behind.append(unit)
        if self._gps is None or self._encoder is None:
            raise BitstreamError("native units without a parameter set")
        if interval.faces:
            info = message_info(interval.faces[0].payload, self._generation)
            self.units += [unit_of(info)] if info is not None else []
        self._keys.add(self._index)
        self.units.append(unit_of(interval.key_picture(self._gps, self._index)))
        self._segments(interval, self._gps, self._encoder)
        self.units += behind

    def _segments(self, interval: SeiInterval, gps: ParameterSet, encoder: SegmentEncoder) -> None:
        values = [quantised_values(gps, face.values) for face in interval.faces]
        # Without a message of gfv_cnt 0 the key picture has no parameters.
        encoder.skip(interval.first_cnt)
        for first in range(0, len(values), self._per_segment):
            window = slice(first, first + self._per_segment)
            self.units.append(unit_of(encoder.encode(values[window], self._keys)))
            self._enhancement_segment(interval.enhancements[window])
        self._index += interval.num_pictures

    def _enhancement_segment(self, messages: list[EnhancementParameters]) -> None:
        if messages and self._enhancement is not None:
            gps, encoder = self._enhancement
            values = [quantised_enhancement(gps, message) for message in messages]
            segment = encoder.encode(values, self._keys)
            self.units.append(unit_of(segment, layer=ENHANCEMENT_LAYER))


def _foreign_parameter_set(
    intervals: list[SeiInterval], codec: VideoCodec, stream: bytes, frame_rate: Fraction
) -> ParameterSet:
    """Clause 6.9.3: a parameter set from the messages and the sequence parameter set."""
    geometry = read_geometry(split_byte_stream(stream), codec)
    family, layout, groups = layout_of([f.values for i in intervals for f in i.faces])
    samples = SampleFormat(
        CHROMA_FORMATS.index(geometry.chroma_format),
        geometry.bit_depth - 8,
        MatrixCoefficients.BT709,
        0,
    )
    pictures = sum(interval.num_pictures for interval in intervals)
    return ParameterSet(
        gps_codec_family=family,
        gps_pic_width_minus1=geometry.width - 1,
        gps_pic_height_minus1=geometry.height - 1,
        output_format=samples,
        key_format=samples,
        gps_frame_rate_num_minus1=frame_rate.numerator - 1,
        gps_frame_rate_den_minus1=frame_rate.denominator - 1,
        gps_num_pictures_present_flag=1,
        gps_num_pictures_minus1=pictures - 1,
        layout=layout,
        groups=groups,
    )

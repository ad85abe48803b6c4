"""The decoding process: from the units of a native stream to pictures.

Source: specification clause 12.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from reference_sw.bitstream.code_points import CodecFamily, KeyPictureCodec
from reference_sw.bitstream.hash_unit import PictureHash
from reference_sw.bitstream.key_picture import KeyPicture
from reference_sw.bitstream.native_stream import is_native, read_native_stream
from reference_sw.bitstream.native_unit import NativeUnit
from reference_sw.bitstream.parameter_set import ParameterSet
from reference_sw.bitstream.segment import Segment
from reference_sw.bitstream.sei_generation import SeiGeneration
from reference_sw.decoder.errors import DecodingError
from reference_sw.decoder.face_mapping import quantised_values
from reference_sw.decoder.hash_check import HashCheck
from reference_sw.decoder.model_store import find_model
from reference_sw.decoder.parameters import Values
from reference_sw.decoder.segment_decoder import SegmentDecoder
from reference_sw.decoder.sei_intervals import SeiInterval, read_sei_intervals
from reference_sw.decoder.still import StillSynthesis
from reference_sw.decoder.synthesis import FaceSynthesis, KeyState, key_format
from reference_sw.decoder.video_program import decode_access_units
from reference_sw.video.format import Picture

BASE_LAYER = 0
MAX_WAITING_KEYS = 16


class SequenceDecoder:
    """Decodes the units that follow one parameter set; pictures come out in order."""

    def __init__(self, gps: ParameterSet, model: Path | None) -> None:
        self.gps = gps
        still = gps.gps_codec_family == CodecFamily.NO_PARAMETERS
        self._synthesis: FaceSynthesis | StillSynthesis = (
            StillSynthesis(gps) if still else FaceSynthesis(gps, find_model(gps, model))
        )
        self._segments = SegmentDecoder(gps)
        self._access_units: list[bytes] = []
        self._waiting: dict[int, KeyState] = {}
        self._key: KeyState | None = None
        self.hashes = HashCheck(gps)
        self.pictures = 0

    def key_picture(self, kpu: KeyPicture) -> None:
        """Decode a key picture, which waits for the segment that holds its index."""
        index = kpu.kpu_picture_index
        if kpu.kpu_codec_idc not in list(KeyPictureCodec):
            raise DecodingError(f"kpu_codec_idc = {kpu.kpu_codec_idc}: not known to this decoder")
        if index < self.pictures or len(self._waiting) >= MAX_WAITING_KEYS:
            raise DecodingError(
                f"kpu_picture_index = {index}: shall be at least {self.pictures}, with at most "
                f"{MAX_WAITING_KEYS} key pictures ahead of their segments"
            )
        if kpu.kpu_independent_flag:
            self._access_units = []
        self._access_units.append(kpu.kpu_access_unit_byte)
        codec = KeyPictureCodec(kpu.kpu_codec_idc)
        decoded = decode_access_units(self._access_units, codec, key_format(self.gps))
        self._waiting[index] = self._synthesis.key_state(decoded)

    def segment(self, gsu: Segment) -> Iterator[Picture]:
        """Yield the pictures of a segment."""
        if gsu.gsu_picture_stride_minus1:
            raise DecodingError(
                f"gsu_picture_stride_minus1 = {gsu.gsu_picture_stride_minus1}: "
                "this decoder takes pictures in output order, shall be 0"
            )
        yield from self.coded_pictures(self._segments.decode(gsu, set(self._waiting)))

    def coded_pictures(
        self, coded_values: Iterable[tuple[int, tuple[Values, ...]]]
    ) -> Iterator[Picture]:
        """Yield the pictures of quantised values, given with their indices in output order."""
        run: list[tuple[Values, ...]] = []
        for index, coded in coded_values:
            if index != self.pictures + len(run):
                raise DecodingError(
                    f"picture {self.pictures + len(run)}: a key picture without parameters; "
                    "this decoder needs parameters for every picture"
                )
            if index in self._waiting:
                yield from self._finished(run)
                run = []
                self._key = self._synthesis.with_parameters(self._waiting.pop(index), coded)
            run.append(coded)
            if len(run) >= self._synthesis.batch:
                yield from self._finished(run)
                run = []
        yield from self._finished(run)

    def finish(self) -> None:
        """Check that all pictures of the parameter set came."""
        expected = self.gps.num_pictures
        if expected is not None and self.pictures != expected:
            raise DecodingError(
                f"decoded {self.pictures} pictures, the parameter set says {expected}"
            )
        if self._waiting:
            raise DecodingError(f"key picture {min(self._waiting)}: no segment holds it")
        self.hashes.finish(self.pictures)

    def _finished(self, run: list[tuple[Values, ...]]) -> Iterator[Picture]:
        if not run:
            return
        if self._key is None:
            raise DecodingError(f"picture {self.pictures}: no key picture came before")
        limit = self.gps.num_pictures
        for picture in self._synthesis.pictures(self._key, run):
            if limit is not None and self.pictures >= limit:
                raise DecodingError(f"picture {self.pictures}: the parameter set says {limit}")
            self.hashes.update(self.pictures, picture)
            self.pictures += 1
            yield picture


class Decoder:
    """Decodes the base layer of a stream of either carriage that holds one sequence."""

    def __init__(
        self,
        model: Path | None = None,
        generation: SeiGeneration = SeiGeneration.VTM_23_12,
    ) -> None:
        self._model = model
        self._generation = generation
        self._sequence: SequenceDecoder | None = None

    @property
    def sequence(self) -> SequenceDecoder:
        """The sequence being decoded; raises DecodingError before its parameter set."""
        if self._sequence is None:
            raise DecodingError("no parameter set has come")
        return self._sequence

    def decode(self, stream: bytes) -> Iterator[Picture]:
        """Yield the pictures of a stream in the parameter set's format.

        Raises:
            BitstreamError: illegal syntax.
            DecodingError: a key picture, a model or a hash that does not fit.
        """
        if is_native(stream):
            for unit in read_native_stream(stream):
                yield from self._unit(unit)
        else:
            for interval in read_sei_intervals(stream, self._generation):
                yield from self._interval(interval)
        self.sequence.finish()

    def _unit(self, unit: NativeUnit) -> Iterator[Picture]:
        body = unit.body
        if unit.header.nuh_layer_id != BASE_LAYER:
            return
        if isinstance(body, ParameterSet):
            self._activate(body)
        elif isinstance(body, KeyPicture):
            self.sequence.key_picture(body)
        elif isinstance(body, Segment):
            yield from self.sequence.segment(body)
        elif isinstance(body, PictureHash):
            self.sequence.hashes.compare(body)

    def _interval(self, interval: SeiInterval) -> Iterator[Picture]:
        """Clause 6.8: parameter sets, the key picture, its messages, then other units."""
        later: list[NativeUnit] = []
        for unit in interval.native:
            if isinstance(unit.body, ParameterSet):
                yield from self._unit(unit)
            else:
                later.append(unit)
        sequence = self.sequence
        first = sequence.pictures
        sequence.key_picture(interval.key_picture(sequence.gps, first))
        yield from sequence.coded_pictures(
            (first + face.values.gfv_cnt, quantised_values(sequence.gps, face.values))
            for face in interval.faces
        )
        for unit in later:
            yield from self._unit(unit)

    def _activate(self, gps: ParameterSet) -> None:
        if self._sequence is None:
            self._sequence = SequenceDecoder(gps, self._model)
        elif gps != self._sequence.gps:
            raise DecodingError(
                f"parameter set {gps.gps_parameter_set_id}: differs from the first; this decoder "
                "decodes one sequence a stream"
            )

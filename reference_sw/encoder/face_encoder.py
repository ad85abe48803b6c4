"""Generative face video encoder: analysis, quantisation, closed-loop decisions, bitstream.

Everything is judged on what the normative decoder makes of the very values that are written.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import torch

from reference_sw.bitstream.code_points import HashScope, HashType
from reference_sw.bitstream.key_picture import KeyPicture
from reference_sw.bitstream.native_unit import EndOfSequence
from reference_sw.bitstream.picture_hash import PictureHasher, hash_of_pictures, hash_unit_of
from reference_sw.bitstream.writer_stream import NativeWriter, unit_of
from reference_sw.decoder.synthesis import FaceSynthesis, cropped
from reference_sw.decoder.video_program import decode_access_units
from reference_sw.encoder.analysis_file import AnalysisNetwork
from reference_sw.encoder.distortion import distortion, luma
from reference_sw.encoder.key_encoder import MAX_QP
from reference_sw.encoder.parameter_set import face_parameter_set
from reference_sw.encoder.refinement import Refinement
from reference_sw.encoder.segment_encoder import SegmentEncoder
from reference_sw.encoder.settings import Settings
from reference_sw.encoder.source import Source
from reference_sw.encoder.window import (
    Choice,
    Coded,
    KeyInUse,
    best_gain,
    best_refreshes,
    choose,
    settled,
)
from reference_sw.network.runtime import IntegerModel
from reference_sw.video.convert import convert_picture
from reference_sw.video.format import Picture

# A new key picture is tried where 1 - SSIM exceeds that of the last key picture by this much.
REFRESH_TRY = 0.08
# What a byte is worth is measured by coding the first key picture this much coarser; a gain there
# is taken to last for so many pictures.
COARSER_QP = 4
KEY_LASTS = 100
# In 1 - SSIM, mean of the lookahead: a gain like that of a new scene is bought at any price.
SCENE_GAIN = 0.2
# After a try that did not pay, only a rise as steep as this is tried again inside the lookahead.
SCENE_CUT = 0.2

Progress = Callable[[int], None]


@dataclass
class EncodeReport:
    """What an encode made: bytes by component, seconds by part, decisions."""

    pictures: int = 0
    component_bytes: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    key_pictures: list[int] = field(default_factory=list)
    frozen_pictures: int = 0
    mean_distortion: float = 0.0

    def add_bytes(self, component: str, size: int) -> None:
        """Count bytes of a component."""
        self.component_bytes[component] = self.component_bytes.get(component, 0) + size

    def add_seconds(self, part: str, since: float) -> float:
        """Count the time since `since`; return the time now."""
        now = time.perf_counter()
        self.seconds[part] = self.seconds.get(part, 0.0) + now - since
        return now


class FaceEncoder:
    """Encodes one sequence in one pass, segment by segment."""

    def __init__(
        self, source: Source, settings: Settings, model: IntegerModel, detector: AnalysisNetwork
    ) -> None:
        self._source, self._settings, self._detector = source, settings, detector
        self._gps = face_parameter_set(source, settings, model, detector)
        self._synthesis = FaceSynthesis(self._gps, model)
        count = settings.preset.refine_steps
        self._refinement = (
            Refinement(self._gps, model, source, settings.steps, count) if count else None
        )
        self._key_format = settings.key_encoder.format(source.coded)
        self._segments = SegmentEncoder(self._gps)
        self._writer = NativeWriter()
        self._hasher = PictureHasher(
            settings.hash_type, source.format.bit_depth, len(source.format.plane_shapes)
        )
        self._key: KeyInUse | None = None
        self._before = 0.0
        self._next_try = 0
        self._price = 0.0
        self._coded: dict[int, Coded] = {}
        self.report = EncodeReport()

    def encode(self, progress: Progress) -> bytes:
        """Return the bitstream; `progress` is told of pictures done."""
        stream = bytearray(self._unit("parameter set", self._gps))
        step, total = self._settings.segment_pictures, len(self._source)
        for start in range(0, total, step):
            stop = min(start + step, total)
            stream += self._segment(start, stop)
            progress(stop - start)
        stream += self._stream_hash()
        stream += self._unit("headers", EndOfSequence())
        self.report.pictures = total
        self.report.mean_distortion /= total
        return bytes(stream)

    def _unit(self, component: str, body: object) -> bytes:
        data = self._writer.write(unit_of(body))  # type: ignore[arg-type]
        self.report.add_bytes(component, len(data))
        return data

    def _stream_hash(self) -> bytes:
        settings = self._settings
        if settings.hash_type is HashType.NONE or settings.hash_scope is not HashScope.STREAM:
            return b""
        unit = hash_unit_of(self._hasher.values(), settings.hash_type, settings.hash_scope)
        return self._unit("picture hash", unit)

    def _picture_hashes(self, start: int, chosen: list[Choice]) -> bytes:
        settings = self._settings
        if settings.hash_type is HashType.NONE or settings.hash_scope is not HashScope.PICTURE:
            return b""
        stream = bytearray()
        for index, choice in enumerate(chosen, start):
            values = hash_of_pictures(
                [choice.picture], settings.hash_type, self._source.format.bit_depth
            )
            unit = hash_unit_of(
                values, settings.hash_type, settings.hash_scope, picture_index=index
            )
            stream += self._unit("picture hash", unit)
        return bytes(stream)

    def _segment(self, start: int, stop: int) -> bytes:
        stream, chosen, keys = bytearray(), list[Choice](), set[int]()
        at = start
        if self._key is None:
            self._key = self._new_key(0)
            self._price = self._price_of_byte(self._key)
            stream += self._key_unit(self._key)
            keys.add(0)
        while at < stop:
            choices = self._choices(at, stop)
            fresh = self._refresh(at, stop, choices)
            if fresh is None:
                chosen += settled(choices, self._key)
                at = stop
                continue
            chosen += settled(choices[: fresh.index - at], self._key)
            self._key, at = fresh, fresh.index
            stream += self._key_unit(fresh)
            keys.add(fresh.index)
        self._finish(chosen)
        segment = self._segments.encode([choice.values for choice in chosen], keys)
        stream += self._unit("parameters", segment)
        return bytes(stream + self._picture_hashes(start, chosen))

    def _finish(self, chosen: list[Choice]) -> None:
        key = self._key
        for choice in chosen:
            self._hasher.update(choice.picture)
            self.report.mean_distortion += choice.distortion
        self._before = chosen[-1].distortion
        self.report.frozen_pictures += sum(
            key is not None and choice.picture is key.state.output for choice in chosen
        )

    def _key_unit(self, key: KeyInUse) -> bytes:
        self.report.key_pictures.append(key.index)
        codec = self._settings.key_encoder.codec
        return self._unit("key pictures", KeyPicture(0, codec, 1, key.index, key.access_unit))

    def _price_of_byte(self, key: KeyInUse) -> float:
        """Return the distortion, summed over pictures, that a byte more in a key picture saves."""
        if not self._settings.preset.refresh:
            return 0.0
        qp, most = self._settings.key_qp, MAX_QP[self._settings.key_encoder.codec]
        other = qp + COARSER_QP if qp + COARSER_QP <= most else qp - COARSER_QP
        data, decoded = self._coded_key(key.index, other)
        loss = self._coding_loss(key.index, decoded)
        saved, spent = loss - key.coding_loss, len(key.access_unit) - len(data)
        return max(saved / spent, 0.0) * KEY_LASTS if spent else 0.0

    def _coding_loss(self, index: int, decoded: Picture) -> float:
        """Return the distortion of a key picture as its own decoder gives it."""
        source = self._source
        picture = cropped(convert_picture(decoded, self._key_format, source.coded), source.format)
        return distortion(source.luma(index), luma(picture, source.format))

    def _coded_key(self, index: int, qp: int) -> tuple[bytes, Picture]:
        since = time.perf_counter()
        encoder, source = self._settings.key_encoder, self._source
        picture = convert_picture(source.padded(index), source.coded, self._key_format)
        data = encoder.encode(picture, self._key_format, qp)
        decoded = decode_access_units([data], encoder.codec, self._key_format)
        self.report.add_seconds("key pictures", since)
        return data, decoded

    def _new_key(self, index: int) -> KeyInUse:
        """Code a picture as key picture and decode it again."""
        source = self._source
        data, decoded = self._coded_key(index, self._settings.key_qp)
        values = self._values(index, index + 1)[0]
        state = self._synthesis.key_state(decoded)
        state = self._synthesis.with_parameters(state, values)
        loss = distortion(source.luma(index), luma(state.output, source.format))
        return KeyInUse(index, state, values, data, loss, self._coding_loss(index, decoded))

    def _values(self, start: int, stop: int) -> list[Coded]:
        """Quantised parameters of pictures; each is analysed once."""
        missing = [i for i in range(start, stop) if i not in self._coded]
        if missing:
            since = time.perf_counter()
            indices = range(missing[0], missing[-1] + 1)
            with torch.no_grad():
                found = self._detector(self._source.rgb(indices))
            values = self._settings.steps.quantised(found, self._coded.get(missing[0] - 1))
            self._coded |= dict(zip(indices, values, strict=True))
            self.report.add_seconds("analysis", since)
        return [self._coded[i] for i in range(start, stop)]

    def _choices(self, start: int, stop: int, key: KeyInUse | None = None) -> list[Choice]:
        used = key or self._key
        if used is None or start >= stop:
            return []
        coded = self._values(start, stop)
        since = time.perf_counter()
        if self._refinement is not None:
            coded = self._refinement.refined(used, start, coded)
            since = self.report.add_seconds("refinement", since)
        originals = [self._source.luma(i) for i in range(start, stop)]
        video = self._source.format
        found = choose(self._synthesis, used, originals, coded, video)
        self.report.add_seconds("synthesis and decisions", since)
        return found

    def _refresh(self, at: int, stop: int, choices: list[Choice]) -> KeyInUse | None:
        """Return a new key picture inside [at, stop) where it pays over the lookahead."""
        preset, old = self._settings.preset, self._key
        if not preset.refresh or old is None:
            return None
        again = self._next_try
        for number in best_refreshes(choices, self._before, old.loss + REFRESH_TRY):
            rise = choices[number].distortion - (choices[number - 1].distortion if number else 1.0)
            if at + number == old.index or (at + number < self._next_try and rise < SCENE_CUT):
                continue
            fresh = self._tried(old, at, stop, choices, number)
            if fresh is not None:
                return fresh
            again = max(again, at + number + preset.lookahead)
        self._next_try = again
        return None

    def _tried(
        self, old: KeyInUse, at: int, stop: int, choices: list[Choice], number: int
    ) -> KeyInUse | None:
        """Return a new key picture at choices[number] if it pays."""
        preset, first = self._settings.preset, at + number
        end = min(first + max(preset.lookahead, 1), len(self._source))
        stay = [c.distortion for c in (choices[number:] + self._choices(stop, end))[: end - first]]
        worth = SCENE_GAIN * len(stay)
        if sum(stay) - old.loss * len(stay) > min(self._price * len(old.access_unit), worth):
            fresh = self._new_key(first)
            move = [choice.distortion for choice in self._choices(first, end, fresh)]
            if best_gain(stay, move, min(self._price * len(fresh.access_unit), worth)) > 0:
                return fresh
        return None

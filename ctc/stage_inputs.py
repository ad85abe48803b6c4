"""What each stage of a campaign is given: derived from the lock and from earlier records alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

from ctc.campaign_lock import CampaignLock, LockedCard, LockedConfiguration, LockedProgram
from ctc.card import SampleFormat
from ctc.errors import CardError
from ctc.keys import Keyed, decode_inputs, encode_inputs, measure_inputs, stage_key
from reference_sw.video.format import ChromaFormat, ColourModel, VideoFormat, VideoFormatError


class Point(NamedTuple):
    """One card at one rate point of one sequence in one configuration."""

    configuration: str
    card: str
    sequence: str
    rate_point: str

    @property
    def name(self) -> str:
        """The point in one word, as commands and tables name it."""
        return "/".join(self)


class StageInputs:
    """Points of a campaign, and the inputs and keys of their stages."""

    def __init__(self, lock: CampaignLock) -> None:
        self.lock = lock
        self.configurations = {c.name: c for c in lock.configurations}
        self._video = {name: s.video_format() for name, s in lock.sequences.items() if not s.fault}
        self._files: dict[tuple[str, str, str], dict[str, Any]] = {}  # asked for at every stage

    def points(self) -> Iterator[Point]:
        """Every point, in the order of the conditions: configuration, sequence, card, rate."""
        for configuration in self.lock.configurations:
            for sequence in configuration.sequences:
                for card in configuration.cards:
                    for label in configuration.rate_points[card]:
                        yield Point(configuration.name, card, sequence, label)

    def fault(self, point: Point) -> str:
        """Why nothing of this point can have a key; empty when it has one."""
        card, sequence = self.lock.cards[point.card], self.lock.sequences[point.sequence]
        if card.encoder is None or card.decoder is None:
            return card.fault
        if sequence.fault:
            return sequence.fault
        fault = self.configurations[point.configuration].faults.get(point.sequence, "")
        if fault:
            return fault
        try:
            self.input_format(point)
            self.output_format(point)
        except VideoFormatError as problem:
            return f"{point.card}: {problem}"
        return ""

    def frames(self, point: Point) -> int:
        """Pictures coded at this point."""
        return self.configurations[point.configuration].frames[point.sequence]

    def original_format(self, point: Point) -> VideoFormat:
        """The sequence's own format."""
        return self._video[point.sequence]

    def input_format(self, point: Point) -> VideoFormat:
        """The format of the file the encoder reads."""
        return changed_format(self._video[point.sequence], self.lock.cards[point.card].input)

    def output_format(self, point: Point) -> VideoFormat:
        """The format of the file the decoder writes."""
        return changed_format(self._video[point.sequence], self.lock.cards[point.card].output)

    def encode(self, point: Point) -> Keyed:
        """Inputs of the encode stage."""
        _, program = self._program(point, "encoder")
        video = self.input_format(point)
        values = encoder_values(video, self.frames(point), point.rate_point)
        inputs = encode_inputs(
            program.digest,
            resolved(program.arguments, values),
            program.environment,
            self.lock.sequences[point.sequence].md5,
            self.frames(point),
            self._described(point, "input"),
        )
        return Keyed(stage_key("encode", inputs), inputs)

    def decode(self, point: Point, bitstream_sha256: str) -> Keyed:
        """Inputs of the decode stage of this bitstream."""
        card, program = self._program(point, "decoder")
        video = self.output_format(point)
        inputs = decode_inputs(
            program.digest,
            resolved(program.arguments, {}),
            program.environment,
            bitstream_sha256,
            described_format(video, card.output.container),
            self.frames(point),
        )
        if card.components is not None:
            inputs["components"] = [card.components.digest, *card.components.arguments]
        return Keyed(stage_key("decode", inputs), inputs)

    def measure(self, point: Point, metric: str, decoded_sha256: str) -> Keyed:
        """Inputs of the measure stage of one metric on this decoded file."""
        inputs = measure_inputs(
            self.lock.metrics[metric].signature,
            self.lock.sequences[point.sequence].md5,
            self.frames(point),
            self._described(point, "original"),
            decoded_sha256,
            self._described(point, "output"),
        )
        return Keyed(stage_key("measure", inputs), inputs)

    def metrics(self, point: Point) -> dict[str, str]:
        """Metrics of the point, with why one is absent, or an empty string."""
        names = self.configurations[point.configuration].measured
        locked = self.lock.metrics
        return {n: locked[n].undefined.get(point.sequence, "") or locked[n].fault for n in names}

    def configuration(self, point: Point) -> LockedConfiguration:
        """The configuration of a point."""
        return self.configurations[point.configuration]

    def _described(self, point: Point, file: str) -> dict[str, Any]:
        """Return the format of a point's original, encoder input or decoder output as plain data.

        Made once for each sequence and card; whoever puts it into inputs copies it.
        """
        known = self._files.get((point.sequence, point.card, file))
        if known is not None:
            return known
        video, container = self._video[point.sequence], "raw"
        if file != "original":
            card = self.lock.cards[point.card]
            sample = card.input if file == "input" else card.output
            video, container = changed_format(video, sample), sample.container
        described = described_format(video, container)
        if video != self._video[point.sequence]:
            described["conversion"] = self.lock.conversion
        return self._files.setdefault((point.sequence, point.card, file), described)

    def _program(self, point: Point, role: str) -> tuple[LockedCard, LockedProgram]:
        card = self.lock.cards[point.card]
        program: LockedProgram | None = getattr(card, role)
        if program is None:
            raise CardError(f"{point.card}: {card.fault}")
        return card, program


def resolved(arguments: list[str], values: dict[str, str]) -> list[str]:
    """Return arguments with placeholders filled, those of paths and files left as they are.

    >>> resolved(["-q", "{rate_point}", "-o", "{bitstream}"], {"rate_point": "22"})
    ['-q', '22', '-o', '{bitstream}']
    """
    known = _KeepUnknown(values)
    return [argument.format_map(known) for argument in arguments]


class _KeepUnknown(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "{" + name + "}"


@lru_cache(maxsize=4096)
def changed_format(video: VideoFormat, sample: SampleFormat) -> VideoFormat:
    """Return the sequence's format with what a card states otherwise.

    Raises:
        VideoFormatError: a combination that cannot be, such as RGB in 4:2:0.
    """
    chroma = ChromaFormat(sample.chroma_format) if sample.chroma_format else video.chroma_format
    colour = ColourModel(sample.colour) if sample.colour else video.colour
    depth = sample.bit_depth or video.bit_depth
    return replace(video, bit_depth=depth, chroma_format=chroma, colour=colour)


def described_format(video: VideoFormat, container: str) -> dict[str, Any]:
    """Return a format as plain data for keys and records."""
    return {
        "width": video.width,
        "height": video.height,
        "frame_rate": str(video.frame_rate),
        "bit_depth": video.bit_depth,
        "chroma_format": video.chroma_format.value,
        "colour": video.colour.value,
        "matrix": video.matrix.value,
        "full_range": video.full_range,
        "container": container,
    }


def encoder_values(video: VideoFormat, frames: int, rate_point: str) -> dict[str, str]:
    """Return the encoder's placeholders that are not paths.  Source: conditions, clause 7.2."""
    rate = video.frame_rate
    return {
        "width": str(video.width),
        "height": str(video.height),
        "frames": str(frames),
        "frame_rate": str(rate),
        "frame_rate_num": str(rate.numerator),
        "frame_rate_den": str(rate.denominator),
        "bit_depth": str(video.bit_depth),
        "chroma_format": video.chroma_format.value.replace(":", ""),
        "pixel_format": pixel_format(video),
        "rate_point": rate_point,
    }


def pixel_format(video: VideoFormat) -> str:
    """Return ffmpeg's name of a planar sample layout.

    RGB planes are in the order R, G, B, which ffmpeg has no name for: gbrp takes them as G, B, R.

    >>> from reference_sw.video.format import VideoFormat
    >>> pixel_format(VideoFormat(16, 16, bit_depth=10))
    'yuv420p10le'
    """
    if video.chroma_format is ChromaFormat.MONOCHROME:
        name = "gray"
    elif video.colour is ColourModel.RGB:
        name = "gbrp"
    else:
        name = f"yuv{video.chroma_format.value.replace(':', '')}p"
    return name if video.bit_depth == 8 else f"{name}{video.bit_depth}le"

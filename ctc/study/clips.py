"""Clips of the study: read, distorted and written, or coded by a card at each rate point."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from ctc.card import ProgramCard, SampleFormat
from ctc.errors import StageError
from ctc.metrics import VideoFile
from ctc.process import SUPERVISOR, Command, program_environment
from ctc.program import resolve_program
from ctc.registry import LoadedCard
from ctc.sources import converted_file, restored, suffix_of
from ctc.study.distortions import Clip, Distortion
from reference_sw.video.format import (
    ChromaFormat,
    ColourModel,
    Picture,
    VideoFormat,
    as_plane,
)
from reference_sw.video.raw import VideoReader, VideoWriter

_TIMEOUT_S = 4 * 3600.0


def read_clip(video: VideoFile) -> Clip:
    """Return all planes of all pictures as float64."""
    reader = VideoReader(video.path, video.format, video.frames)
    return [[plane.astype(np.float64) for plane in picture.planes] for picture in reader]


def distort(original: VideoFile, clip: Clip, distortion: Distortion, folder: Path) -> VideoFile:
    """Write the distorted clip, rounded and clipped, and return it."""
    video = original.format
    path = folder / f"{distortion.label.replace(' ', '-')}{suffix_of(video)}"
    peak = (1 << video.bit_depth) - 1
    with VideoWriter(path, video) as writer:
        for planes in distortion.apply(clip, video):
            samples = (np.clip(np.rint(plane), 0, peak).astype(np.uint16) for plane in planes)
            writer.write(Picture(tuple(as_plane(s, video.bit_depth) for s in samples)))
    return VideoFile(path, video, original.frames)


def code(
    original: VideoFile, card: LoadedCard, rate_point: str, folder: Path
) -> tuple[VideoFile, int]:
    """Encode and decode at one rate point; return the decoded file and the bitstream's bytes.

    Raises:
        StageError: a program failed, or did not write what it should.
    """
    given = converted_file(original, _wanted(original.format, card.card.input), "raw", folder)
    bitstream = folder / f"{card.card.name}-{rate_point}.bin"
    written = folder / f"{card.card.name}-{rate_point}{suffix_of(original.format)}"
    video = given.format
    values = {
        "source": given.path,
        "bitstream": bitstream,
        "work": folder,
        "width": video.width,
        "height": video.height,
        "frames": original.frames,
        "frame_rate": video.frame_rate,
        "frame_rate_num": video.frame_rate.numerator,
        "frame_rate_den": video.frame_rate.denominator,
        "bit_depth": video.bit_depth,
        "chroma_format": video.chroma_format.value,
        "rate_point": rate_point,
    }
    _run(card, card.card.encoder, {k: str(v) for k, v in values.items()}, folder)
    own = {"bitstream": str(bitstream), "decoded": str(written), "work": str(folder)}
    _run(card, card.card.decoder, own, folder)
    layout = _wanted(original.format, card.card.output)
    decoded = VideoFile(written, layout, original.frames)
    return restored(decoded, "raw", original.format, folder), bitstream.stat().st_size


def _wanted(video: VideoFormat, sample: SampleFormat) -> VideoFormat:
    return replace(
        video,
        bit_depth=sample.bit_depth or video.bit_depth,
        chroma_format=ChromaFormat(sample.chroma_format or video.chroma_format),
        colour=ColourModel(sample.colour or video.colour),
    )


def _run(card: LoadedCard, part: ProgramCard, values: dict[str, str], folder: Path) -> None:
    program = resolve_program(card.path, part)
    log = folder / "program.log"
    result = SUPERVISOR.run(
        Command(
            tuple(program.command(values)),
            folder,
            log,
            folder / "program.err",
            program_environment(1, program.environment, folder),
            program.timeout_s or _TIMEOUT_S,
        )
    )
    if result.exit_code != 0:
        errors = (folder / "program.err").read_text(errors="replace").strip().splitlines()
        last = errors[-1] if errors else result.error or result.stopped or "no message"
        raise StageError(f"{card.card.name}: {values.get('rate_point', 'decoder')}: {last}")

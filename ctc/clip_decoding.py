"""Pictures of a user's clip in its own samples: Y4M and raw files by us, all else by FFmpeg.

FFmpeg decodes only: its conversion filters are switched off, so nothing is scaled or converted.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import imageio_ffmpeg
import numpy as np

from ctc.clip_probe import PACKED_RGB, ClipInfo, probe_clip, usual_matrix
from ctc.errors import SequenceError
from reference_sw.video.format import (
    ChromaFormat,
    ColourModel,
    Matrix,
    Picture,
    Plane,
    VideoFormat,
    VideoFormatError,
)
from reference_sw.video.raw import VideoReader, planes_of
from reference_sw.video.y4m import FRAME, MAX_HEADER_BYTES, Y4mReader, parse_header

RAW_SUFFIXES = (".yuv", ".rgb", ".raw")


@dataclass(frozen=True)
class Clip:
    """Pictures in order and their format; frames: how many, None when only the end tells."""

    format: VideoFormat
    pictures: Iterator[Picture]
    frames: int | None


@dataclass(frozen=True)
class Stated:
    """What the user says of a clip, over what its file says; None leaves that.

    raw: the format of a raw file, which tells nothing of itself.
    """

    raw: VideoFormat | None = None
    frame_rate: Fraction | None = None
    matrix: Matrix | None = None
    full_range: bool | None = None

    def over(self, video: VideoFormat) -> VideoFormat:
        """Return the format with what is stated."""
        given = {
            "frame_rate": self.frame_rate,
            "matrix": self.matrix,
            "full_range": self.full_range,
        }
        changes: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
        return replace(video, **changes)


@contextmanager
def open_clip(path: Path, stated: Stated) -> Iterator[Clip]:
    """Give the clip at `path`.

    Raises:
        SequenceError: it cannot be read, or not exactly.
    """
    try:
        if stated.raw is not None or path.suffix.lower() == ".y4m":
            reader = Y4mReader(path) if stated.raw is None else VideoReader(path, stated.raw)
            video = replace(reader.format, matrix=usual_matrix(reader.format.height))
            yield Clip(stated.over(video), iter(reader), len(reader))
        elif path.suffix.lower() in RAW_SUFFIXES:
            raise SequenceError(f"{path}: a raw file: state --geometry WxH and --frame-rate")
        else:
            with _decoded(path, probe_clip(path), stated) as clip:
                yield clip
    except VideoFormatError as problem:
        raise SequenceError(str(problem)) from problem


@contextmanager
def _decoded(path: Path, info: ClipInfo, stated: Stated) -> Iterator[Clip]:
    output = ["-f", "rawvideo"] if info.is_rgb else ["-f", "yuv4mpegpipe", "-strict", "-1"]
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(),
        *("-v", "error", "-nostdin", "-noauto_conversion_filters", "-i", f"file:{path}"),
        *("-map", "0:v:0", "-fps_mode", "passthrough", "-pix_fmt", info.pixel_format),
        *(*output, "-"),
    ]
    with tempfile.TemporaryFile() as log:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log) as process:
            stream = process.stdout
            if stream is None:
                raise SequenceError(f"{path}: cannot be decoded")
            try:
                make = _rgb_clip if info.is_rgb else _y4m_clip
                yield make(path, info, stated, stream)
                if not stream.read(1):
                    process.wait()
            finally:
                if stopped := process.poll() is None:
                    process.kill()
        if not stopped and process.returncode:
            log.seek(0)
            lines = log.read(4096).decode("utf-8", "replace").strip().splitlines()
            raise SequenceError(f"{path}: cannot be decoded: {lines[0] if lines else 'no message'}")


def _y4m_clip(path: Path, info: ClipInfo, stated: Stated, stream: IO[bytes]) -> Clip:
    line = stream.readline(MAX_HEADER_BYTES)
    if not line:
        raise SequenceError(f"{path}: nothing could be decoded from it without conversion")
    header = parse_header(line, f"{path} as decoded")
    video = replace(header.format, matrix=info.matrix, full_range=info.full_range)
    video = stated.over(video)
    return Clip(video, _y4m_pictures(path, video, stream), None)


def _y4m_pictures(path: Path, video: VideoFormat, stream: IO[bytes]) -> Iterator[Picture]:
    while line := stream.readline(MAX_HEADER_BYTES):
        if not line.startswith(FRAME):
            raise SequenceError(f"{path}: its decoded pictures are damaged")
        yield planes_of(_samples(path, video, stream), video)


def _samples(path: Path, video: VideoFormat, stream: IO[bytes]) -> Plane:
    data = _read(path, stream, video.bytes_per_picture)
    if video.bit_depth == 8:
        return np.frombuffer(data, np.uint8)
    return np.frombuffer(data, np.dtype("<u2"))


def _read(path: Path, stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) != size:
        raise SequenceError(f"{path}: its last picture is cut short")
    return data


def _rgb_clip(path: Path, info: ClipInfo, stated: Stated, stream: IO[bytes]) -> Clip:
    rate = stated.frame_rate or info.frame_rate
    if rate is None:
        raise SequenceError(f"{path}: its frame rate is unknown; state --frame-rate")
    digits = info.pixel_format.removeprefix("gbrp").removesuffix("le")
    video = VideoFormat(
        info.width,
        info.height,
        rate,
        bit_depth=int(digits) if digits.isdigit() else 8,
        chroma_format=ChromaFormat.C444,
        colour=ColourModel.RGB,
        matrix=Matrix.BT601,
    )
    return Clip(video, _rgb_pictures(path, video, info.pixel_format, stream), None)


def _rgb_pictures(
    path: Path, video: VideoFormat, pixel_format: str, stream: IO[bytes]
) -> Iterator[Picture]:
    while stream.peek(1):  # type: ignore[attr-defined]
        if pixel_format in PACKED_RGB:
            size, order = PACKED_RGB[pixel_format]
            data = _read(path, stream, video.width * video.height * size)
            pixels = np.frombuffer(data, np.uint8).reshape(video.height, video.width, size)
            yield Picture(tuple(np.ascontiguousarray(pixels[:, :, i]) for i in order))
        else:
            green, blue, red = planes_of(_samples(path, video, stream), video).planes
            yield Picture((red, green, blue))

"""The files that encoders are given and metrics compare with: originals, conversions, decoded."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal

from ctc.derived_files import CHUNK, derived_file, file_md5
from ctc.errors import CtcError, SequenceError, StageError
from ctc.lossless import decode_lossless
from ctc.metrics.base import VideoFile
from ctc.sequence_folders import find_file, home_folder, locate
from ctc.sequences import Sequence
from reference_sw.video.convert import CONVERSION_VERSION, convert_picture
from reference_sw.video.format import ColourModel, VideoFormat, VideoFormatError
from reference_sw.video.raw import VideoReader, VideoWriter
from reference_sw.video.y4m import Y4mReader, Y4mWriter

Container = Literal["raw", "y4m"]


def suffix_of(video: VideoFormat, container: Container = "raw") -> str:
    """Return the customary file name extension: .rgb, .yuv or .y4m."""
    if container == "y4m":
        return ".y4m"
    return ".rgb" if video.colour is ColourModel.RGB else ".yuv"


def original_file(sequence: Sequence, frames: int, folder: Path) -> VideoFile:
    """Return the first `frames` pictures of the sequence as a raw planar file.

    folder: where decoded and shortened files are kept for the next time. The whole sequence's md5
    is verified before anything is taken from it.

    Raises:
        SequenceError: frames out of range; the file is missing, has the wrong size or md5, or its
            md5 has never been recorded.
    """
    if not 1 <= frames <= sequence.frames:
        raise SequenceError(f"{sequence.name}: frames {frames}: shall be in 1..{sequence.frames}")
    whole = whole_file(sequence, folder)
    if frames == sequence.frames:
        return VideoFile(whole, sequence.format, frames)
    name = f"{sequence.name}-{sequence.md5[:12]}-{frames}{suffix_of(sequence.format)}"
    size = frames * sequence.format.bytes_per_picture
    cut = derived_file(folder / name, partial(_copy_start, whole, size))
    return VideoFile(cut, sequence.format, frames)


def whole_file(sequence: Sequence, folder: Path) -> Path:
    """Return the verified raw planar file of the whole sequence; see original_file."""
    if sequence.storage == "generated":
        found = find_file(sequence)
        target = home_folder() / sequence.file if found is None else found
        if found is None:
            derived_file(target, partial(_rendered, sequence.name))
    elif sequence.storage == "coded":
        name = f"{sequence.name}-{sequence.md5[:12]}{suffix_of(sequence.format)}"
        coded = locate(sequence)
        target = derived_file(folder / name, partial(decode_lossless, coded, sequence.format))
    else:
        target = locate(sequence)
    check_original(sequence, target)
    return target


def _rendered(name: str, target: Path) -> None:
    from ctc.demo.render import render  # compiles its arithmetic: only where it is needed

    render(name, target)


def check_original(sequence: Sequence, path: Path) -> None:
    """Check size and md5 of a sequence's raw planar file.

    Raises:
        SequenceError: either is wrong, or no md5 is recorded.
    """
    try:
        VideoReader(path, sequence.format, sequence.frames)
    except VideoFormatError as problem:
        raise SequenceError(f"{sequence.name}: {problem}") from problem
    if not sequence.md5:
        raise SequenceError(
            f"{sequence.name}: no md5 is recorded for {path}; "
            f"`ctc sequences import {path}` records it"
        )
    found = file_md5(path)
    if found != sequence.md5:
        raise SequenceError(f"{sequence.name}: {path}: md5 {found}, shall be {sequence.md5}")


def _copy_start(source: Path, size: int, target: Path) -> None:
    with source.open("rb") as reading, target.open("wb") as writing:
        while size > 0:
            chunk = reading.read(min(CHUNK, size))
            if not chunk:
                raise SequenceError(f"{source}: became shorter while it was read")
            writing.write(chunk)
            size -= len(chunk)


def converted_file(
    video: VideoFile, target: VideoFormat, container: Container, folder: Path
) -> VideoFile:
    """Return the video in the format and container that a program reads.

    The file is named after what it holds, so it is made once. The video itself is returned when
    nothing changes.

    Raises:
        SequenceError: the video cannot be read, or does not convert to the target.
    """
    if container == "raw" and video.format == target:
        return video
    parts = (file_md5(video.path), video.format, target, container, CONVERSION_VERSION)
    digest = hashlib.sha256(repr(parts).encode()).hexdigest()
    name = f"{video.path.stem}-{digest[:16]}{suffix_of(target, container)}"
    make = partial(_convert, video, "raw", target, container, SequenceError)
    return VideoFile(derived_file(folder / name, make), target, video.frames)


def restored(
    decoded: VideoFile, container: Container, target: VideoFormat, folder: Path
) -> VideoFile:
    """Return what a decoder wrote as a raw planar file in the sequence's own format.

    decoded: format and number of pictures that the decoder should have written.

    Raises:
        StageError: another size, format or number of pictures than stated.
    """
    try:
        open_video(decoded, container)
        if container == "raw" and decoded.format == target:
            return decoded
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{decoded.path.stem}.restored{suffix_of(target)}"
        _convert(decoded, container, target, "raw", StageError, path)
    except (OSError, VideoFormatError) as problem:
        raise StageError(f"{decoded.path}: {problem}") from problem
    return VideoFile(path, target, decoded.frames)


def open_video(video: VideoFile, container: Container) -> VideoReader:
    """Return a reader of the file, checked against its stated format.

    Raises:
        VideoFormatError: another size, format or number of pictures than stated.
    """
    if container == "raw":
        return VideoReader(video.path, video.format, video.frames)
    reader = Y4mReader(video.path, video.frames)
    stated, found = video.format, reader.format
    for name in ("width", "height", "bit_depth", "chroma_format"):
        if getattr(stated, name) != getattr(found, name):
            raise VideoFormatError(
                f"{video.path}: {name} {getattr(found, name)}, expected {getattr(stated, name)}"
            )
    return reader


def _convert(
    video: VideoFile,
    container: Container,
    target: VideoFormat,
    target_container: Container,
    error: Callable[[str], CtcError],
    path: Path,
) -> None:
    try:
        reader = open_video(video, container)
        kind = Y4mWriter if target_container == "y4m" else VideoWriter
        with kind(path, target) as writer:
            for picture in reader:
                writer.write(convert_picture(picture, video.format, target))
    except VideoFormatError as problem:
        raise error(str(problem)) from problem

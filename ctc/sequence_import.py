"""Import of sequences: a known one is checked and its md5 recorded, any other clip is converted."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from ctc.clip_decoding import Clip, Stated, open_clip
from ctc.derived_files import file_md5
from ctc.errors import SequenceError
from ctc.imported import record_md5, record_sequence
from ctc.sequence_folders import find_file, home_folder, search_folders
from ctc.sequence_list import SequenceList
from ctc.sequence_schema import NAME
from ctc.sequences import Sequence
from ctc.sources import check_original, suffix_of
from reference_sw.video.convert import convert_picture
from reference_sw.video.format import (
    ChromaFormat,
    ColourModel,
    Picture,
    VideoFormat,
    VideoFormatError,
)
from reference_sw.video.raw import VideoReader, VideoWriter, check_picture
from reference_sw.video.resize import Crop, Filter, crop_picture, cropped_format, resize_picture

USER_CLASS = "USER"
Target = Literal["420", "420-10", "444", "rgb"]
Progress = Callable[[Iterator[Picture], int | None], Iterator[Picture]]


@dataclass(frozen=True)
class ImportRequest:
    """What the user asks for; None and empty leave the clip's own."""

    clip: Path
    name: str = ""
    sequence_class: str = USER_CLASS
    stated: Stated = field(default_factory=Stated)
    crop: Crop | None = None
    size: tuple[int, int] | None = None
    method: Filter = "lanczos"
    target: Target | None = None
    start: int = 0
    frames: int | None = None
    replace: bool = False


def import_sequence(
    request: ImportRequest, known: SequenceList, progress: Progress
) -> tuple[Sequence, Path]:
    """Return the sequence now usable, and its file.

    Raises:
        SequenceError: the clip cannot be taken over as asked, or the name is taken.
    """
    listed = _listed(request, known)
    if listed is not None:
        return import_listed(listed, request, progress)
    return import_clip(request, known, progress)


def _listed(request: ImportRequest, known: SequenceList) -> Sequence | None:
    """Return the raw sequence of the list that is meant: by name, else by the file's name."""
    for sequence in known.sequences:
        if sequence.storage == "raw" and not sequence.imported:
            meant = request.name or request.clip.name
            if meant == (sequence.name if request.name else sequence.file):
                return sequence
    return None


def import_listed(
    sequence: Sequence, request: ImportRequest, progress: Progress
) -> tuple[Sequence, Path]:
    """Check a file of a listed sequence, bring it home unless it lies in a searched folder already,
    and record its md5.

    Raises:
        SequenceError: wrong size, md5 or sample range, or options that would change its samples.
    """
    changed = request.crop or request.size or request.target or request.start or request.frames
    if changed or request.stated != Stated():
        raise SequenceError(
            f"{sequence.name} is imported as it is listed: give a --name of your own to change it"
        )
    clip = request.clip.resolve()
    folder = _folder_of(clip, sequence)
    target = None if folder else home_folder() / sequence.file
    try:
        md5 = _read_through(clip, sequence, target, progress)
    except VideoFormatError as problem:
        raise SequenceError(f"{sequence.name}: {problem}") from problem
    except OSError as problem:
        raise SequenceError(f"{target}: cannot be written: {problem.strerror}") from problem
    if not sequence.md5:
        writable = folder is not None and os.access(folder, os.W_OK)
        record_md5(folder if folder and writable else home_folder(), sequence.name, md5)
    return replace(sequence, md5=md5), target or clip


def _read_through(clip: Path, sequence: Sequence, target: Path | None, progress: Progress) -> str:
    """Return the md5 of a raw file after checking every picture; write a copy to `target`."""
    reader = VideoReader(clip, sequence.format, sequence.frames)
    digest = hashlib.md5(usedforsecurity=False)
    if target is not None:
        target.parent.mkdir(parents=True, exist_ok=True)
    with VideoWriter(target, sequence.format) if target else nullcontext() as writer:
        for picture in progress(iter(reader), len(reader)):
            check_picture(picture, sequence.format)
            for plane in picture.planes:
                digest.update(plane.data)
            if writer is not None:
                writer.write(picture)
        md5 = digest.hexdigest()
        if md5 != (sequence.md5 or md5):
            raise SequenceError(f"{sequence.name}: {clip}: md5 {md5}, shall be {sequence.md5}")
    return md5


def make_derived(
    master: Sequence, path: Path, known: SequenceList, progress: Progress
) -> list[tuple[Sequence, Path]]:
    """Make the listed sequences that are conversions of `master` and are not there yet.

    The GFVC 4:2:0 sequences are made so from their RGB masters, as the common software does.

    Raises:
        SequenceError: one has another md5 than recorded, or cannot be written.
    """
    made = []
    for sequence in known.sequences:
        if sequence.made_from != master.name or find_file(sequence) is not None:
            continue
        target = home_folder() / sequence.file
        reader = VideoReader(path, master.format, master.frames)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with VideoWriter(target, sequence.format) as writer:
                for picture in progress(iter(reader), len(reader)):
                    writer.write(convert_picture(picture, master.format, sequence.format))
        except (OSError, VideoFormatError) as problem:
            raise SequenceError(f"{target}: cannot be made: {problem}") from problem
        checked = replace(sequence, md5=sequence.md5 or file_md5(target))
        check_original(checked, target)
        record_md5(target.parent, sequence.name, checked.md5)
        made.append((checked, target))
    return made


def _folder_of(clip: Path, sequence: Sequence) -> Path | None:
    """Return the searched folder in which the file would be found where it lies."""
    for folder in search_folders():
        for place in (folder, folder / sequence.sequence_class):
            if (place / sequence.file).resolve() == clip:
                return folder
    return None


def import_clip(
    request: ImportRequest, known: SequenceList, progress: Progress
) -> tuple[Sequence, Path]:
    """Convert a clip to a raw planar sequence of the user's own, and record it.

    Raises:
        SequenceError: as import_sequence.
    """
    name = request.name or re.sub(r"[^A-Za-z0-9_+-]+", "_", request.clip.stem).strip("_")
    _check_names(name, request, known)
    folder = home_folder()
    with open_clip(request.clip, request.stated) as clip:
        target = _target_format(request, clip.format)
        path = folder / f"{name}_{_describe(target)}{suffix_of(target)}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with VideoWriter(path, target) as writer:
                for picture in progress(_selected(request, clip), _count(request, clip)):
                    writer.write(_converted(picture, clip.format, target, request))
                frames = _checked_count(request, writer.frames)
        except OSError as problem:
            raise SequenceError(f"{path}: cannot be written: {problem.strerror}") from problem
    sequence = Sequence(
        name=name,
        sequence_class=request.sequence_class,
        format=target,
        frames=frames,
        file=path.name,
        md5=file_md5(path),
        licence="as its source; not stated",
        obtain=f"imported from {request.clip.name}",
        imported=True,
    )
    record_sequence(folder, sequence)
    return sequence, path


def _check_names(name: str, request: ImportRequest, known: SequenceList) -> None:
    for word, text in (("name", name), ("class", request.sequence_class)):
        if not NAME.fullmatch(text):
            raise SequenceError(f"{word} '{text}': shall be letters, digits, '_', '+' and '-'")
    for sequence in known.sequences:
        if sequence.name == name and not (sequence.imported and request.replace):
            hint = "; --replace imports it anew" if sequence.imported else "; give another --name"
            raise SequenceError(f"sequence '{name}' exists already{hint}")
        if sequence.sequence_class == request.sequence_class and not sequence.imported:
            raise SequenceError(
                f"class {request.sequence_class} is one of sequences.yaml; give another --class"
            )


def _target_format(request: ImportRequest, video: VideoFormat) -> VideoFormat:
    if request.crop is not None:
        video = cropped_format(video, request.crop)
    if request.size is not None:
        video = replace(video, width=request.size[0], height=request.size[1])
    if request.target == "rgb":
        video = replace(
            video, colour=ColourModel.RGB, chroma_format=ChromaFormat.C444, full_range=False
        )
    elif request.target is not None:
        chroma, _, depth = request.target.partition("-")
        video = replace(
            video,
            colour=ColourModel.YCBCR,
            chroma_format=ChromaFormat.C444 if chroma == "444" else ChromaFormat.C420,
            bit_depth=int(depth or 8),
        )
    sub_w, sub_h = video.chroma_format.subsampling
    if video.width % sub_w or video.height % sub_h:
        raise SequenceError(
            f"size {video.width}x{video.height}: shall be even in {video.chroma_format.value}"
        )
    return video


def _describe(video: VideoFormat) -> str:
    rate = str(video.frame_rate).replace("/", "-")
    chroma = video.chroma_format.value.replace(":", "")
    return f"{video.width}x{video.height}_{rate}_{video.bit_depth}bit_{chroma}"


def _selected(request: ImportRequest, clip: Clip) -> Iterator[Picture]:
    end = None if request.frames is None else request.start + request.frames
    for index, picture in enumerate(clip.pictures):
        if end is not None and index >= end:
            return
        if index >= request.start:
            yield picture
        if end is not None and index + 1 == end:
            return


def _count(request: ImportRequest, clip: Clip) -> int | None:
    if clip.frames is None:
        return request.frames
    left = max(clip.frames - request.start, 0)
    return left if request.frames is None else min(left, request.frames)


def _checked_count(request: ImportRequest, written: int) -> int:
    if written == 0:
        raise SequenceError(f"{request.clip}: no picture from number {request.start} on")
    if request.frames is not None and written != request.frames:
        raise SequenceError(
            f"{request.clip}: {written} pictures from number {request.start} on, "
            f"--frames asks for {request.frames}"
        )
    return written


def _converted(
    picture: Picture, source: VideoFormat, target: VideoFormat, request: ImportRequest
) -> Picture:
    """Return the picture cropped, scaled in its own format, then converted."""
    try:
        if request.crop is not None:
            picture = crop_picture(picture, source, request.crop)
            source = cropped_format(source, request.crop)
        if (source.width, source.height) != (target.width, target.height):
            scaled = replace(source, width=target.width, height=target.height)
            picture = resize_picture(picture, source, scaled, request.method)
            source = scaled
        return convert_picture(picture, source, target)
    except VideoFormatError as problem:
        raise SequenceError(f"{request.clip}: {problem}") from problem

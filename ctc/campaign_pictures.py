"""pictures/ of a campaign: one decoded picture of each point, to be looked at in report.html.

Taken from decoded files while the store still holds them (`ctc run --keep-decoded`), and kept as
PNG beside a list, pictures.json, so that the campaign's folder shows them wherever it is moved.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from ctc.atomic_file import write_atomic
from ctc.campaign_lock import read_lock
from ctc.errors import CtcError, ReportError
from ctc.report.picture_set import DecodedPicture, PictureSet, StillPicture
from ctc.results import CampaignResults, PointResult, Status
from ctc.sequence_list import load_sequences
from ctc.sources import original_file
from ctc.stage_inputs import Point, StageInputs
from ctc.store import Store
from ctc.strict_yaml import StrictModel, parse_model
from reference_sw.video.convert import convert_picture
from reference_sw.video.format import ChromaFormat, ColourModel, VideoFormat, VideoFormatError
from reference_sw.video.raw import VideoReader
from reference_sw.video.y4m import Y4mReader

FOLDER, LIST = "pictures", "pictures.json"
Container = Literal["raw", "y4m"]


class ListedPicture(StrictModel):
    """One file of pictures/; card and rate_point are empty for the original."""

    file: str
    configuration: str
    sequence: str
    picture: int
    card: str = ""
    rate_point: str = ""


class PictureList(StrictModel):
    """pictures.json."""

    pictures: list[ListedPicture]


def collect_pictures(folder: Path, results: CampaignResults, store: Store) -> int:
    """Add the middle picture of every decoded file in the store to pictures/; return how many.

    Pictures taken before stay; a sequence whose original cannot be read is shown without it.

    Raises:
        StoreError: the folder cannot be written.
    """
    inputs = StageInputs(read_lock(folder))
    listed = dict.fromkeys(_listed(folder))
    before = len(listed)
    for point, result in _decoded(inputs, results):
        path = store.artefact_path(result.decoded_sha256)
        file, middle = f"{result.decoded_sha256}.png", inputs.frames(point) // 2
        entry = _entry(file, point, middle)
        if entry in listed or not path.is_file():
            continue
        container: Container = inputs.lock.cards[point.card].output.container
        samples = _rgb(path, inputs.output_format(point), container, middle)
        if samples is None:
            continue
        write_atomic(folder / FOLDER / file, StillPicture.from_array(samples).content)
        listed[entry] = None
        _add_original(folder, inputs, point, store, listed)
    if len(listed) > before:
        content = {"pictures": [entry.model_dump() for entry in listed]}
        write_atomic(folder / FOLDER / LIST, json.dumps(content, indent=1).encode() + b"\n")
    return len(listed) - before


def _entry(file: str, point: Point, picture: int, original: bool = False) -> ListedPicture:
    return ListedPicture(
        file=file,
        configuration=point.configuration,
        sequence=point.sequence,
        picture=picture,
        card="" if original else point.card,
        rate_point="" if original else point.rate_point,
    )


def _decoded(inputs: StageInputs, results: CampaignResults) -> Iterator[tuple[Point, PointResult]]:
    by_name = {
        Point(p.configuration, p.card, p.sequence, p.rate_point): p
        for conf in results.configurations
        for p in conf.points
    }
    for point in inputs.points():
        result = by_name.get(point)
        if result is not None and result.status is Status.DONE and result.decoded_sha256:
            yield point, result


def _add_original(
    folder: Path,
    inputs: StageInputs,
    point: Point,
    store: Store,
    listed: dict[ListedPicture, None],
) -> None:
    frames = inputs.frames(point)
    file = f"original-{inputs.lock.sequences[point.sequence].md5}-{frames // 2}.png"
    entry = _entry(file, point, frames // 2, original=True)
    if entry in listed:
        return
    try:
        sequence = load_sequences().find(point.sequence)
        path = original_file(sequence, frames, store.root / "sources").path
    except CtcError:
        return
    samples = _rgb(path, inputs.original_format(point), "raw", frames // 2)
    if samples is not None:
        write_atomic(folder / FOLDER / file, StillPicture.from_array(samples).content)
        listed[entry] = None


def _rgb(
    path: Path, video: VideoFormat, container: Container, number: int
) -> npt.NDArray[np.uint8] | None:
    """One picture as R'G'B' samples; None for a file that does not hold it."""
    try:
        reader = Y4mReader(path) if container == "y4m" else VideoReader(path, video)
        shown = replace(video, bit_depth=8, chroma_format=ChromaFormat.C444, colour=ColourModel.RGB)
        picture = convert_picture(reader.picture(number), video, shown)
    except (VideoFormatError, IndexError):
        return None
    return np.stack([plane.astype(np.uint8) for plane in picture.planes], axis=-1)


def load_pictures(folder: Path, results: CampaignResults) -> tuple[PictureSet, ...]:
    """Return the pictures of a campaign's folder by sequence, empty when it has none.

    A picture whose point is no longer done, or was decoded anew to other pictures, is left out.

    Raises:
        ReportError: pictures.json or a picture is damaged.
    """
    points = {
        (p.configuration, p.sequence, p.card, p.rate_point): p
        for conf in results.configurations
        for p in conf.points
        if p.status is Status.DONE
    }
    groups: dict[tuple[str, str, int], list[ListedPicture]] = {}
    for entry in _listed(folder):
        key = (entry.configuration, entry.sequence, entry.picture)
        groups.setdefault(key, []).append(entry)
    sets = []
    for (configuration, sequence, number), entries in groups.items():
        original, decoded = None, []
        for entry in entries:
            if not entry.card:
                original = _still(folder, entry)
                continue
            point = points.get((configuration, sequence, entry.card, entry.rate_point))
            same = point is not None and entry.file == f"{point.decoded_sha256}.png"
            if point is not None and same and point.bitrate_kbps:
                names = (entry.card, entry.rate_point, point.bitrate_kbps)
                decoded.append(DecodedPicture(*names, _still(folder, entry)))
        if decoded:
            sets.append(PictureSet(configuration, sequence, number, original, tuple(decoded)))
    return tuple(sets)


def _still(folder: Path, entry: ListedPicture) -> StillPicture:
    if Path(entry.file).name != entry.file:
        raise ReportError(f"{folder / FOLDER / LIST}: file '{entry.file}': shall be a plain name")
    return StillPicture.from_file(folder / FOLDER / entry.file)


def _listed(folder: Path) -> list[ListedPicture]:
    path = folder / FOLDER / LIST
    if not path.is_file():
        return []
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise ReportError(f"{path}: cannot be read: {problem}") from problem
    return parse_model(content, PictureList, ReportError, str(path)).pictures

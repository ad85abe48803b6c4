"""Pictures of a campaign to be looked at in its reports: one of each decoded file, the original.

Decoded ones are logs of their decode stages (ctc.still_picture). Where a stage kept none, because
it ran without, one is taken from the decoded file if the store still holds it (`ctc run
--keep-decoded`); those and the originals stand in pictures/, listed in pictures.json, so that the
campaign's folder shows them wherever it is moved.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from ctc.atomic_file import write_atomic
from ctc.campaign_lock import read_lock
from ctc.errors import CtcError, ReportError
from ctc.report.picture_set import DecodedPicture, PictureSet, StillPicture
from ctc.results import CampaignResults, PointResult, Status
from ctc.sequence_list import load_sequences
from ctc.sources import original_file
from ctc.stage_inputs import Point, StageInputs
from ctc.still_picture import is_still
from ctc.still_samples import still_samples
from ctc.store import Store
from ctc.strict_yaml import StrictModel, parse_model

LOGS, FOLDER, LIST = "logs", "pictures", "pictures.json"


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
    """Add to pictures/ what there is to show besides logs; return how many.

    Pictures taken before stay; a sequence whose original cannot be read is shown without it.

    Raises:
        StoreError: the folder cannot be written.
    """
    inputs = StageInputs(read_lock(folder))
    listed = dict.fromkeys(_listed(folder))
    before = len(listed)
    for point, result in _decoded(inputs, results):
        if result.still and (folder / LOGS / result.still).is_file():
            _add_original(folder, inputs, point, store, listed)
            continue
        path = store.artefact_path(result.decoded_sha256)
        frames, file = inputs.frames(point), f"{result.decoded_sha256}.png"
        entry = _entry(file, point, frames // 2)
        if entry in listed or not path.is_file():
            continue
        container = inputs.lock.cards[point.card].output.container
        samples = still_samples(path, inputs.output_format(point), container, frames)
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
    samples = still_samples(path, inputs.original_format(point), "raw", frames)
    if samples is not None:
        write_atomic(folder / FOLDER / file, StillPicture.from_array(samples).content)
        listed[entry] = None


Key = tuple[str, str, int]


def load_pictures(folder: Path, results: CampaignResults) -> tuple[PictureSet, ...]:
    """Return the pictures of a campaign's folder by sequence, empty when it has none.

    A picture whose point is no longer done, or was decoded anew to other pictures, is left out.

    Raises:
        ReportError: pictures.json or a picture is damaged.
    """
    originals: dict[Key, StillPicture] = {}
    taken: dict[str, ListedPicture] = {}
    for entry in _listed(folder):
        if entry.card:
            taken[entry.file] = entry
        else:
            key = (entry.configuration, entry.sequence, entry.picture)
            originals[key] = _still(folder, entry)
    groups: dict[Key, list[DecodedPicture]] = {}
    for conf in results.configurations:
        for point in conf.points:
            if point.status is not Status.DONE or not point.bitrate_kbps:
                continue
            picture = _decoded_picture(folder, point, taken)
            if picture is not None:
                names = (point.card, point.rate_point, point.bitrate_kbps)
                group = (point.configuration, point.sequence, point.frames // 2)
                groups.setdefault(group, []).append(DecodedPicture(*names, picture))
    return tuple(
        PictureSet(*key, originals.get(key), tuple(decoded)) for key, decoded in groups.items()
    )


def _decoded_picture(
    folder: Path, point: PointResult, taken: dict[str, ListedPicture]
) -> StillPicture | None:
    """The picture of a point: the log of its stage, or what was taken from the decoded file."""
    path = folder / LOGS / point.still
    if point.still and path.is_file():
        picture = StillPicture.from_file(path)
        if not is_still(point.still, picture.content):
            raise ReportError(f"{path}: cut or altered: remove it to report without it")
        return picture
    entry = taken.get(f"{point.decoded_sha256}.png")
    return None if entry is None else _still(folder, entry)


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

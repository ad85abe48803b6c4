"""What lies in a store: each file that can be made again, of what it is, who uses it, and when.

A file was last used when it was made, read by a stage, or counted by a run of a campaign whose
records name it. The times of access that file systems keep are not looked at: many do not.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ctc.errors import SequenceError, StoreError
from ctc.record_folder import RecordFolder
from ctc.record_index import RecordIndex
from ctc.store import Store
from ctc.store_use import KnownCampaign, file_system_time

STAGE_NAMES = ("encode", "decode", "source", "unknown")
OTHER_PARTS = ("records", "logs", "work", "claims", "campaigns", "runs")
RECENT_S = 3600.0
HASHED_NAME = re.compile(r"[0-9a-f]{64}")
_NAMED = (
    "SELECT stage, sha256, codec, given, cost FROM records WHERE sha256 IS NOT NULL "
    "ORDER BY stage DESC"  # encode before decode, whose sequence is that of its bitstream
)


@dataclass(frozen=True)
class StoredFile:
    """A file that can be made again.

    stage: that made it: encode, decode, source (an original converted or cut), or unknown when no
    record names it; used: when last, in seconds since 1970; wall_s: what making it took; in_use:
    why it may not be removed now, empty when it may.
    """

    path: Path
    stage: str
    bytes: int
    used: float
    codecs: tuple[str, ...] = ()
    sequences: tuple[str, ...] = ()
    campaigns: tuple[str, ...] = ()
    wall_s: float = 0.0
    in_use: str = ""


@dataclass(frozen=True)
class Part:
    """A part of the store, or of its sum: how many files, their bytes, and the disk they take."""

    files: int = 0
    bytes: int = 0
    disk: int = 0

    def __add__(self, other: Part) -> Part:
        return Part(self.files + other.files, self.bytes + other.bytes, self.disk + other.disk)


@dataclass
class Contents:
    """A store at one moment; strangers: what is in artefacts/ and is none; now: its clock."""

    files: list[StoredFile] = field(default_factory=list)
    parts: dict[str, Part] = field(default_factory=dict)
    strangers: list[Path] = field(default_factory=list)
    now: float = 0.0


@dataclass
class _Named:
    """What records say of one content."""

    stage: str = "unknown"
    codecs: set[str] = field(default_factory=set)
    sequences: set[str] = field(default_factory=set)
    campaigns: set[str] = field(default_factory=set)
    running: str = ""
    used: float = 0.0
    wall_s: float = 0.0


def store_contents(store: Store, told: Callable[[str], None] = lambda _: None) -> Contents:
    """Return what is in the store; told: of what is being looked at.

    Raises:
        StoreError: there is no store, or it cannot be read.
    """
    if not store.root.is_dir():
        raise StoreError(f"{store.root}: there is no store")
    told("campaigns")
    campaigns = store.use.campaigns()
    named = _names(store, campaigns, told)
    contents = Contents(now=file_system_time(store.root))
    busy = _busy(store, campaigns)
    told("files")
    artefacts, sources = Part(), Part()
    for entry in artefact_entries(store.root / "artefacts", contents.strangers):
        with suppress(FileNotFoundError):
            status = entry.stat(follow_symlinks=False)
            artefacts += Part(1, status.st_size, status.st_blocks * 512)
            naming = named.get(entry.name, _Named())
            contents.files.append(_artefact(Path(entry.path), status, naming, busy, contents.now))
    for file in _sources(store.root / "sources", busy):
        sources += Part(1, file.bytes, file.path.stat().st_blocks * 512)
        contents.files.append(file)
    contents.parts = {"artefacts": artefacts, "sources": sources}
    for name in OTHER_PARTS:
        told(name)
        contents.parts[name] = _part(store.root / name)
    return contents


def _names(
    store: Store, campaigns: list[KnownCampaign], told: Callable[[str], None]
) -> dict[str, _Named]:
    """Return what the records of store and campaigns say, by sha256."""
    named: dict[str, _Named] = {}
    names = _sequence_names()
    _add_names(named, store.records, names, told, None)
    for campaign in campaigns:
        records = RecordFolder(campaign.folder / "records", store.warnings.append)
        _add_names(named, records, names, told, campaign)
    return named


def _add_names(
    named: dict[str, _Named],
    records: RecordFolder,
    names: dict[str, str],
    told: Callable[[str], None],
    campaign: KnownCampaign | None,
) -> None:
    index = RecordIndex(records)
    for count in index.refresh():
        told(f"{count} records of {'the store' if campaign is None else campaign.name}")
    for stage, sha256, codec, given, cost in index.connection.execute(_NAMED):
        naming = named.setdefault(sha256, _Named(stage))
        naming.codecs.update(codec.split()[:1])
        if stage == "encode":
            naming.sequences.add(names.get(given, given[:12]))
        elif given in named:
            naming.sequences |= named[given].sequences
        naming.wall_s = max(naming.wall_s, json.loads(cost).get("wall_s", 0.0) if cost else 0.0)
        if campaign is not None:
            naming.campaigns.add(campaign.name)
            naming.used = max(naming.used, campaign.used)
            naming.running = naming.running or (campaign.name if campaign.running else "")
    index.save()


def _sequence_names() -> dict[str, str]:
    from ctc.sequence_list import load_sequences

    with suppress(SequenceError):
        return {sequence.md5: sequence.name for sequence in load_sequences().sequences}
    return {}


def _busy(store: Store, campaigns: list[KnownCampaign]) -> str:
    """Why nothing used of late may be removed; empty when nothing runs."""
    running = [campaign.name for campaign in campaigns if campaign.running]
    if running:
        return f"campaign {running[0]} is running"
    count = store.use.stages_running()
    return f"{count} stages are being run by an unknown runner" if count else ""


def artefact_entries(root: Path, strangers: list[Path]) -> Iterator[os.DirEntry[str]]:
    """Yield what is named as an artefact, symbolic links included; the rest joins `strangers`."""
    for shard in _scan(root):
        if not shard.is_dir(follow_symlinks=False) or len(shard.name) != 2:
            strangers.append(Path(shard.path))
            continue
        for entry in _scan(Path(shard.path)):
            named = HASHED_NAME.fullmatch(entry.name) and entry.name.startswith(shard.name)
            if named and (entry.is_file(follow_symlinks=False) or entry.is_symlink()):
                yield entry
            else:
                strangers.append(Path(entry.path))


def _artefact(
    path: Path, status: os.stat_result, naming: _Named, busy: str, now: float
) -> StoredFile:
    recent = now - status.st_mtime < RECENT_S
    if naming.running:
        in_use = f"campaign {naming.running} is running"
    elif status.st_nlink > 1:
        in_use = "a stage is reading it"
    else:
        in_use = busy if recent or "unknown" in busy else ""
    return StoredFile(
        path,
        naming.stage,
        status.st_size,
        max(status.st_mtime, naming.used),
        tuple(sorted(naming.codecs)),
        tuple(sorted(naming.sequences)),
        tuple(sorted(naming.campaigns)),
        naming.wall_s,
        in_use,
    )


def _sources(root: Path, busy: str) -> Iterator[StoredFile]:
    """Yield originals that were converted or cut; the time of use is that of the md5 beside."""
    for entry in _scan(root):
        if entry.name.startswith(".") or entry.name.endswith(".md5"):
            continue
        path = Path(entry.path)
        if entry.is_file(follow_symlinks=False):
            note = path.with_name(f"{path.name}.md5")
            with suppress(FileNotFoundError):
                status = entry.stat()
                used = note.stat().st_mtime if note.is_file() else status.st_mtime
                used = max(used, status.st_mtime)
                name = re.sub(r"-[0-9a-f]{12,16}.*", "", path.stem)
                yield StoredFile(path, "source", status.st_size, used, (), (name,), in_use=busy)


def _scan(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except FileNotFoundError:
        return []
    except OSError as problem:
        raise StoreError(f"{folder}: cannot be read: {problem.strerror}") from problem


def _part(root: Path) -> Part:
    """Return how much is in a folder and below."""
    found = Part()
    for folder, _, files in os.walk(root):
        for name in files:
            with suppress(FileNotFoundError):
                status = (Path(folder) / name).lstat()
                found += Part(1, status.st_size, status.st_blocks * 512)
    return found

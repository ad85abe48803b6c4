"""Running one stage: claim it, run it in a private folder, publish its output, then its record."""

from __future__ import annotations

import shutil
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import ctc.process
from ctc.errors import CtcError, StoreError
from ctc.isolation import Isolation, Limits, default_isolation
from ctc.keys import Keyed
from ctc.record import Record
from ctc.record_folder import RecordFolder
from ctc.stage_record import failed_record
from ctc.store import ArtefactGone, Store

DISK_FULL = "disk full"
DISK_FULL_BELOW = 256 << 10  # bytes free; what a failed stage had written is still there


class Cancelled(Exception):
    """The runner is stopping: nothing is recorded."""


@dataclass(frozen=True)
class Place:
    """Where stages run and leave their results; means the same to all that share the folders.

    threads: that each program may use; jobs: stages run at once; file_limit_bytes: largest file a
    program may write; gpus: UUIDs of those that this stage alone uses; isolation, limits: of the
    programs of cards.
    """

    store: Path
    campaign: Path
    ctc: str
    threads: int = 1
    jobs: int = 1
    file_limit_bytes: int | None = None
    gpus: tuple[str, ...] = ()
    isolation: Isolation = field(default_factory=default_isolation)
    limits: Limits = field(default_factory=Limits)

    @property
    def records(self) -> RecordFolder:
        """The campaign's own records, kept with its tables."""
        return RecordFolder(self.campaign / "records", open_store(self.store).warnings.append)

    @property
    def logs(self) -> Path:
        """Logs of the stages that this campaign ran."""
        return self.campaign / "logs"


@dataclass(frozen=True)
class Task(ABC):
    """A stage, or several measured together, as plain data that any machine can run.

    codec: name and version of the codec, for the record; publishes: whether its process writes the
    records of finished stages itself.
    """

    stage: ClassVar[str]
    publishes: ClassVar[bool] = False
    codec: str
    timeout_s: float | None

    @property
    @abstractmethod
    def stages(self) -> tuple[Keyed, ...]:
        """The stages it finishes, one record each."""

    @property
    def claim_key(self) -> str:
        """What is claimed while it runs."""
        return self.stages[0].key

    @abstractmethod
    def perform(self, place: Place, store: Store, work: Path) -> list[Record]:
        """Run in an empty folder; return the records of all its stages."""


@dataclass(frozen=True)
class Outcome:
    """What came of a task: records, or busy (claimed by another runner), or cancelled.

    cached: another runner had finished it meanwhile; gone: an artefact it needs is no longer in the
    store; wall_s: seconds the job took in all; warnings: lines for the user.
    """

    records: list[Record] = field(default_factory=list)
    busy: bool = False
    cancelled: bool = False
    cached: bool = False
    gone: bool = False
    wall_s: float = 0.0
    warnings: tuple[str, ...] = ()


def run_stage(task: Task, place: Place, force: bool = False) -> Outcome:
    """Run a task unless it is finished or claimed elsewhere, and publish its records.

    A finished record goes to the store and to the campaign, any other to the campaign alone: what
    failed in one campaign is tried again in the next. Errors become failed records; one whose
    cause lies outside the stage (`retry`) is run again by the next resume.
    """
    store = open_store(place.store)
    started = time.monotonic()
    try:
        with store.claims.hold(task.claim_key) as ours:
            if not ours:
                return Outcome(busy=True)
            finished = [] if force else _finished(task, place, store)
            if finished:
                return Outcome(finished, cached=True, warnings=store.drain_warnings())
            with store.work_folder() as work:
                records = task.perform(place, store, work)
                for record in records:
                    if not (task.publishes and record.done):
                        write_record(record, place, store)
    except Cancelled:
        return Outcome(cancelled=True)
    except ArtefactGone as problem:
        return Outcome(gone=True, warnings=(str(problem), *store.drain_warnings()))
    except (CtcError, OSError) as problem:
        if ctc.process.SUPERVISOR.stopping:
            return Outcome(cancelled=True)
        reason = with_disk_state(str(problem), place.store)
        records = [
            failed_record(task.stage, k, task.codec, reason, retry=True) for k in task.stages
        ]
        _write_failures(records, place, store)
    wall_s = time.monotonic() - started
    return Outcome(records, wall_s=wall_s, warnings=store.drain_warnings())


def _finished(task: Task, place: Place, store: Store) -> list[Record]:
    """Return the records of all the task's stages if another runner has finished them."""
    found = [store.records.read(stage.key) for stage in task.stages]
    records = [record for record in found if record is not None and record.done]
    if len(records) < len(task.stages):
        return []
    for record in records:
        _write_to_campaign(record, place)
    return records


def write_record(record: Record, place: Place, store: Store) -> None:
    """Publish a record: to the store if done, and to the campaign.

    What is in the store is finished: the campaign finds it there when it cannot be written itself.

    Raises:
        StoreError: disk full, or a folder that cannot be written.
    """
    if not record.done:
        place.records.write(record)
        return
    store.records.write(record)
    _write_to_campaign(record, place)


def _write_to_campaign(record: Record, place: Place) -> None:
    with suppress(StoreError):  # said once, with their number, by the campaign's state
        place.records.write(record)


def _write_failures(records: list[Record], place: Place, store: Store) -> None:
    """Write failed records; where even that fails the next resume finds nothing and runs again."""
    try:
        for record in records:
            place.records.write(record)
    except CtcError as problem:
        store.warnings.append(str(problem))


_stores: dict[Path, Store] = {}


def open_store(root: Path) -> Store:
    """Return this process's one Store at `root`: claims are kept alive by one heartbeat."""
    return _stores.get(root) or _stores.setdefault(root, Store(root))


def with_disk_state(line: str, folder: Path) -> str:
    """Return the line, led by the free space when that is what is missing."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return line
    if free < DISK_FULL_BELOW or "No space left" in line:
        return f"{DISK_FULL} ({free >> 10} KiB free at {folder}): {line}"
    return line

"""The store: artefacts by content, records by key, claims, and private work folders.

Layout under `$CTC_HOME/store` (default `.ctc/store`):

artefacts/ab/ab12…   bitstreams and decoded files, named by their SHA-256, read-only
records/ab/ab12….json records of finished stages, named by their key
campaigns/ runs/     who has used the store, and who does now (ctc.store_use)
claims/ab/ab12….1    stages being run now (ctc.claim)
logs/ab/ab12….out    what programs wrote
sources/             originals as encoders are given them
work/                one private folder to a running stage; those of dead runners are swept
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ctc.atomic_file import publish
from ctc.claim import Claims, Owner, alive, this_process
from ctc.errors import StoreError
from ctc.folder_removal import remove_folder
from ctc.keys import file_sha256
from ctc.orphans import end_processes_of
from ctc.record import Output
from ctc.record_folder import RecordFolder
from ctc.sequence_folders import ctc_home
from ctc.store_use import StoreUse
from ctc.temporary_files import sweep_temporaries


def default_store_root() -> Path:
    """Return the store's folder: `$CTC_HOME/store`, or `.ctc/store` of the checkout."""
    return ctc_home().absolute() / "store"


class ArtefactGone(StoreError):
    """An artefact that was in the store is missing or damaged; its stage has to run again."""


class Store:
    """Everything finished, shared by campaigns and by runners; warnings: of damaged records."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.warnings: list[str] = []
        self.records = RecordFolder(root / "records", self.warnings.append)
        self.claims = Claims(root / "claims")
        self.use = StoreUse(root, self.claims)

    def drain_warnings(self) -> tuple[str, ...]:
        """Return what there is to tell the user since the last call."""
        lines = tuple(self.warnings)
        del self.warnings[: len(lines)]
        return lines

    def artefact_path(self, sha256: str) -> Path:
        """Where the artefact of this content is or would be."""
        return self.root / "artefacts" / sha256[:2] / sha256

    def has(self, output: Output) -> bool:
        """Whether the artefact is here with the right size."""
        try:
            return self.artefact_path(output.sha256).stat().st_size == output.bytes
        except OSError:
            return False

    def put(self, path: Path, durable: bool = True) -> Output:
        """Move a finished file into the store and return its size and SHA-256.

        durable: force it to disk first; what is made again quickly need not be, since every
        artefact is verified when it is used.

        Raises:
            StoreError: it cannot be read, or the store cannot be written.
        """
        output = Output(path.stat().st_size, file_sha256(path))
        publish(path, self.artefact_path(output.sha256), durable)
        self._mark_used(output)
        return output

    def get(self, output: Output, target: Path, private: bool) -> None:
        """Place an artefact at `target`, verified; as a copy of its own when `private`.

        Raises:
            ArtefactGone: it is missing, or damaged and then removed.
            StoreError: `target` cannot be written.
        """
        path = self.artefact_path(output.sha256)
        self._mark_used(output)
        try:
            if private:
                shutil.copyfile(path, target)
            else:
                os.link(path, target)
        except FileNotFoundError:
            raise ArtefactGone(f"{path}: artefact is missing") from None
        except OSError as problem:
            raise StoreError(f"{target}: cannot be written: {problem.strerror}") from problem
        if target.stat().st_size != output.bytes or file_sha256(target) != output.sha256:
            self.discard(output)
            raise ArtefactGone(f"{path}: artefact is damaged: not the bytes it is named after")

    def _mark_used(self, output: Output) -> None:
        """Give an artefact the present as its time, which says when it was last used.

        Another user's cannot be marked; the run of the campaign that uses it is noted all the same.
        """
        with suppress(OSError):
            os.utime(self.artefact_path(output.sha256))

    def discard(self, output: Output) -> None:
        """Remove an artefact, if the store can be written; its records stay."""
        with suppress(OSError):
            self.artefact_path(output.sha256).unlink(missing_ok=True)

    def logs(self, key: str) -> tuple[Path, Path]:
        """Where standard output and standard error of a stage are kept."""
        folder = self.root / "logs" / key[:2]
        return folder / f"{key}.out", folder / f"{key}.err"

    def copy_logs(self, names: tuple[str, ...], folder: Path) -> None:
        """Copy logs that say something to a campaign; one that is gone is no loss of a result."""
        for name in names:
            source = self.root / "logs" / name[:2] / name
            with suppress(OSError):
                if source.stat().st_size:
                    folder.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(source, folder / name)

    @contextmanager
    def work_folder(self) -> Iterator[Path]:
        """A new private folder, removed at the end.

        Raises:
            StoreError: it cannot be made.
        """
        folder = self.root / "work" / f"{this_process().name}-{uuid.uuid4().hex[:12]}"
        try:
            folder.mkdir(parents=True)
        except OSError as problem:
            raise StoreError(f"{folder}: cannot be made: {problem.strerror}") from problem
        try:
            yield folder
        finally:
            remove_folder(folder)

    def sweep(self) -> int:
        """Remove claims, half-written files and work folders of dead runners.

        Returns how many work folders.
        """
        self.claims.sweep()
        self.records.sweep()
        for folder in (self.root, self.root / "sources", self.root / "campaigns"):
            sweep_temporaries(folder)
        swept = 0
        work = self.root / "work"
        for folder in sorted(work.iterdir()) if work.is_dir() else []:
            parts = folder.name.split("-")
            if len(parts) != 4 or not parts[1].isdigit():
                continue
            if alive(Owner(parts[0], int(parts[1]), parts[2])) is False:
                end_processes_of(folder)  # their launcher died with the runner
                remove_folder(folder)
                swept += 1
        return swept

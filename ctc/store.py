"""The store: artefacts by content, records by key, claims, and private work folders.

Layout under `$CTC_HOME/store` (default `.ctc/store`):

artefacts/ab/ab12…   bitstreams and decoded files, named by their SHA-256, read-only
records/ab/ab12….json records of finished stages, named by their key
claims/ab/ab12….1    stages being run now (ctc.claim)
logs/ab/ab12….out    what programs wrote
sources/             originals as encoders are given them
work/                one private folder to a running stage; those of dead runners are swept
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ctc.atomic_file import publish
from ctc.claim import Claims, Owner, alive, this_process
from ctc.errors import StoreError
from ctc.keys import file_sha256
from ctc.record import Output
from ctc.record_folder import RecordFolder


def default_store_root() -> Path:
    """Return the store's folder: `$CTC_HOME/store`, or `.ctc/store` in the current folder."""
    return Path(os.environ.get("CTC_HOME", ".ctc")).absolute() / "store"


class Store:
    """Everything finished, shared by campaigns and by runners on one or more machines."""

    def __init__(self, root: Path, warn: Callable[[str], None]) -> None:
        self.root = root
        self.records = RecordFolder(root / "records", warn)
        self.claims = Claims(root / "claims")
        self._warn = warn

    def artefact_path(self, sha256: str) -> Path:
        """Where the artefact of this content is or would be."""
        return self.root / "artefacts" / sha256[:2] / sha256

    def has(self, output: Output) -> bool:
        """Whether the artefact is here with the right size."""
        try:
            return self.artefact_path(output.sha256).stat().st_size == output.bytes
        except OSError:
            return False

    def put(self, path: Path) -> Output:
        """Move a finished file into the store and return its size and SHA-256.

        Raises:
            StoreError: it cannot be read, or the store cannot be written.
        """
        output = Output(path.stat().st_size, file_sha256(path))
        publish(path, self.artefact_path(output.sha256))
        return output

    def get(self, output: Output, target: Path, private: bool) -> None:
        """Place an artefact at `target`, verified; as a copy of its own when `private`.

        Raises:
            StoreError: it is missing, or damaged and then removed.
        """
        path = self.artefact_path(output.sha256)
        try:
            if private:
                shutil.copyfile(path, target)
            else:
                os.link(path, target)
        except FileNotFoundError:
            raise StoreError(f"{path}: artefact is missing") from None
        except OSError as problem:
            raise StoreError(f"{target}: cannot be written: {problem.strerror}") from problem
        if target.stat().st_size != output.bytes or file_sha256(target) != output.sha256:
            self.discard(output)
            raise StoreError(f"{path}: artefact is damaged: not the bytes it is named after")

    def discard(self, output: Output) -> None:
        """Remove an artefact; its records stay."""
        self.artefact_path(output.sha256).unlink(missing_ok=True)

    def logs(self, key: str) -> tuple[Path, Path]:
        """Where standard output and standard error of a stage are kept."""
        folder = self.root / "logs" / key[:2]
        return folder / f"{key}.out", folder / f"{key}.err"

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
            shutil.rmtree(folder, ignore_errors=True)

    def sweep(self) -> int:
        """Remove work folders whose runner on this machine is dead; return how many."""
        swept = 0
        work = self.root / "work"
        for folder in sorted(work.iterdir()) if work.is_dir() else []:
            parts = folder.name.split("-")
            if len(parts) != 4 or not parts[1].isdigit():
                continue
            if alive(Owner(parts[0], int(parts[1]), parts[2])) is False:
                shutil.rmtree(folder, ignore_errors=True)
                swept += 1
        return swept

"""Hashing every artefact of a store again, and reading every record: nothing is believed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ctc.errors import StoreError
from ctc.keys import file_sha256
from ctc.record import MAX_BYTES, Record, check_inputs, parse_record
from ctc.record_index import record_files
from ctc.store import Store
from ctc.store_contents import artefact_entries


@dataclass(frozen=True)
class Finding:
    """Something wrong with a file of the store; removed: it has been taken out."""

    path: Path
    problem: str
    removed: bool = False


@dataclass
class Verified:
    """What was looked at; absent: contents that records name and the store lacks, by stage.

    strangers: what lies in artefacts/ and is none; it is left alone.
    """

    artefacts: int = 0
    bytes: int = 0
    records: int = 0
    findings: list[Finding] = field(default_factory=list)
    absent: dict[str, int] = field(default_factory=dict)
    strangers: list[Path] = field(default_factory=list)


class Verification:
    """Verifies one store; told: bytes hashed, of records read, as they go."""

    def __init__(self, store: Store, remove: bool, told: Callable[[int], object]) -> None:
        self._store, self._remove, self._told = store, remove, told
        self._sizes: dict[str, dict[int, Record]] = {}
        self.result = Verified()

    def run(self) -> Verified:
        """Return what is wrong.

        Raises:
            StoreError: there is no store, or a folder of it cannot be read.
        """
        if not self._store.root.is_dir():
            raise StoreError(f"{self._store.root}: there is no store")
        for key, status in record_files(self._store.records.root):
            self._told(status.st_size)
            self._record(key)
        there = set()
        for entry in artefact_entries(self._store.root / "artefacts", self.result.strangers):
            there.add(entry.name)
            self._artefact(Path(entry.path), entry.is_symlink())
        for sha256, records in self._sizes.items():
            if sha256 not in there:
                stage = next(iter(records.values())).stage
                self.result.absent[stage] = self.result.absent.get(stage, 0) + 1
        return self.result

    def _record(self, key: str) -> None:
        path = self._store.records.path(key)
        self.result.records += 1
        try:
            if path.is_symlink():
                raise StoreError("a symbolic link")
            with path.open("rb") as file:
                record = parse_record(file.read(MAX_BYTES + 1), key)
            check_inputs(record)
        except FileNotFoundError:
            return
        except OSError as problem:
            self.result.findings.append(Finding(path, f"cannot be read: {problem.strerror}"))
        except StoreError as problem:
            self._found(path, f"record: {problem}")
        else:
            if record.output is not None:
                sizes = self._sizes.setdefault(record.output.sha256, {})
                sizes[record.output.bytes] = record

    def _artefact(self, path: Path, is_link: bool) -> None:
        if is_link:
            self._found(path, "artefact: a symbolic link, not a file")
            return
        try:
            size = path.stat().st_size
            found = file_sha256(path)
        except FileNotFoundError:
            return  # removed meanwhile by a run that needs it no more
        except StoreError as problem:
            self.result.findings.append(Finding(path, f"artefact: {problem}"))
            return
        self._told(size)
        self.result.artefacts += 1
        self.result.bytes += size
        records = self._sizes.get(path.name, {})
        if found == path.name:
            for said, record in records.items():
                if said != size:
                    line = f"record: says {said} bytes of {path.name[:12]}, which has {size}"
                    self._found(self._store.records.path(record.key), line)
            return
        stated = ", ".join(f"its {r.stage} record says {n} bytes" for n, r in records.items())
        line = f"artefact: sha256 {found[:16]} and {size} bytes, not what it is named after"
        self._found(path, f"{line}; {stated}" if stated else line)

    def _found(self, path: Path, problem: str) -> None:
        removed = False
        if self._remove:
            with suppress(OSError):
                self._take_out(path)
                removed = True
        self.result.findings.append(Finding(path, problem, removed))

    def _take_out(self, path: Path) -> None:
        """Remove an artefact; a record goes where damaged ones go."""
        if path.suffix != ".json":
            path.unlink()
            return
        aside = self._store.records.root / "damaged"
        aside.mkdir(exist_ok=True)
        path.replace(aside / f"{path.stem}.verify.json")


def verified_bytes(store: Store) -> int:
    """Return how many bytes a verification reads, for a bar of progress."""
    strangers: list[Path] = []
    entries = artefact_entries(store.root / "artefacts", strangers)
    sizes = [entry.stat(follow_symlinks=False).st_size for entry in entries]
    return sum(sizes) + sum(s.st_size for _, s in record_files(store.records.root))

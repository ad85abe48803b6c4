"""Records of a campaign against its lock, and artefacts against their records.

Every record's checksum and key are derived again; every bitstream that is at hand is hashed again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ctc.campaign_lock import CampaignLock
from ctc.errors import StoreError
from ctc.keys import file_sha256
from ctc.record import Output, Record, parse_record
from ctc.stage_inputs import Point, StageInputs


@dataclass
class CheckResult:
    """What was checked, what is wrong (one line each), and what could not be checked."""

    records: int = 0
    artefacts: int = 0
    cells: int = 0
    faults: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)


class RecordCheck:
    """Checks the records of one campaign folder."""

    def __init__(self, folder: Path, lock: CampaignLock) -> None:
        self._folder = folder
        self._inputs = StageInputs(lock)
        self.found: dict[str, Record] = {}
        self._absent: list[str] = []

    def run(self, artefacts: Path, result: CheckResult) -> None:
        """Check every point; artefacts: folder of files named by their sha256."""
        for point in self._inputs.points():
            if not self._inputs.fault(point):
                self._point(point, result)
        result.records = len(self.found)
        if self._absent:
            result.unchecked.append(f"stages without a record: {_named(self._absent)}")
        self._artefacts(artefacts, result)
        self._strangers(result)

    def _point(self, point: Point, result: CheckResult) -> None:
        keyed = self._inputs.encode(point)
        encode = self._record(f"encode/{point.name}", keyed.key, result)
        if encode is None or encode.output is None:
            return
        keyed = self._inputs.decode(point, encode.output.sha256)
        decode = self._record(f"decode/{point.name}", keyed.key, result)
        if decode is None or decode.output is None:
            return
        parts = sum(decode.components.values())
        if decode.components and parts != encode.output.bytes:
            result.faults.append(
                f"{self._path(decode.key)}: components add up to {parts} bytes, the bitstream "
                f"has {encode.output.bytes}"
            )
        for metric, absent in self._inputs.metrics(point).items():
            if not absent:
                keyed = self._inputs.measure(point, metric, decode.output.sha256)
                self._record(f"measure/{point.name}/{metric}", keyed.key, result)

    def _record(self, name: str, key: str, result: CheckResult) -> Record | None:
        if key in self.found:
            return self.found[key]
        path = self._path(key)
        try:
            record = parse_record(path.read_bytes(), key)
        except FileNotFoundError:
            self._absent.append(name)
            return None
        except (StoreError, OSError) as problem:
            result.faults.append(f"{path}: {name}: {problem}")
            return None
        self.found[key] = record
        return record

    def _path(self, key: str) -> Path:
        return self._folder / "records" / key[:2] / f"{key}.json"

    def _artefacts(self, artefacts: Path, result: CheckResult) -> None:
        missing = 0
        for record in self.found.values():
            if record.output is None:
                continue
            path = artefacts / record.output.sha256[:2] / record.output.sha256
            if path.is_file():
                result.artefacts += 1
                result.faults += _wrong(path, record.output, record.stage)
            elif record.stage == "encode":
                missing += 1
        if missing:
            result.unchecked.append(f"{missing} bitstreams are not under {artefacts}")

    def _strangers(self, result: CheckResult) -> None:
        """Records that no stage of the plan has: of another version of a codec, or put there."""
        there = {path.stem for path in (self._folder / "records").glob("??/*.json")}
        if strangers := sorted(there - set(self.found)):
            known = _named([key[:12] for key in strangers])
            result.unchecked.append(f"records of no stage that is planned: {known}")


def _named(names: list[str]) -> str:
    """The first of some names, and how many more there are."""
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def _wrong(path: Path, output: Output, stage: str) -> Iterator[str]:
    size = path.stat().st_size
    if size != output.bytes:
        yield f"{path}: {size} bytes, its {stage} record says {output.bytes}"
        return
    found = file_sha256(path)
    if found != output.sha256:
        yield f"{path}: sha256 {found[:16]}, its {stage} record says {output.sha256[:16]}"

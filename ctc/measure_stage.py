"""Measure stages: metrics of decoded files of one original, several in one process.

There is one record for each metric and decoded file; the process writes each as soon as it is
known (ctc.measure_program), so that whatever dies loses one metric at most.
"""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from ctc.encode_stage import source_file
from ctc.keys import Keyed, canonical_json
from ctc.program import Program
from ctc.record import Output, Record
from ctc.sequences import Sequence
from ctc.stage import Place, Task
from ctc.stage_inputs import described_format
from ctc.stage_program import ProgramRun, folder_trouble, run_program
from ctc.stage_record import failed_record
from ctc.store import Store
from ctc.weights import measuring_environment
from reference_sw.video.format import VideoFormat

UNDER_WAY = "under_way.json"
REFUSED = "refused.json"


@dataclass(frozen=True)
class Measurement:
    """One metric of one decoded file, by its place in the task's list."""

    keyed: Keyed
    metric: str
    decoded: int


@dataclass(frozen=True)
class MeasureTask(Task):
    """Metrics of the decoded files of one curve; all share the work on the original."""

    stage: ClassVar[str] = "measure"
    publishes: ClassVar[bool] = True
    sequence: Sequence
    frames: int
    decoded: tuple[Output, ...]
    log_psnr: tuple[dict[str, float], ...]
    decoded_format: VideoFormat
    container: Literal["raw", "y4m"]
    measurements: tuple[Measurement, ...]

    @property
    def stages(self) -> tuple[Keyed, ...]:
        """Every stage that has no record yet."""
        return tuple(m.keyed for m in self.measurements)

    @property
    def claim_key(self) -> str:
        """What is measured, whichever metrics are still to come."""
        parts = [self.sequence.md5, self.frames, sorted(d.sha256 for d in self.decoded)]
        return hashlib.sha256(canonical_json(["measure", parts])).hexdigest()

    def perform(self, place: Place, store: Store, work: Path) -> list[Record]:
        """Run the measuring process until every metric is recorded or has failed."""
        original = source_file(self.sequence, self.frames, store)
        (work / "run").mkdir()
        for index, output in enumerate(self.decoded):
            store.get(output, work / "run" / f"{index}.{self.container}", private=False)
        records: list[Record] = []
        remaining = list(self.measurements)
        alone = False
        while remaining:
            run = self._run(place, original.path, work, remaining, alone)
            written = _written(work / "run")
            found = [store.records.read(m.keyed.key) for m in remaining if m.keyed.key in written]
            records += [record for record in found if record is not None]
            remaining = [m for m in remaining if m.keyed.key not in written]
            refused = _listed(work / "run" / REFUSED)
            under_way = set(_listed(work / "run" / UNDER_WAY))
            timeout = run.result.stopped == "timeout"
            if len(under_way) > 1 and not (alone or timeout or run.outside):
                # One of those measured together took all down: one by one, only it is lost.
                alone, under_way = True, set()
            elif not refused:
                under_way = under_way or {m.metric for m in remaining}
            gone = folder_trouble(work / "run") if remaining else ""
            reason = run.failure or "measure: ended without this figure"
            reason = f"{gone}: {reason}" if gone and not run.outside else reason
            outside = run.outside or bool(gone)
            reasons = {**dict.fromkeys(under_way, reason), **refused}
            records += [
                failed_record(self.stage, m.keyed, self.codec, reasons[m.metric], outside)
                for m in remaining
                if m.metric in reasons
            ]
            remaining = [m for m in remaining if m.metric not in reasons]
        return records

    def _run(
        self, place: Place, original: Path, work: Path, remaining: list[Measurement], alone: bool
    ) -> ProgramRun:
        """Run the measuring process once; alone: metrics one by one."""
        for name in (UNDER_WAY, REFUSED):
            (work / "run" / name).unlink(missing_ok=True)
        job = work / "run" / "job.json"
        described = self._job(place, original, work, remaining)
        job.write_bytes(canonical_json({**described, "alone": alone}))
        return run_program(self, "measure", place, _measuring_program(job), {}, work)

    def _job(
        self, place: Place, original: Path, work: Path, remaining: list[Measurement]
    ) -> dict[str, Any]:
        return {
            "store": str(place.store),
            "campaign": str(place.campaign),
            "ctc": place.ctc,
            "jobs": place.jobs,
            "codec": self.codec,
            "frames": self.frames,
            "original": str(original),
            "original_format": described_format(self.sequence.format, "raw"),
            "decoded": [
                str(work / "run" / f"{index}.{self.container}")
                for index in range(len(self.decoded))
            ],
            "log_psnr": list(self.log_psnr),
            "log": self.claim_key,
            "decoded_format": described_format(self.decoded_format, self.container),
            "measurements": [
                {
                    "key": m.keyed.key,
                    "inputs": m.keyed.inputs,
                    "metric": m.metric,
                    "decoded": m.decoded,
                }
                for m in remaining
            ],
        }


def _measuring_program(job: Path) -> Program:
    root = Path(__file__).resolve().parents[1]
    return Program(
        Path(sys.executable),
        ("-m", "ctc.measure_program", "{job}"),
        {"job": job},
        "",
        {"PYTHONPATH": str(root), **measuring_environment()},
    )


def _listed(path: Path) -> Any:
    """What the process wrote of its metrics: those under way when it ended, or those refused."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}


def _written(folder: Path) -> set[str]:
    """Keys of the records that the process wrote."""
    try:
        return set((folder / "written.txt").read_text(encoding="ascii").split())
    except OSError:
        return set()

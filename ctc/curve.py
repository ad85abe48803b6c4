"""Curves of a campaign, and the jobs that their points wait for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from ctc.keys import Keyed
from ctc.record import Output
from ctc.record_brief import Brief
from ctc.stage_inputs import Point

STAGES = ("encode", "decode", "measure")


class Failure(NamedTuple):
    """A stage that has no result, and why."""

    name: str
    status: str
    reason: str


@dataclass
class Curve:
    """The points of one card and sequence in one configuration, measured together.

    points: the last stage wanted of each; measured: whether metrics are wanted; tally: stages done,
    failed and blocked (they wait for a failed one), and jobs still to run by kind of stage; logs:
    codec logs read; notes: where they differ from what was measured; took: wall seconds of stages.
    """

    name: str
    points: dict[Point, str] = field(default_factory=dict)
    measured: bool = True
    finished: bool = False
    tally: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    logs: int = 0
    notes: list[str] = field(default_factory=list)
    took: dict[tuple[str, Point], float] = field(default_factory=dict)

    def note(self, stage: str, record: Brief) -> None:
        """Note what a record says of the codec's log."""
        if record.log_check:
            self.logs += 1
            self.notes += [f"{stage}: {line}" for line in record.log_check["differences"]]


@dataclass(frozen=True)
class Job:
    """A stage that can run now: of one point, or the metrics of a curve.

    force: run it although it is recorded, because its file is no longer in the store; expected:
    what that file was; decoded, log_psnr and pending: of a measure job, the files, what encoder
    logs say of them, and what is to be found.
    """

    stage: str
    name: str
    key: str
    point: Point
    keyed: Keyed
    force: bool = False
    bitstream: Output | None = None
    expected: Output | None = None
    decoded: tuple[Output, ...] = ()
    log_psnr: tuple[dict[str, float], ...] = ()
    pending: tuple[tuple[Keyed, str, int], ...] = ()


@dataclass(frozen=True)
class Step:
    """How far one point is: a job to run, or a failure, or its decoded file."""

    done: int
    job: Job | None = None
    failure: Failure | None = None
    decoded: Output | None = None
    records: tuple[Brief, ...] = ()

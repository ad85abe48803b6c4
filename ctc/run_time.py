"""How long stages will take, from how long finished ones took; and what is left of a campaign."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ctc.curve import STAGES, Curve, Job
from ctc.stage_inputs import Point, StageInputs

DEFAULT_S_PER_MEGASAMPLE = {"encode": 5.0, "decode": 0.1, "measure": 0.1}
SHORTEST_S = 1e-3
STAGE_START_S = 0.05


class ToRun(NamedTuple):
    """A stage still to run; figures: of a measure stage, how many it finds."""

    stage: str
    point: Point
    figures: int = 1


class Left(NamedTuple):
    """Time left of a run on all its slots; known: whether every kind of stage has been seen."""

    seconds: float
    known: bool


@dataclass
class _Mean:
    total: float = 0.0
    count: int = 0

    def add(self, value: float) -> None:
        self.total += value
        self.count += 1

    @property
    def value(self) -> float:
        return self.total / self.count if self.count else 0.0


@dataclass
class _Speed:
    """Logarithm of seconds per sample of one codec's encoder or decoder.

    The sum of what a rate point takes, over all sequences, and of what a sequence takes beyond
    that, over its rate points.
    """

    rates: dict[str, _Mean] = field(default_factory=lambda: defaultdict(_Mean))
    sequences: dict[str, _Mean] = field(default_factory=lambda: defaultdict(_Mean))

    def add(self, point: Point, value: float) -> None:
        self.rates[point.rate_point].add(value)
        self.sequences[point.sequence].add(value - self.of_rate(point.rate_point))

    def of(self, point: Point) -> float:
        beyond = self.sequences.get(point.sequence)
        return self.of_rate(point.rate_point) + (beyond.value if beyond else 0.0)

    def of_rate(self, label: str) -> float:
        """The mean of a rate point; of one not seen, from the line through those that were."""
        if label in self.rates:
            return self.rates[label].value
        means = [mean.value for mean in self.rates.values()]
        centre = sum(means) / len(means)
        places = [_number(seen) for seen in self.rates]
        place = _number(label)
        known = [p for p in places if p is not None]
        if place is None or len(known) < len(places):
            return centre
        middle = sum(known) / len(known)
        spread = sum((p - middle) ** 2 for p in known)
        if not spread:
            return centre
        slope = sum((p - middle) * m for p, m in zip(known, means, strict=True)) / spread
        return centre + slope * (place - middle)


def _number(label: str) -> float | None:
    try:
        value = float(label)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


class RunTimes:
    """Predicts wall seconds from samples coded, rate point and sequence of finished stages.

    The time of a stage is taken as proportional to the samples of all its pictures. A codec nothing
    is known of takes DEFAULT_S_PER_MEGASAMPLE: its longest stages still come first.
    """

    def __init__(self, inputs: StageInputs) -> None:
        self._inputs = inputs
        self._speeds: dict[tuple[str, str], _Speed] = {}
        self._seen: set[ToRun] = set()
        self.learnt = 0

    def learn(self, ran: ToRun, wall_s: float) -> None:
        """Take note of what a stage took; one that is known already changes nothing."""
        if ran in self._seen:
            return
        self._seen.add(ran)
        self.learnt += 1
        value = math.log(max(wall_s - STAGE_START_S, SHORTEST_S) / self._samples(ran))
        self._speeds.setdefault(self._kind(ran), _Speed()).add(ran.point, value)

    def knows(self, run: ToRun) -> bool:
        """Whether a stage of this kind and codec has been seen."""
        return self._kind(run) in self._speeds

    def seconds(self, run: ToRun) -> float:
        """Return how long the stage will take."""
        speed = self._speeds.get(self._kind(run))
        if speed is None:
            return DEFAULT_S_PER_MEGASAMPLE[run.stage] * self._samples(run) / 1e6
        return STAGE_START_S + math.exp(speed.of(run.point)) * self._samples(run)

    def _kind(self, run: ToRun) -> tuple[str, str]:
        # Metrics take as long for any codec, but each configuration asks for its own.
        measure = run.stage == "measure"
        return run.stage, run.point.configuration if measure else run.point.card

    def _samples(self, run: ToRun) -> int:
        video = self._inputs.original_format(run.point)
        return video.width * video.height * self._inputs.frames(run.point) * run.figures


def to_run(job: Job) -> ToRun:
    """Return the job as its time is predicted."""
    return ToRun(job.stage, job.point, max(1, len(job.pending)))


def stages_left(curve: Curve, jobs: Sequence[Job], inputs: StageInputs) -> list[ToRun]:
    """Return what is still to run of a curve whose next jobs are these."""
    left = []
    for job in jobs:
        if job.stage == "measure":
            return [to_run(job)]
        last = STAGES.index(curve.points[job.point])
        left += [ToRun(s, job.point) for s in STAGES[STAGES.index(job.stage) : 1 + last]]
    if curve.measured and jobs:
        reasons = [why for point in curve.points for why in inputs.metrics(point).values()]
        figures = max(1, sum(not why for why in reasons))
        left.append(ToRun("measure", jobs[0].point, figures))
    return left


class TimeLeft:
    """The predicted time of all stages still to run, kept by curve."""

    def __init__(self, times: RunTimes) -> None:
        self._times = times
        self._curves: dict[str, Sequence[ToRun]] = {}
        self._sums: dict[str, tuple[float, int]] = {}
        self._total, self._unknown = 0.0, 0

    def update(self, curve: str, stages: Sequence[ToRun]) -> None:
        """Note what is left of a curve."""
        seconds, unknown = self._sums.pop(curve, (0.0, 0))
        self._total -= seconds
        self._unknown -= unknown
        self._curves.pop(curve, None)
        if not stages:
            return
        seconds = sum(self._times.seconds(stage) for stage in stages)
        unknown = sum(not self._times.knows(stage) for stage in stages)
        self._curves[curve], self._sums[curve] = stages, (seconds, unknown)
        self._total += seconds
        self._unknown += unknown

    def refresh(self) -> None:
        """Predict all anew, after much has been learnt."""
        self._total, self._unknown = 0.0, 0
        self._sums = {}
        for curve, stages in list(self._curves.items()):
            self.update(curve, stages)

    def left(self, jobs: int) -> Left | None:
        """Return the time left with so many stages at once; None while nothing is known."""
        if not self._times.learnt:
            return None
        return Left(max(0.0, self._total) / max(1, jobs), self._unknown == 0)

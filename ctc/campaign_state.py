"""Where a campaign stands: what is finished, what can run now, what failed; from records alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ctc.campaign_lock import CampaignLock
from ctc.curve import STAGES, Curve, Failure, Job, Step
from ctc.errors import ConditionsError, StoreError, near_miss
from ctc.keys import Keyed
from ctc.record import Output, Record
from ctc.record_brief import Brief, brief_of
from ctc.record_index import RecordIndex
from ctc.stage import Place, open_store
from ctc.stage_inputs import Point, StageInputs
from reference_sw.video.format import ColourModel


class CampaignState:
    """Curves of a campaign; `resolve` reads their records and says what comes next.

    unwritten: keys of records that are in the store alone, with why they could not be copied;
    again: finished stages to run again, since what they made is needed and has gone.

    force: no record made before this run counts; retry_failed: a failed one does not count; copy:
    records found in the store join the campaign's folder.
    """

    def __init__(
        self,
        lock: CampaignLock,
        place: Place,
        only: tuple[str, ...] = (),
        force: bool = False,
        retry_failed: bool = False,
        copy: bool = True,
    ) -> None:
        self.inputs = StageInputs(lock)
        self.lock = lock
        self._records = place.records
        self._store = open_store(place.store)
        self._own, self._shared = RecordIndex(self._records), RecordIndex(self._store.records)
        self._place = place
        self._force, self._retry_failed, self._copy = force, retry_failed, copy
        self._made: set[str] = set()
        self._failed: dict[str, Brief] = {}
        self.unwritten: dict[str, str] = {}
        self.again: dict[str, None] = {}
        self.curves: dict[tuple[str, str, str], Curve] = {}
        for point in self.inputs.points():
            curve = self.curves.setdefault(point[:3], Curve("/".join(point[:3])))
            curve.points[point] = "decode"
        if only:
            self._restrict(only)
        self.total = sum(self._units(curve) for curve in self.curves.values())

    def made(self, records: list[Record]) -> None:
        """Note records of this run: they count whatever the options."""
        self._made.update(record.key for record in records)
        self._failed |= {record.key: brief_of(record) for record in records if not record.done}

    def resolve(self, curve: Curve) -> list[Job]:
        """Return what can run now of a curve, bringing its tally and failures up to date."""
        steps = {point: self._step(point, last) for point, last in curve.points.items()}
        curve.tally = Counter(done=sum(step.done for step in steps.values()))
        curve.failures = [step.failure for step in steps.values() if step.failure]
        curve.logs, curve.notes = 0, []
        for point, step in steps.items():
            if step.failure:
                self._count_failure(curve, point, step)
            for stage, record in zip(STAGES, step.records, strict=False):
                curve.note(f"{stage}/{point.name}", record)
                curve.took[stage, point] = record.cost.get("wall_s", 0.0)
        jobs = [step.job for step in steps.values() if step.job]
        if curve.measured and not jobs:
            jobs += self._measure(curve, {p: s for p, s in steps.items() if s.decoded is not None})
        curve.finished = not jobs
        self.again.update((job.name, None) for job in jobs if job.force)
        self._count_left(curve, jobs)
        return jobs

    def _count_left(self, curve: Curve, jobs: list[Job]) -> None:
        for job in jobs:
            last = curve.points[job.point]
            for stage in STAGES[STAGES.index(job.stage) : 1 + STAGES.index(last)]:
                curve.tally[stage] += 1
        if curve.measured and jobs:
            curve.tally["measure"] = 1

    def _count_failure(self, curve: Curve, point: Point, step: Step) -> None:
        curve.tally["failed"] += 1
        if curve.points[point] == "decode" and step.done == 0:
            curve.tally["blocked"] += 1
        if curve.measured:
            curve.tally["blocked"] += sum(not r for r in self.inputs.metrics(point).values())

    def _step(self, point: Point, last: str) -> Step:
        fault = self.inputs.fault(point)
        if fault:
            unusable = self.lock.cards[point.card].encoder is None
            status = "not-supported" if unusable else "failed"
            return Step(0, failure=Failure(f"encode/{point.name}", status, fault))
        encode = self.inputs.encode(point)
        record = self._lookup(encode.key)
        if record is None:
            return Step(0, job=Job("encode", f"encode/{point.name}", encode.key, point, encode))
        if record.output is None:
            return Step(0, failure=Failure(f"encode/{point.name}", record.status, record.reason))
        if last == "encode":
            return Step(1)
        encoded, bitstream = record, record.output
        decode = self.inputs.decode(point, bitstream.sha256)
        record = self._lookup(decode.key)
        if record is None:
            job = self._decode_job(point, encode, decode, bitstream, None)
            return Step(1, job=job, records=(encoded,))
        if record.output is None:
            return Step(1, failure=Failure(f"decode/{point.name}", record.status, record.reason))
        return Step(2, decoded=record.output, records=(encoded, record))

    def _decode_job(
        self, point: Point, encode: Keyed, decode: Keyed, bitstream: Output, expected: Output | None
    ) -> Job:
        """Return the decode, or first the encode again if its bitstream is gone."""
        if not self._store.has(bitstream):
            return Job(
                "encode",
                f"encode/{point.name}",
                encode.key,
                point,
                encode,
                force=True,
            )
        return Job(
            "decode",
            f"decode/{point.name}",
            decode.key,
            point,
            decode,
            force=expected is not None,
            bitstream=bitstream,
            expected=expected,
        )

    def _measure(self, curve: Curve, steps: dict[Point, Step]) -> list[Job]:
        """Return the measure job of a curve, or first the decodes of files that are gone."""
        pending: list[tuple[Keyed, str, Point]] = []
        wanted: dict[Point, Output] = {}
        for point, step in steps.items():
            output = step.decoded
            for metric, reason in self.inputs.metrics(point).items():
                if reason or output is None:
                    continue
                keyed = self.inputs.measure(point, metric, output.sha256)
                record = self._lookup(keyed.key)
                if record is None:
                    pending.append((keyed, metric, point))
                    wanted[point] = output
                elif record.done:
                    curve.tally["done"] += 1
                    curve.note(f"measure/{point.name}/{metric}", record)
                else:
                    name = f"measure/{point.name}/{metric}"
                    curve.tally["failed"] += 1
                    curve.failures.append(Failure(name, record.status, record.reason))
        if not pending:
            return []
        missing = [p for p, output in wanted.items() if not self._store.has(output)]
        if missing:
            return [self._remake(point, wanted[point]) for point in missing]
        order = list(wanted)
        return [
            Job(
                "measure",
                f"measure/{curve.name}",
                f"measure/{curve.name}",
                order[0],
                pending[0][0],
                decoded=tuple(wanted.values()),
                log_psnr=tuple(self._log_psnr(p, steps[p]) for p in order),
                pending=tuple((k, m, order.index(p)) for k, m, p in pending),
            )
        ]

    def _log_psnr(self, point: Point, step: Step) -> dict[str, float]:
        """What the encoder's log says, where it measured the same samples as we do."""
        own = self.inputs.original_format(point)
        same = self.inputs.input_format(point) == own == self.inputs.output_format(point)
        if not same or own.colour is not ColourModel.YCBCR:
            return {}
        return dict(step.records[0].log_check.get("psnr", {}))

    def _remake(self, point: Point, expected: Output) -> Job:
        encode = self.inputs.encode(point)
        record = self._own.brief(encode.key)
        if record is None or record.output is None:
            return Job("encode", f"encode/{point.name}", encode.key, point, encode, force=True)
        decode = self.inputs.decode(point, record.output.sha256)
        return self._decode_job(point, encode, decode, record.output, expected)

    def _lookup(self, key: str) -> Brief | None:
        """Return what counts for a key; a record found in the store joins the campaign."""
        if self._force and key not in self._made:
            return None
        found = self._own.brief(key)
        if found is not None and not found.done and key not in self._made:
            found = None if found.retry or self._retry_failed else found
        if found is None:
            found = self._join(key) if self._copy else self._shared.brief(key)
        return found or self._failed.get(key)  # one that could not be written counts all the same

    def _join(self, key: str) -> Brief | None:
        """Copy a record of the store to the campaign; the result counts even if that fails."""
        record = self._store.records.read(key)
        if record is None:
            return None
        try:
            self._records.write(record, durable=False)  # one that is lost is copied again
            self.unwritten.pop(key, None)
        except StoreError as problem:
            self.unwritten[key] = str(problem)
        self._store.copy_logs(record.logs, self._place.logs)
        return brief_of(record)

    def told_again(self) -> list[str]:
        """Say which finished stages run again, in one line if there are any."""
        if not self.again:
            return []
        first, count = next(iter(self.again)), len(self.again)
        named = first if count == 1 else f"{first} and {count - 1} more"
        return [f"no longer in the store and needed, so made again: {named}"]

    def keep_index(self) -> None:
        """Keep what was read of many records for the next time; for speed alone."""
        self._own.save()
        self._shared.save()

    def _units(self, curve: Curve) -> int:
        stages = sum(1 + STAGES.index(last) for last in curve.points.values())
        if curve.measured:
            stages += sum(
                not reason for p in curve.points for reason in self.inputs.metrics(p).values()
            )
        return stages

    def _restrict(self, only: tuple[str, ...]) -> None:
        """Keep the stages named, with what they need.

        Raises:
            ConditionsError: no such stage.
        """
        known = {f"measure/{curve.name}": curve for curve in self.curves.values()}
        points = {f"{s}/{p.name}": (s, p) for c in known.values() for p in c.points for s in STAGES}
        kept: dict[tuple[str, str, str], Curve] = {}
        for name in only:
            if name in known:
                key = next(iter(known[name].points))[:3]
                kept[key] = known[name]
                continue
            if name not in points or name.startswith("measure"):
                raise ConditionsError(
                    f"no stage '{name}'{near_miss(name, [*known, *points])}; 'ctc jobs' lists them"
                )
            stage, point = points[name]
            curve = kept.setdefault(point[:3], Curve("/".join(point[:3]), measured=False))
            if curve.points.get(point) != "decode":
                curve.points[point] = stage
        self.curves = kept

    def pending(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield every stage still to run with those it waits for, without running anything."""
        for curve in self.curves.values():
            jobs = {job.point: job for job in self.resolve(curve)}
            needed: list[str] = []
            for point, last in curve.points.items():
                job = jobs.get(point)
                if job is None or job.stage == "measure":
                    continue
                before: tuple[str, ...] = ()
                for stage in STAGES[STAGES.index(job.stage) : 1 + STAGES.index(last)]:
                    name = f"{stage}/{point.name}"
                    yield name, before
                    before = (name,)
                needed += before
            if curve.measured and jobs:
                yield f"measure/{curve.name}", tuple(needed)

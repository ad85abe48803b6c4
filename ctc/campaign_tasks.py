"""From a job of the campaign to the task that runs it, with the programs found on this machine."""

from __future__ import annotations

from dataclasses import dataclass

from ctc.card import Card
from ctc.curve import Job
from ctc.decode_stage import DecodeTask
from ctc.encode_stage import EncodeTask
from ctc.errors import CardError, StageError
from ctc.locked_card import Programs
from ctc.machine import Needs
from ctc.measure_stage import Measurement, MeasureTask
from ctc.metrics.learned import device_name
from ctc.plan import Plan
from ctc.program import Program
from ctc.segments import Segments, cut, refusal
from ctc.stage import Task
from ctc.stage_inputs import StageInputs
from ctc.still_picture import MOST_SEQUENCES, sequences_shown


@dataclass(frozen=True)
class RunOptions:
    """How stages run; none of it enters a key.

    timeout_s: in place of the card's and the conditions'; decode_twice: compare two decodes of
    each bitstream; segments: of one encode at once, where its card allows that; pictures: of how
    many sequences of a configuration one decoded picture is kept.
    """

    force: bool = False
    retry_failed: bool = False
    keep_decoded: bool = False
    decode_twice: bool = False
    timeout_s: float | None = None
    segments: int = 1
    pictures: int = MOST_SEQUENCES


class TaskBuilder:
    """Builds the task of a job; needs_of says what that takes of a machine."""

    def __init__(self, plan: Plan, inputs: StageInputs, options: RunOptions) -> None:
        self._plan, self._inputs, self._options = plan, inputs, options
        sequences = inputs.lock.sequences
        self._shown = {
            name: sequences_shown(
                [(s, sequences[s].sequence_class) for s in configuration.sequences],
                options.pictures,
            )
            for name, configuration in inputs.configurations.items()
        }

    def needs_of(self, job: Job) -> Needs:
        """What a job needs: its card says; measuring takes a core, and a GPU if it uses any."""
        if job.stage == "measure":
            return Needs(gpus=1 if device_name() == "cuda" else 0)
        card = self._plan.cards[job.point.card].card
        if card is None:
            return Needs()
        program = card.encoder if job.stage == "encode" else card.decoder
        stated = program.resources or card.resources
        segments = self._segments(job, card) if job.stage == "encode" else None
        times = 1 if segments is None else segments.at_once
        memory = None if stated.memory_gib is None else stated.memory_gib * times
        return Needs(stated.cpus * times, stated.gpus, memory)

    def task(self, job: Job) -> Task:
        """Return the task.

        Raises:
            CardError: the codec cannot run here.
        """
        if job.stage == "measure":
            return self._measure(job)
        planned = self._plan.cards[job.point.card]
        if planned.card is None or planned.programs is None:
            raise CardError(planned.locked.fault or f"{job.point.card}: cannot run here")
        if job.stage == "encode":
            return self._encode(job, planned.card, planned.programs)
        return self._decode(job, planned.card, planned.programs)

    def _encode(self, job: Job, card: Card, programs: Programs) -> EncodeTask:
        return EncodeTask(
            codec=self._codec(job),
            timeout_s=self._timeout(programs.encoder),
            keyed=job.keyed,
            program=programs.encoder,
            sequence=self._plan.sequences[job.point.sequence],
            frames=self._inputs.frames(job.point),
            input_format=self._inputs.input_format(job.point),
            container=card.input.container,
            rate_point=job.point.rate_point,
            log=card.log,
            segments=self._segments(job, card),
        )

    def _segments(self, job: Job, card: Card) -> Segments | None:
        """How the encode is cut; None when it is coded in one run."""
        version = self._plan.lock.cards[job.point.card].version
        rate = self._inputs.original_format(job.point).frame_rate
        if self._options.segments < 2 or refusal(card, version, rate):
            return None
        frames = self._inputs.frames(job.point)
        segments = cut(card, version, frames, rate, self._options.segments)
        return segments if len(segments.parts) > 1 else None

    def _decode(self, job: Job, card: Card, programs: Programs) -> DecodeTask:
        if job.bitstream is None:
            raise StageError(f"{job.name}: no bitstream to decode")
        return DecodeTask(
            codec=self._codec(job),
            timeout_s=self._timeout(programs.decoder),
            keyed=job.keyed,
            program=programs.decoder,
            components=programs.components,
            bitstream=job.bitstream,
            output_format=self._inputs.output_format(job.point),
            container=card.output.container,
            frames=self._inputs.frames(job.point),
            log=card.log,
            twice=self._options.decode_twice,
            expected=job.expected,
            still=job.point.sequence in self._shown[job.point.configuration],
        )

    def _measure(self, job: Job) -> MeasureTask:
        locked = self._plan.lock.cards[job.point.card]
        return MeasureTask(
            codec=self._codec(job),
            timeout_s=self._options.timeout_s or self._plan.lock.conditions.timeout_s,
            sequence=self._plan.sequences[job.point.sequence],
            frames=self._inputs.frames(job.point),
            decoded=job.decoded,
            log_psnr=job.log_psnr,
            decoded_format=self._inputs.output_format(job.point),
            container=locked.output.container,
            measurements=tuple(Measurement(k, m, i) for k, m, i in job.pending),
        )

    def _codec(self, job: Job) -> str:
        locked = self._plan.lock.cards[job.point.card]
        return f"{job.point.card} {locked.version}".strip()

    def _timeout(self, program: Program) -> float:
        conditions = self._plan.lock.conditions.timeout_s
        return self._options.timeout_s or program.timeout_s or conditions

"""The encode stage: original in, one bitstream out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Literal

from ctc.keys import Keyed
from ctc.log_check import check_encoder_log
from ctc.metrics.base import VideoFile
from ctc.program import Program
from ctc.record import Record
from ctc.segments import Segments
from ctc.sequences import Sequence
from ctc.stage import Place, Task
from ctc.stage_bounds import card_bounds
from ctc.stage_inputs import encoder_values
from ctc.stage_program import missing_output, run_program
from ctc.stage_record import new_record
from ctc.store import Store
from reference_sw.video.format import VideoFormat


@dataclass(frozen=True)
class EncodeTask(Task):
    """Encode one sequence at one rate point; segments: None to code it in one run."""

    stage: ClassVar[str] = "encode"
    keyed: Keyed
    program: Program
    sequence: Sequence
    frames: int
    input_format: VideoFormat
    container: Literal["raw", "y4m"]
    rate_point: str
    log: str | None
    segments: Segments | None = None

    @property
    def stages(self) -> tuple[Keyed, ...]:
        """The one stage."""
        return (self.keyed,)

    def perform(self, place: Place, store: Store, work: Path) -> list[Record]:
        """Run the encoder; the bitstream is published only if it succeeded."""
        source = source_file(self.sequence, self.frames, store)
        given = input_file(source, self.input_format, self.container, store)
        bitstream = work / "run" / "bitstream.bin"
        bitstream.parent.mkdir()
        if self.segments is not None:
            return [self._in_segments(self.segments, place, store, given, work)]
        values = {
            **encoder_values(self.input_format, self.frames, self.rate_point),
            "source": str(given.path),
            "bitstream": str(bitstream),
            "work": str(bitstream.parent),
        }
        size = self.input_format.bytes_per_picture * self.frames
        bounds = card_bounds(place, self.program, work, size, (given.path,))
        run = run_program(self, "encoder", place, self.program, values, work, bounds=bounds)
        record = replace(new_record(self.stage, self.keyed, self.codec, place.ctc), **run.fields)
        reason = run.failure or missing_output("encoder", bitstream)
        if reason:
            return [run.failed(record, reason)]
        output = store.put(bitstream, durable=True)
        check = check_encoder_log(self.log, run.logs[:1], output.bytes, self.frames)
        return [replace(record, output=output, log_check=check)]

    def _in_segments(
        self, segments: Segments, place: Place, store: Store, given: VideoFile, work: Path
    ) -> Record:
        """The same bitstream from several runs of the encoder."""
        from ctc.segmented_encode import encode_segments

        joined = work / "run" / "bitstream.bin"
        run = encode_segments(self, segments, place, given, work, joined)
        record = replace(new_record(self.stage, self.keyed, self.codec, place.ctc), **run.fields)
        if run.failure:
            return run.decisive.failed(record, run.failure)
        output = store.put(joined, durable=True)
        check = check_encoder_log(self.log, run.logs, output.bytes, self.frames)
        return replace(record, output=output, log_check=check)


def source_file(sequence: Sequence, frames: int, store: Store) -> VideoFile:
    """Return the original, verified, cut to its first pictures.

    Raises:
        SequenceError: missing, cut, or of another md5.
    """
    from ctc.sources import original_file

    return original_file(sequence, frames, store.root / "sources")


def input_file(
    source: VideoFile, target: VideoFormat, container: Literal["raw", "y4m"], store: Store
) -> VideoFile:
    """Return the original as the encoder reads it.

    Raises:
        SequenceError: it does not convert to that format.
    """
    from ctc.sources import converted_file

    return converted_file(source, target, container, store.root / "sources")

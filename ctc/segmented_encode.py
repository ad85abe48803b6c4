"""Encoding in segments: several runs of the encoder at once, their streams joined into one."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from ctc.errors import StageError
from ctc.metrics.base import VideoFile
from ctc.process import ProcessResult
from ctc.segments import Segments
from ctc.stage import Place
from ctc.stage_bounds import card_bounds
from ctc.stage_inputs import encoder_values
from ctc.stage_program import ProgramRun, missing_output, run_program
from ctc.stage_record import cost

if TYPE_CHECKING:
    from ctc.encode_stage import EncodeTask

FIRST_FRAME = "first_frame"


@dataclass(frozen=True)
class SegmentedRun:
    """All segments of an encode: the run that decides, in words why it failed, the record's fields.

    bitstream: the joined stream, written only if `failure` is empty.
    """

    decisive: ProgramRun
    failure: str
    fields: dict[str, Any]
    logs: tuple[Path, ...]


def encode_segments(
    task: EncodeTask, segments: Segments, place: Place, given: VideoFile, work: Path, joined: Path
) -> SegmentedRun:
    """Encode each segment in a folder of its own, `at_once` of them at a time, and join them.

    given: the file that the encoder reads, whole: what lies beyond a segment is there to look at.

    Raises:
        Cancelled: the runner is stopping.
    """
    started = monotonic()
    runs: list[ProgramRun] = []
    with _pool(min(segments.at_once, max(1, place.jobs))) as pool:
        waiting = [
            pool.submit(_encode_one, task, segments, number, place, given, work)
            for number in range(len(segments.parts))
        ]
        for future in waiting:
            runs.append(future.result())
            if runs[-1].failure:
                break
    elapsed = monotonic() - started
    fields = _fields(runs, segments, place, elapsed)
    logs = tuple(run.logs[0] for run in runs)
    if runs[-1].failure:
        return SegmentedRun(runs[-1], runs[-1].failure, fields, logs)
    return SegmentedRun(runs[-1], _join(segments, work, joined), fields, logs)


@contextmanager
def _pool(workers: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that each wait for one program; what has not begun when one fails never begins."""
    pool = ThreadPoolExecutor(workers, thread_name_prefix="segment")
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _encode_one(
    task: EncodeTask, segments: Segments, number: int, place: Place, given: VideoFile, work: Path
) -> ProgramRun:
    part = segments.parts[number]
    own = work / f"segment-{number}"
    bitstream = _bitstream(work, number)
    bitstream.parent.mkdir(parents=True)
    values = {
        **encoder_values(task.input_format, part.frames, task.rate_point),
        "source": str(given.path),
        "bitstream": str(bitstream),
        "work": str(bitstream.parent),
        FIRST_FRAME: str(part.first),
    }
    arguments = (*task.program.arguments, segments.rule.skip)
    program = replace(task.program, arguments=arguments)
    size = task.input_format.bytes_per_picture * part.frames
    bounds = card_bounds(place, program, own, size, (given.path,))
    suffix = f"-segment-{number}"
    run = run_program(task, "encoder", place, program, values, own, suffix, bounds)
    reason = run.failure or missing_output("encoder", bitstream)
    named = f"segment {number} (pictures {part.first} to {part.first + part.frames - 1}): {reason}"
    return replace(run, failure=named if reason else "")


def _bitstream(work: Path, number: int) -> Path:
    return work / f"segment-{number}" / "run" / "bitstream.bin"


def _join(segments: Segments, work: Path, joined: Path) -> str:
    """Write the joined stream; return why it cannot be, or an empty string."""
    from anchors.vvc_segments import join_segments

    streams = [_bitstream(work, number).read_bytes() for number in range(len(segments.parts))]
    try:
        joined.write_bytes(join_segments(streams, [part.frames for part in segments.parts]))
    except StageError as problem:
        return f"segments cannot be joined: {problem}; run the stage without --segments"
    return ""


def _fields(
    runs: list[ProgramRun], segments: Segments, place: Place, elapsed_s: float
) -> dict[str, Any]:
    """Cost, command and logs of the record: time is the sum over segments, as of one encode."""
    results = [run.result for run in runs]
    total = ProcessResult(
        wall_s=sum(result.wall_s for result in results),
        cpu_s=sum(result.cpu_s for result in results),
        peak_rss_mib=max(result.peak_rss_mib for result in results),
    )
    parts = zip(segments.parts, results, strict=False)
    detail = {
        "at_once": segments.at_once,
        "elapsed_s": elapsed_s,
        "pictures": [[part.first, part.frames] for part in segments.parts],
        "cpu_s": [result.cpu_s for _, result in parts],
    }
    return {
        "cost": cost(total, place.jobs),
        "command": {**runs[-1].fields["command"], "segments": detail},
        "logs": tuple(name for run in runs for name in run.fields["logs"]),
    }

"""Progress of a run: a bar with time left on a terminal, one line a stage elsewhere."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, TextIO

from ctc.curve import STAGES, Job
from ctc.stage import Outcome

if TYPE_CHECKING:
    from tqdm import tqdm
    from typing_extensions import Never


class RunProgress:
    """Shows a run on `stream`; a bar is drawn only where the stream is a terminal."""

    def __init__(self, stream: TextIO, quiet: bool = False) -> None:
        self._stream, self._quiet = stream, quiet
        self._bar: tqdm[Never] | None = None
        self._total = self._jobs = 0
        self._ran = 0
        self._seconds: dict[str, list[float]] = {stage: [] for stage in STAGES}

    def begin(self, total: int, tally: Counter[str], jobs: int) -> None:
        """A run of so many stages starts, some of them finished; so many run at once."""
        self._total, self._jobs = total, jobs
        if self._quiet or not self._stream.isatty():
            return
        from tqdm import tqdm

        self._bar = tqdm(
            total=total,
            initial=tally["done"],
            file=self._stream,
            unit="stage",
            dynamic_ncols=True,
            bar_format="{percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}{postfix}]",
        )
        self._show(tally)

    def ended(self, job: Job, outcome: Outcome, tally: Counter[str]) -> None:
        """A job has ended; so many stages are finished, failed and left now."""
        if not outcome.cached:
            self._seconds[job.stage].append(outcome.wall_s)
            self._ran += sum(record.done for record in outcome.records)
        bad = [record for record in outcome.records if not record.done]
        if self._bar is None:
            if not self._quiet or bad:
                self._line(job, outcome, tally)
            return
        for record in bad[:1]:
            self.warn(f"{job.name}: {record.status}: {record.reason}")
        self._show(tally)

    def tick(self) -> None:
        """Stages are still running: bring the time in the bar up to date."""
        if self._bar is not None:
            self._bar.refresh()

    def warn(self, line: str) -> None:
        """Write a line above the bar."""
        if self._bar is None:
            self._stream.write(f"{line}\n")
            self._stream.flush()
        else:
            self._bar.write(line, file=self._stream)

    def end(self) -> None:
        """The run is over."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def time_left(self, tally: Counter[str]) -> str:
        """Return the time left, from the mean of each kind of stage so far.

        `over 00:01:00` while a kind of stage has yet to be seen, empty while none has.
        """
        seen = {stage: sum(walls) / len(walls) for stage, walls in self._seconds.items() if walls}
        if not seen:
            return ""
        left = sum(tally[stage] * mean for stage, mean in seen.items()) / max(1, self._jobs)
        unseen = any(tally[stage] and stage not in seen for stage in STAGES)
        return f"{'over ' if unseen else ''}{_clock(left)}"

    def _show(self, tally: Counter[str]) -> None:
        if self._bar is None:
            return
        cached = max(0, tally["done"] - self._ran)
        text = f"{self._ran} run, {cached} cached, {tally['failed']} failed"
        left = self.time_left(tally)
        self._bar.n = min(self._total, tally["done"] + tally["failed"] + tally["blocked"])
        self._bar.set_postfix_str(f"{text}, {left} left" if left else text, refresh=True)

    def _line(self, job: Job, outcome: Outcome, tally: Counter[str]) -> None:
        bad = [record for record in outcome.records if not record.done]
        count = tally["done"] + tally["failed"] + tally["blocked"]
        if bad:
            state = f"{bad[0].status}: {bad[0].reason}"
        elif outcome.cached:
            state = "done by another runner"
        else:
            state = f"{outcome.wall_s:.2f} s{_made(job, outcome)}"
        width = len(str(self._total))
        self.warn(f"{count:{width}d}/{self._total} {job.name}: {state}")


def _made(job: Job, outcome: Outcome) -> str:
    if job.stage == "encode" and outcome.records and outcome.records[0].output:
        return f", {outcome.records[0].output.bytes} bytes"
    return f", {len(job.pending)} figures" if job.stage == "measure" else ""


def _clock(seconds: float) -> str:
    days, rest = divmod(int(seconds), 86400)
    text = time.strftime("%H:%M:%S", time.gmtime(rest))
    return f"{days} d {text}" if days else text

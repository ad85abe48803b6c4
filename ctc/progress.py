"""Progress of a run: a bar with time left on a terminal, one line a stage elsewhere."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, TextIO

from ctc.curve import Job
from ctc.run_time import Left
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
        self._left: Left | None = None

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

    def ended(self, job: Job, outcome: Outcome, tally: Counter[str], left: Left | None) -> None:
        """A job has ended; so many stages are finished, failed and left now; the time they take."""
        self._left = left
        if not outcome.cached:
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

    def _show(self, tally: Counter[str]) -> None:
        if self._bar is None:
            return
        cached = max(0, tally["done"] - self._ran)
        text = f"{self._ran} run, {cached} cached, {tally['failed']} failed"
        left = time_left(self._left)
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


def time_left(left: Left | None) -> str:
    """Return the time left in words, empty while nothing is known.

    `over` while a kind of stage has yet to be seen, of which little is known.

    >>> time_left(Left(350.0, known=False))
    'over 00:05:50'
    """
    return "" if left is None else f"{'' if left.known else 'over '}{_clock(left.seconds)}"


def _clock(seconds: float) -> str:
    days, rest = divmod(int(seconds), 86400)
    text = time.strftime("%H:%M:%S", time.gmtime(rest))
    return f"{days} d {text}" if days else text

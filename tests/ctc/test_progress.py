"""The bar's time left, and the lines where there is no terminal."""

from __future__ import annotations

import io
from collections import Counter

from ctc.curve import Job
from ctc.keys import Keyed
from ctc.progress import RunProgress, time_left
from ctc.record import Output, Record
from ctc.run_time import Left
from ctc.stage import Outcome
from ctc.stage_inputs import Point

LEFT = Left(70.0, known=False)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def job(stage: str) -> Job:
    point = Point("main", "null", "alpha", "8")
    return Job(stage, f"{stage}/{point.name}", "k", point, Keyed("k", {}))


def outcome(stage: str, status: str = "done", wall_s: float = 10.0) -> Outcome:
    record = Record("k", stage, status, {}, reason="why", output=Output(5, "s"))
    return Outcome([record], wall_s=wall_s)


def test_time_left_is_unsaid_unsure_or_sure() -> None:
    assert time_left(None) == ""
    assert time_left(Left(300.4, known=False)) == "over 00:05:00"
    assert time_left(Left(350.0, known=True)) == "00:05:50"
    assert time_left(Left(100_000.0, known=True)) == "1 d 03:46:40"


def test_one_line_a_stage_off_a_terminal_and_failures_even_when_quiet() -> None:
    stream = io.StringIO()
    progress = RunProgress(stream)
    progress.begin(4, Counter(), 1)
    progress.ended(job("encode"), outcome("encode"), Counter(done=1), None)
    progress.ended(job("decode"), outcome("decode", "timeout"), Counter(done=1, failed=1), None)
    progress.end()
    assert stream.getvalue().splitlines() == [
        "1/4 encode/main/null/alpha/8: 10.00 s, 5 bytes",
        "2/4 decode/main/null/alpha/8: timeout: why",
    ]
    quiet = io.StringIO()
    progress = RunProgress(quiet, quiet=True)
    progress.begin(4, Counter(), 1)
    progress.ended(job("encode"), outcome("encode"), Counter(done=1), None)
    progress.ended(job("decode"), outcome("decode", "failed"), Counter(done=1, failed=1), None)
    assert quiet.getvalue() == "2/4 decode/main/null/alpha/8: failed: why\n"


def test_a_bar_on_a_terminal_counts_run_cached_and_failed() -> None:
    stream = Terminal()
    progress = RunProgress(stream)
    progress.begin(8, Counter(done=2), 1)
    progress.ended(job("encode"), outcome("encode"), Counter(done=3, decode=1), LEFT)
    progress.ended(
        job("decode"), outcome("decode", "failed"), Counter(done=3, failed=1, blocked=2), LEFT
    )
    progress.tick()
    progress.end()
    shown = stream.getvalue()
    assert "1 run, 2 cached, 0 failed, over 00:01:10 left" in shown
    assert "decode/main/null/alpha/8: failed: why" in shown
    assert "6/8" in shown and "1 run, 2 cached, 1 failed" in shown

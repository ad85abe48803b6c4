"""The bar's time left, and the lines where there is no terminal."""

from __future__ import annotations

import io
from collections import Counter

from ctc.curve import Job
from ctc.keys import Keyed
from ctc.progress import RunProgress
from ctc.record import Output, Record
from ctc.stage import Outcome
from ctc.stage_inputs import Point


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def job(stage: str) -> Job:
    point = Point("main", "null", "alpha", "8")
    return Job(stage, f"{stage}/{point.name}", "k", point, Keyed("k", {}))


def outcome(stage: str, status: str = "done", wall_s: float = 10.0) -> Outcome:
    record = Record("k", stage, status, {}, reason="why", output=Output(5, "s"))
    return Outcome([record], wall_s=wall_s)


def test_time_left_is_the_mean_of_each_kind_over_the_jobs() -> None:
    progress = RunProgress(io.StringIO(), quiet=True)
    progress.begin(24, Counter(), 2)
    tally = Counter(encode=3, decode=4, measure=2)
    assert progress.time_left(tally) == ""
    progress.ended(job("encode"), outcome("encode", wall_s=100.0), tally)
    progress.ended(job("encode"), outcome("encode", wall_s=300.0), tally)
    assert progress.time_left(tally) == "over 00:05:00"  # 3 x 200 s on 2 jobs, the rest unknown
    progress.ended(job("decode"), outcome("decode", wall_s=10.0), tally)
    progress.ended(job("measure"), outcome("measure", wall_s=30.0), tally)
    assert progress.time_left(tally) == "00:05:50"
    assert progress.time_left(Counter(encode=1000)) == "1 d 03:46:40"


def test_one_line_a_stage_off_a_terminal_and_failures_even_when_quiet() -> None:
    stream = io.StringIO()
    progress = RunProgress(stream)
    progress.begin(4, Counter(), 1)
    progress.ended(job("encode"), outcome("encode"), Counter(done=1))
    progress.ended(job("decode"), outcome("decode", "timeout"), Counter(done=1, failed=1))
    progress.end()
    assert stream.getvalue().splitlines() == [
        "1/4 encode/main/null/alpha/8: 10.00 s, 5 bytes",
        "2/4 decode/main/null/alpha/8: timeout: why",
    ]
    quiet = io.StringIO()
    progress = RunProgress(quiet, quiet=True)
    progress.begin(4, Counter(), 1)
    progress.ended(job("encode"), outcome("encode"), Counter(done=1))
    progress.ended(job("decode"), outcome("decode", "failed"), Counter(done=1, failed=1))
    assert quiet.getvalue() == "2/4 decode/main/null/alpha/8: failed: why\n"


def test_a_bar_on_a_terminal_counts_run_cached_and_failed() -> None:
    stream = Terminal()
    progress = RunProgress(stream)
    progress.begin(8, Counter(done=2), 1)
    progress.ended(job("encode"), outcome("encode"), Counter(done=3, decode=1))
    progress.ended(job("decode"), outcome("decode", "failed"), Counter(done=3, failed=1, blocked=2))
    progress.tick()
    progress.end()
    shown = stream.getvalue()
    assert "1 run, 2 cached, 0 failed, over 00:00:00 left" in shown
    assert "decode/main/null/alpha/8: failed: why" in shown
    assert "6/8" in shown and "1 run, 2 cached, 1 failed" in shown

"""Predicted run times, the order of jobs, and the time left."""

from __future__ import annotations

import time
from fractions import Fraction
from typing import cast

import pytest

from ctc.curve import Curve, Job
from ctc.keys import Keyed
from ctc.ready_queue import ReadyQueue
from ctc.run_time import (
    DEFAULT_S_PER_MEGASAMPLE,
    STAGE_START_S,
    RunTimes,
    TimeLeft,
    ToRun,
    stages_left,
)
from ctc.stage_inputs import Point, StageInputs
from reference_sw.video.format import VideoFormat

SIZES = {"small": (100, 100, 10), "large": (200, 100, 50)}  # 0.1 and 1 million samples


class Inputs:
    """The sizes of two sequences."""

    def original_format(self, point: Point) -> VideoFormat:
        width, height, _ = SIZES[point.sequence]
        return VideoFormat(width, height, Fraction(25), 8)

    def frames(self, point: Point) -> int:
        return SIZES[point.sequence][2]

    def metrics(self, point: Point) -> dict[str, str]:
        return {"psnr-y": "", "lpips": "weights are missing", "vmaf": ""}


INPUTS = cast(StageInputs, Inputs())


def point(sequence: str, rate: str, card: str = "vtm") -> Point:
    return Point("main", card, sequence, rate)


def encode(sequence: str, rate: str, card: str = "vtm") -> ToRun:
    return ToRun("encode", point(sequence, rate, card))


def test_with_nothing_known_the_stated_default_is_per_sample() -> None:
    times = RunTimes(INPUTS)
    per_million = DEFAULT_S_PER_MEGASAMPLE["encode"]
    assert times.seconds(encode("large", "22")) == per_million
    assert times.seconds(encode("small", "22")) == per_million / 10
    assert not times.knows(encode("large", "22"))


def test_time_goes_with_samples_rate_point_and_sequence() -> None:
    times = RunTimes(INPUTS)
    start = STAGE_START_S
    times.learn(encode("small", "22"), 8.0 + start)
    times.learn(encode("small", "32"), 2.0 + start)
    assert times.seconds(encode("large", "22")) == pytest.approx(80.0 + start)
    assert times.seconds(encode("large", "32")) == pytest.approx(20.0 + start)
    # Each step of 10 divides by 4: 27 lies at the geometric mean, 37 at half of 32.
    assert times.seconds(encode("large", "27")) == pytest.approx(40.0 + start)
    assert times.seconds(encode("large", "37")) == pytest.approx(10.0 + start)
    assert not times.knows(ToRun("decode", point("small", "22")))
    assert not times.knows(encode("small", "22", "hm"))
    times.learn(encode("large", "22"), 320.0 + start)  # four times as hard a sequence
    harder = times.seconds(encode("large", "32")) - start
    assert 20.0 < harder <= 80.0
    times.learn(encode("large", "22"), 1.0)  # known already
    assert times.seconds(encode("large", "32")) - start == harder


def test_rate_points_that_are_no_numbers_have_the_mean() -> None:
    times = RunTimes(INPUTS)
    times.learn(encode("small", "low"), 1.0 + STAGE_START_S)
    times.learn(encode("small", "high"), 4.0 + STAGE_START_S)
    assert times.seconds(encode("small", "middle")) == pytest.approx(2.0 + STAGE_START_S)


def job(stage: str, sequence: str, rate: str = "22") -> Job:
    where = point(sequence, rate)
    return Job(stage, f"{stage}/{where.name}", f"{where.name}", where, Keyed("k", {}))


def names(queue: ReadyQueue, lacking: dict[str, str] | None = None) -> list[str]:
    found = []
    while (next_job := queue.pop(lambda j: (lacking or {}).get(j.name, ""))) is not None:
        found.append(next_job.name)
    return found


def test_measuring_comes_first_then_decoding_then_the_longest_encode() -> None:
    seconds = {"22": 3.0, "27": 9.0, "32": 1.0}
    queue = ReadyQueue(lambda j: seconds[j.point.rate_point], lambda j: False)
    for stage, rate in [("encode", "22"), ("encode", "27"), ("decode", "32"), ("decode", "22")]:
        queue.push(job(stage, "small", rate))
    queue.push(job("measure", "small", "32"))
    queue.push(job("encode", "large", "27"), time.monotonic() + 0.05)
    seconds["32"] = 30.0
    queue.reorder()
    assert [name.split("/")[0] + name[-2:] for name in names(queue)] == [
        "measure32",
        "decode32",
        "decode22",
        "encode27",
        "encode22",
    ]
    assert queue
    time.sleep(0.06)
    assert names(queue) == ["encode/main/vtm/large/27"]
    assert not queue


def test_only_the_lack_of_a_gpu_lets_others_go_ahead() -> None:
    def queue() -> ReadyQueue:
        filled = ReadyQueue(lambda j: float(j.point.rate_point), lambda j: j.point.card == "gpu")
        for card, rate in [("gpu", "9"), ("cpu", "5"), ("gpu", "4"), ("cpu", "3")]:
            where = Point("m", card, "s", rate)
            filled.push(Job("encode", card + rate, card + rate, where, Keyed("k", {})))
        return filled

    assert names(queue()) == ["gpu9", "cpu5", "gpu4", "cpu3"]
    assert names(queue(), {"gpu9": "gpus"}) == ["cpu5", "cpu3"]
    assert names(queue(), {"gpu9": "memory"}) == []
    assert names(queue(), {"cpu5": "cores"}) == ["gpu9"]


def test_the_time_left_is_what_remains_of_each_curve_over_the_slots() -> None:
    times = RunTimes(INPUTS)
    left = TimeLeft(times)
    curve = Curve("c", {point("small", "22"): "decode", point("small", "32"): "decode"})
    jobs = [job("encode", "small", "22"), job("decode", "small", "32")]
    stages = stages_left(curve, jobs, INPUTS)
    assert [s.stage for s in stages] == ["encode", "decode", "decode", "measure"]
    assert stages[-1].figures == 4  # two metrics that can be had, at two points
    left.update("c", stages)
    assert left.left(2) is None
    for ran, wall_s in zip(stages, (10.0, 2.0, 2.0, 5.0), strict=True):
        times.learn(ran, wall_s)
    left.refresh()
    found = left.left(2)
    assert found is not None and found.known
    assert found.seconds == pytest.approx((10.0 + 2.0 + 2.0 + 5.0) / 2)
    left.update("other", [encode("large", "22", "hm")])
    found = left.left(1)
    assert found is not None and not found.known
    left.update("other", [])
    left.update("c", stages_left(curve, [], INPUTS))
    found = left.left(1)
    assert found is not None and found.known and found.seconds == pytest.approx(0.0)

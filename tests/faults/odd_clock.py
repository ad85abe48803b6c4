"""ctc with a wall clock that jumps by years, and claims that go stale in seconds.

Run as `python -m tests.faults.odd_clock run ...`. Only what reads the time of day is touched;
the monotonic clock is what the kernel promises it to be.
"""

from __future__ import annotations

import random
import sys
import time
from datetime import datetime, tzinfo

import ctc.claim
import ctc.plan
import ctc.stage_record
from ctc.__main__ import main

HEARTBEAT_S = 0.2
SILENCE_S = 1.5
JUMP_S = 10 * 365 * 86400
_rng = random.Random()
_real_time = time.time


def jumping_time() -> float:
    """Return some time of day within ten years of now."""
    return _real_time() + _rng.uniform(-JUMP_S, JUMP_S)


class JumpingDatetime(datetime):
    """A datetime whose present is any."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> JumpingDatetime:
        """Return some time within ten years of now."""
        return cls.fromtimestamp(jumping_time(), tz)


def install() -> None:
    """Let the clock jump, and shorten the times after which claims are renewed and go stale."""
    time.time = jumping_time
    time.time_ns = lambda: int(jumping_time() * 1e9)
    for module in (ctc.plan, ctc.stage_record):
        module.datetime = JumpingDatetime  # type: ignore[attr-defined]
    ctc.claim.HEARTBEAT_S, ctc.claim.SILENCE_S = HEARTBEAT_S, SILENCE_S


if __name__ == "__main__":
    install()
    sys.exit(main())

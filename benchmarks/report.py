"""All reports of a campaign of 100,000 records: seconds of each part and peak memory."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ctc.report import write_reports
from tests.ctc.synthetic_results import Shape, synthetic_campaign

Row = tuple[str, float, float, float, float]
RECORDS = 100_000
MOST_SECONDS = 30.0
MOST_GIB = 2.0
METRICS, TESTS, PICTURES = 8, 9, 125
CLASSES = (("A", 84), ("B", 83), ("C", 83))


def run() -> list[Row]:
    """Return rows (name, ours, allowance, allowance / ours, at least); seconds, GiB in the last.

    Measured in a process of its own, so that the memory is that of the reports alone.
    """
    command = [sys.executable, "-m", "benchmarks.report", "--measure"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout.splitlines()[-1])
    for name, seconds in found["parts"].items():
        print(f"  {name:12} {seconds:8.2f} s")
    total, gib = found["seconds"], found["gib"]
    name = f"all reports of {RECORDS} records"
    return [
        (name, total, MOST_SECONDS, MOST_SECONDS / total, 1.0),
        (f"{name}, peak GiB", gib, MOST_GIB, MOST_GIB / gib, 1.0),
    ]


def measure() -> dict[str, object]:
    """Build the reports once; return seconds by part, in all, of the processor, and peak GiB."""
    cards = ("vtm", *(f"test-{place}" for place in range(TESTS)))
    results = synthetic_campaign(
        Shape(classes=CLASSES, cards=cards, metrics=METRICS, pictures=PICTURES)
    )
    # One record for each encode, decode and measure stage.
    records = sum(2 + len(p.metrics) for c in results.configurations for p in c.points)
    if records != RECORDS:
        raise ValueError(f"{records} records: shall be {RECORDS}")
    parts: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        start, cpu = time.perf_counter(), time.process_time()
        write_reports(results, Path(folder), lambda name, seconds: parts.update({name: seconds}))
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)
    return {"parts": parts, "seconds": seconds, "cpu_s": cpu, "gib": peak}


if __name__ == "__main__":
    if "--measure" in sys.argv:
        print(json.dumps(measure()))
    else:
        for row in run():
            print("{:40} {:10.2f} of {:6.1f}, ratio {:.2f} (at least {})".format(*row))

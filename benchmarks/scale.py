"""Campaigns of 1,000 to 100,000 stages: seconds, memory and files by size; draws scale.svg.

Each size is a finished campaign on the null codec in a store of its own: sequences x 10 codecs x
versions x 4 rate points x (encode, decode, 8 metrics), the largest 33 x 10 x 8 x 4 x 10. Records
are written by the product's own writer, with 125 values of single pictures each, into store and
campaign, and every bitstream into the store. What is timed are whole processes, from start to exit,
with the file system's cache as the step before left it (warm). CPU time stands beside wall time
because other work on the machine moves the latter.

SCALE_STAGES=3000,30000 in the environment takes the nearest of those sizes alone and leaves the
figures of the others in scale.json, which the plot is of, as they are; TMPDIR says
where: the largest takes 230,000 names, 120,000 inodes and 0.6 GB while it lasts, the records of
the store being links to those of the campaign.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from ctc.record_index import INDEX_NAME
from ctc.store import Store
from tests.ctc.finished_campaign import NAME, Shape, finish_campaign, write_inputs
from tests.ctc.null_codec import (
    environment,
    write_conditions,
    write_null_codec,
    write_sequences,
)

Row = tuple[str, float, float, float, float]
SHAPES = (
    Shape(sequences=3, codecs=10, versions=1, metrics=8),
    Shape(sequences=8, codecs=10, versions=1, metrics=8),
    Shape(sequences=25, codecs=10, versions=1, metrics=8),
    Shape(sequences=33, codecs=10, versions=2, metrics=8),
    Shape(sequences=33, codecs=10, versions=8, metrics=8),
)
PLAN_S, RESUME_S, MEMORY_GIB = 20.0, 10.0, 1.0
FIGURES = Path(__file__).with_name("scale.json")
SETTLE_S = 2.5  # an index leaves out what was written just before
RUN = (
    "import sys; from ctc.__main__ import main; code = main(sys.argv[1:]);"
    "print(open('/proc/self/status').read().partition('VmHWM:')[2].split()[0], file=sys.stderr);"
    "sys.exit(code)"
)


@dataclass(frozen=True)
class Measured:
    """A command: seconds of wall and of CPU time, and peak memory in MiB."""

    wall_s: float
    cpu_s: float
    peak_mib: float


@dataclass(frozen=True)
class Scale:
    """All that is measured at one size; bytes and files of stores and campaign, by part."""

    stages: int
    commands: dict[str, Measured]
    files: dict[str, int]
    bytes: dict[str, int]


def run() -> list[Row]:
    """Return rows of the largest size: ours, the allowance, and their ratio, at least 1."""
    scales = []
    for shape in chosen(os.environ.get("SCALE_STAGES", "")):
        scales.append(measure(shape))
        show(scales[-1])
        keep(scales[-1])
    print("a campaign that has really run, for each stage:")
    for title, count in ran_for_true().items():
        print(f"  {title:20} {count:8.2f}")
    last = scales[-1]
    plan, first, again = (last.commands[n] for n in ("plan", "first resume", "resume"))
    peak = max(found.peak_mib for found in last.commands.values()) / 1024
    return [
        (f"plan of {last.stages} stages", plan.wall_s, PLAN_S, PLAN_S / plan.wall_s, 1.0),
        ("resume, all done, no index yet", first.wall_s, RESUME_S, RESUME_S / first.wall_s, 1.0),
        ("resume, all done", again.wall_s, RESUME_S, RESUME_S / again.wall_s, 1.0),
        ("peak GiB of any command", peak, MEMORY_GIB, MEMORY_GIB / peak, 1.0),
    ]


def keep(scale: Scale) -> None:
    """Put one size into scale.json, in place of what stood there of it, and draw all sizes."""
    from benchmarks.scale_plot import draw

    known = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else []
    others = [other for other in known if other["stages"] != scale.stages]
    found = sorted([*others, asdict(scale)], key=lambda each: int(each["stages"]))
    FIGURES.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    draw(FIGURES)


def chosen(text: str) -> list[Shape]:
    """Return the shapes nearest to the numbers of stages in a text; all when it is empty."""
    wanted = [int(part) for part in text.split(",") if part]
    near = [min(SHAPES, key=lambda shape: abs(shape.stages - count)) for count in wanted]
    return [shape for shape in SHAPES if shape in near] or list(SHAPES)


def measure(shape: Shape) -> Scale:
    """Measure one size in a new folder, removed at the end."""
    with tempfile.TemporaryDirectory(prefix="scale-") as name:
        folder = Path(name)
        write_inputs(folder, shape)
        commands = {"plan": timed(folder, "run", "small.yaml", "--dry-run")}
        values = json.dumps(asdict(shape))
        subprocess.run([sys.executable, "-m", "benchmarks.scale", name, values], check=True)
        time.sleep(SETTLE_S)
        for title, arguments in {
            "first resume": ("resume", NAME),
            "resume": ("resume", NAME),
            "status": ("status", NAME),
            "first store du": ("store", "du", "--json"),
            "store du": ("store", "du", "--json"),
            "store ls": ("store", "ls", "--codec", "codec1-v1", "--json"),
            "store verify": ("store", "verify", "--json"),
        }.items():
            commands[title] = timed(folder, *arguments)
        parts = {
            "bitstreams": folder / "home" / "store" / "artefacts",
            "records": folder / NAME / "records",
        }
        sizes = {title: usage(path) for title, path in parts.items()}
        index = (folder / NAME / INDEX_NAME).stat().st_size
        files = {title: size[0] for title, size in sizes.items()}
        disk = {title: size[1] for title, size in sizes.items()}
        disk["index"] = index
    return Scale(shape.stages, commands, files, disk)


def timed(folder: Path, *arguments: str) -> Measured:
    """Run ctc in `folder`; it has to succeed, and a resume may run nothing."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", RUN, *arguments],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        check=False,
    )
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    ran = arguments[0] == "resume" and b" stages: 0 run, " not in done.stdout
    if done.returncode or ran:
        raise RuntimeError(f"ctc {' '.join(arguments)}: {done.stdout[-400:]!r} {done.stderr!r}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measured(wall, cpu, int(done.stderr.split()[-1]) / 1024)


def ran_for_true() -> dict[str, float]:
    """Return inodes and bytes of disk for each stage of a small campaign that has really run."""
    with tempfile.TemporaryDirectory(prefix="scale-") as name:
        folder = Path(name)
        write_sequences(folder)
        write_conditions(folder, write_null_codec(folder))
        timed(folder, "run", "small.yaml", "--no-report", "--quiet")
        stages = len(list((folder / "reports" / "small" / "records").glob("??/*.json")))
        found = {}
        for title, part in (("store", "home/store"), ("campaign", "reports/small")):
            files = [path for path in (folder / part).rglob("*") if path.is_file()]
            found[f"{title}, files"] = len(files) / stages
            found[f"{title}, bytes"] = sum(f.lstat().st_blocks * 512 for f in files) / stages
        return found


def usage(root: Path) -> tuple[int, int]:
    """Return files and folders under a folder, and the bytes of disk that they take."""
    entries = [root, *root.rglob("*")]
    return len(entries), sum(path.lstat().st_blocks * 512 for path in entries)


def show(scale: Scale) -> None:
    """Print what one size took."""
    print(f"{scale.stages} stages", flush=True)
    for title, found in scale.commands.items():
        print(
            f"  {title:20} {found.wall_s:8.2f} s wall {found.cpu_s:8.2f} s CPU "
            f"{found.peak_mib:7.0f} MiB"
        )
    for title, size in scale.bytes.items():
        files = scale.files.get(title, 1) / scale.stages
        print(f"  {title:20} {files:8.3f} inodes and {size / scale.stages:7.0f} bytes a stage")


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    os.environ.update(environment(folder))
    finish_campaign(folder, Shape(**json.loads(sys.argv[2])), Store(folder / "home" / "store"))

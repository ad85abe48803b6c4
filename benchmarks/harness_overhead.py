"""A campaign against its bare commands run by hand, two at a time.

Encoders and decoders sleep for as long as real ones of short sequences take, then copy files of
real size, so that what is seen is the time the harness itself loses, whatever else the machine
does. By hand means: each encoder, each decoder, then a process that measures the pair, from a
plain list with two workers, without keys, records, checks or timeouts.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.ctc.null_codec import environment

Row = tuple[str, float, float, float, float]
JOBS = 2
ENCODE_S, DECODE_S = 8.0, 0.5
SEQUENCES, RATES = ("first", "second"), (2, 4, 8, 16)
SIZE, FRAMES = 256, 100
MOST_OVERHEAD = 0.03

PROGRAM = """import sys, time
time.sleep(float(sys.argv[1]))
data = open(sys.argv[2], "rb").read()
open(sys.argv[3], "wb").write(data)
"""
MEASURE = """import json, sys
from fractions import Fraction
from pathlib import Path
from ctc.metrics import VideoFile, measure_all, metric_by_name
from reference_sw.video.format import VideoFormat
video = VideoFormat(int(sys.argv[2]), int(sys.argv[2]), Fraction(25))
files = [VideoFile(Path(p), video, int(sys.argv[3])) for p in sys.argv[4:]]
scores = measure_all([metric_by_name("psnr-y")], files[0], files[1:])
Path(sys.argv[1]).write_text(json.dumps([s.sequence for s in scores[0]]))
"""


def run() -> list[Row]:
    """Return one row: seconds of ctc run, of the bare commands, their ratio at least 1/1.03."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        conditions = write_campaign(folder)
        bare = by_hand(folder)
        command = [sys.executable, "-m", "ctc", "run", str(conditions), "--jobs", str(JOBS)]
        start = time.perf_counter()
        subprocess.run(
            [*command, "--no-report", "--quiet"],
            cwd=folder,
            env=environment(folder),
            check=True,
            stdout=subprocess.DEVNULL,
        )
        ours = time.perf_counter() - start
    name = f"campaign of {len(SEQUENCES) * len(RATES)} points, {JOBS} jobs, against by hand"
    return [(name, ours, bare, bare / ours, 1 / (1 + MOST_OVERHEAD))]


def by_hand(folder: Path) -> float:
    """Return the seconds that the commands take in a plain list of two workers."""
    variables = environment(folder)

    def one(sequence: str, rate: int) -> Path:
        source, coded = folder / f"{sequence}.yuv", folder / f"{sequence}{rate}.bin"
        decoded = folder / f"{sequence}{rate}.yuv"
        for seconds, read, written in ((ENCODE_S, source, coded), (DECODE_S, coded, decoded)):
            argv = [sys.executable, "-IS", str(folder / "codec.py"), str(seconds)]
            subprocess.run([*argv, str(read), str(written)], check=True)
        return decoded

    def measure(sequence: str, decoded: list[Path]) -> None:
        argv = [sys.executable, str(folder / "measure.py"), str(folder / f"{sequence}.json")]
        argv += [str(SIZE), str(FRAMES), str(folder / f"{sequence}.yuv"), *map(str, decoded)]
        subprocess.run(argv, check=True, env=variables)
        if len(json.loads((folder / f"{sequence}.json").read_text())) != len(RATES):
            raise RuntimeError("a figure is missing")

    start = time.perf_counter()
    with ThreadPoolExecutor(JOBS) as pool:
        decoded = {s: [pool.submit(one, s, r) for r in RATES] for s in SEQUENCES}
        measures = [pool.submit(measure, s, [f.result() for f in d]) for s, d in decoded.items()]
        for future in measures:
            future.result()
    return time.perf_counter() - start


def write_campaign(folder: Path) -> Path:
    """Write sequences, programs, card and conditions; return the path of the conditions."""
    (folder / "codec.py").write_text(PROGRAM)
    (folder / "measure.py").write_text(MEASURE)
    entries = {}
    for name in SEQUENCES:
        block = hashlib.sha256(name.encode()).digest()
        data = block * (SIZE * SIZE * 3 // 2 * FRAMES // len(block))
        (folder / f"{name}.yuv").write_bytes(data)
        entries[name] = {"md5": hashlib.md5(data).hexdigest()}
    shared = {"file": "{name}.yuv", "width": SIZE, "height": SIZE, "frame_rate": "25"}
    shared |= {"bit_depth": 8, "chroma_format": "4:2:0", "frames": FRAMES}
    shared |= {"licence": "public domain", "obtain": "made here"}
    test = {"title": "blocks", "all": shared, "sequences": entries}
    _write(folder / "sequences.yaml", {"sequences": 1, "classes": {"TEST": test}})
    program = {"program": "python", "files": {"codec": "codec.py"}}
    start = ["-IS", "{codec}"]
    encode = [*start, str(ENCODE_S), "{source}", "{bitstream}", "{rate_point}"]
    card = {
        "card": 1,
        "name": "sleeper",
        "title": "Sleeps, then copies",
        "rate_points": {"name": "step", "values": list(RATES)},
        "encoder": {**program, "arguments": encode},
        "decoder": {
            **program,
            "arguments": [*start, str(DECODE_S), "{bitstream}", "{decoded}"],
        },
    }
    _write(folder / "sleeper.yaml", card)
    configuration = {"name": "main", "sequences": {"classes": ["TEST"]}, "metrics": ["psnr-y"]}
    configuration |= {"anchor": str(folder / "sleeper.yaml")}
    conditions = {"conditions": 1, "name": "overhead", "version": "1", "source": "a benchmark"}
    _write(folder / "overhead.yaml", {**conditions, "configurations": [configuration]})
    return folder / "overhead.yaml"


def _write(path: Path, document: dict[str, object]) -> None:
    path.write_text(json.dumps(document))  # JSON is YAML

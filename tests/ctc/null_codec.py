"""A codec for tests of the harness: coarse samples, a journal of its runs, faults on demand.

The bitstream holds all that the decoder needs: a line of text, then the source's samples rounded
down to multiples of the rate point. A fault strikes at one rate point.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import yaml

ENCODER = """#!{python} -IS
import os, sys, time
source, out, rate, journal = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
name = os.path.basename(source).split(".")[0].split("-")[0]
fault = sys.argv[5] if rate == int(sys.argv[6]) else ""
with open(journal, "a") as file:
    file.write(f"begin {{name}} {{rate}}\\n")
if fault == "crash":
    sys.stderr.write("encoder: internal error 7\\n")
    os.abort()
if fault == "exit":
    sys.exit("encoder: cannot cope")
if fault == "hang":
    time.sleep(600)
if fault == "none":
    sys.exit(0)
time.sleep(float(sys.argv[7]))
data = open(source, "rb").read()
coded = bytes(v // rate * rate for v in data)
with open(out, "wb") as file:
    file.write(b"%d %d\\n" % (len(data), rate) + coded)
    if fault == "full":
        file.write(bytes(1 << 24))
with open(journal, "a") as file:
    file.write(f"end {{name}} {{rate}}\\n")
"""

DECODER = """#!{python} -IS
import os, sys, time
data = open(sys.argv[1], "rb").read()
head, _, coded = data.partition(b"\\n")
size, rate = (int(v) for v in head.split())
fault = sys.argv[3] if rate == int(sys.argv[4]) else ""
if sorted(os.listdir(".")) != ["bitstream.bin"]:
    sys.exit(f"decoder: not alone: {{os.listdir('.')}}")
if fault == "decoder-hang":
    open(sys.argv[2], "wb").write(coded[: size // 2])
    time.sleep(600)
if fault == "decoder-crash":
    open(sys.argv[2], "wb").write(coded[: size // 2])
    os.abort()
if fault == "short":
    coded = coded[: -16 * 16 * 3 // 2]
if fault == "random":
    coded = os.urandom(len(coded))
open(sys.argv[2], "wb").write(coded)
"""


def write_null_codec(
    folder: Path,
    name: str = "null",
    fault: str = "",
    fault_at: int = 8,
    rates: tuple[int, ...] = (2, 4, 8, 16),
    sleep_s: float = 0.0,
) -> Path:
    """Write programs and card into `folder`; return the card's path."""
    folder.mkdir(parents=True, exist_ok=True)
    for program, text in (("enc", ENCODER), ("dec", DECODER)):
        path = folder / f"{name}-{program}"
        path.write_text(text.format(python=sys.executable))
        path.chmod(0o755)
    card = {
        "card": 1,
        "name": name,
        "title": f"Null codec {name}",
        "rate_points": {"name": "step", "values": list(rates)},
        "encoder": {
            "program": f"./{name}-enc",
            "arguments": [
                "{source}",
                "{bitstream}",
                "{rate_point}",
                str(folder / "journal"),
                fault,
                str(fault_at),
                str(sleep_s),
            ],
        },
        "decoder": {
            "program": f"./{name}-dec",
            "arguments": ["{bitstream}", "{decoded}", fault, str(fault_at)],
        },
    }
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(card, sort_keys=False))
    return path


def write_sequences(
    folder: Path, names: tuple[str, ...] = ("alpha", "beta"), frames: int = 4
) -> None:
    """Write small 16x16 4:2:0 sequences, and the sequences.yaml that describes them."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = {}
    for name in names:
        data = b"".join(
            hashlib.sha256(f"{name} {i}".encode()).digest() for i in range(frames * 384 // 32)
        )
        (folder / f"{name}.yuv").write_bytes(data)
        entries[name] = {"md5": hashlib.md5(data).hexdigest(), "frames": frames}
    document = {
        "sequences": 1,
        "classes": {
            "TEST": {
                "title": "random bytes",
                "all": {
                    "file": "{name}.yuv",
                    "width": 16,
                    "height": 16,
                    "frame_rate": "25",
                    "bit_depth": 8,
                    "chroma_format": "4:2:0",
                    "licence": "public domain",
                    "obtain": "copy it here",
                },
                "sequences": entries,
            }
        },
    }
    (folder / "sequences.yaml").write_text(yaml.safe_dump(document, sort_keys=False))


def write_conditions(folder: Path, anchor: Path, tests: tuple[str, ...] = ()) -> Path:
    """Write conditions that run the cards over class TEST; return their path."""
    document = {
        "conditions": 1,
        "name": "small",
        "version": "1",
        "source": "a test",
        "configurations": [
            {
                "name": "main",
                "sequences": {"classes": ["TEST"]},
                "anchor": str(anchor),
                "tests": list(tests),
                "metrics": ["psnr-y", "psnr-u"],
            }
        ],
        "timeout_s": 60.0,
    }
    path = folder / "small.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    return path


def environment(folder: Path) -> dict[str, str]:
    """The environment of a ctc that sees this folder's sequences and store alone."""
    root = Path(__file__).parents[2]
    (folder / "journal").touch()
    kept = {k: v for k, v in os.environ.items() if k not in ("GVC_DATA", "GVC_SEQUENCES")}
    return {
        **kept,
        "CTC_HOME": str(folder / "home"),
        "CTC_WRITABLE": str(folder / "journal"),  # of the null codec's runs
        "GVC_SEQUENCES": str(folder),
        "PYTHONPATH": str(root),
        "OMP_NUM_THREADS": "1",
    }

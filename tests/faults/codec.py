"""A null codec whose encoder does what a file beside it says, so that a fault changes no key.

Its bitstream is one line of text and the source's samples, rounded down to multiples of the rate
point. The journal holds a line for each encode begun.
"""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

ENCODE_S = 0.15
RATES = (2, 4, 8)
STRIKE = "strike"
JOURNAL = "journal"

ENCODER = """#!{python} -IS
import os, signal, sys, time
source, out, rate, folder = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
with open(folder + "/{journal}", "a") as file:
    file.write("%s %d\\n" % (os.path.basename(source), rate))
try:
    strike = open(folder + "/{strike}").read().split()
except OSError:
    strike = []
if strike[:1] == [str(rate)]:
    if strike[1] == "hang":
        time.sleep(600)
    if strike[1] == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if strike[1] == "memory":
        held = []
        while True:
            held.append(bytearray(os.urandom(1 << 20)))
            time.sleep(0.002)
    if strike[1] == "leave" and os.fork() == 0:
        os.setsid()
        time.sleep(600)
time.sleep({seconds})
data = open(source, "rb").read()
with open(out, "wb") as file:
    file.write(b"%d %d\\n" % (len(data), rate) + bytes(v // rate * rate for v in data))
"""

DECODER = """#!{python} -IS
import sys, time
head, _, coded = open(sys.argv[1], "rb").read().partition(b"\\n")
size, _ = (int(v) for v in head.split())
time.sleep({seconds} / 2)
if len(coded) != size:
    sys.exit("decoder: the bitstream is truncated")
open(sys.argv[2], "wb").write(coded)
"""


def write_struck_codec(folder: Path) -> Path:
    """Write programs and card into `folder`; return the card's path."""
    for name, text in (("enc", ENCODER), ("dec", DECODER)):
        values = {"python": sys.executable, "journal": JOURNAL, "strike": STRIKE}
        (folder / name).write_text(text.format(seconds=ENCODE_S, **values))
        (folder / name).chmod(0o755)
    card = {
        "card": 1,
        "name": "null",
        "title": "Null codec that can be struck",
        "rate_points": {"name": "step", "values": list(RATES)},
        "encoder": {
            "program": "./enc",
            "arguments": ["{source}", "{bitstream}", "{rate_point}", str(folder)],
        },
        "decoder": {"program": "./dec", "arguments": ["{bitstream}", "{decoded}"]},
    }
    path = folder / "null.yaml"
    path.write_text(yaml.safe_dump(card, sort_keys=False))
    return path

"""Two codecs of one kind for tests of comparisons: samples rounded to a step, then zlib.

The same step gives the same pictures at any level of zlib; a lower level makes larger files.
"""

from __future__ import annotations

import sys
import zlib
from pathlib import Path

import yaml

from tests.ctc.null_codec import write_conditions

ENCODER = """#!{python} -IS
import sys, zlib
source, out, step, level, pad = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6])
data = open(source, "rb").read()
coded = bytes(v // step * step for v in data)
open(out, "wb").write(bytes([step]) + bytes(pad) + zlib.compress(coded, level))
"""

DECODER = """#!{python} -IS
import sys, zlib
data = open(sys.argv[1], "rb").read()
pad, change = int(sys.argv[3]), int(sys.argv[4])
coded = bytearray(zlib.decompress(data[1 + pad:]))
coded[-1] ^= change if data[0] == 8 else 0
open(sys.argv[2], "wb").write(coded)
"""
STEPS = (4, 8, 16, 32)


def write_zlib_codec(
    folder: Path, name: str, *, level: int = 9, pad: int = 0, change: int = 0
) -> Path:
    """Write programs and card; pad: further bytes of each file; change: to one sample, step 8."""
    folder.mkdir(parents=True, exist_ok=True)
    for program, text in (("enc", ENCODER), ("dec", DECODER)):
        path = folder / f"{name}-{program}"
        path.write_text(text.format(python=sys.executable))
        path.chmod(0o755)
    values = [str(level), str(pad)]
    card = {
        "card": 1,
        "name": name,
        "title": f"zlib at level {level}",
        "rate_points": {"name": "step", "values": list(STEPS)},
        "encoder": {
            "program": f"./{name}-enc",
            "arguments": ["{source}", "{bitstream}", "{rate_point}", *values],
        },
        "decoder": {
            "program": f"./{name}-dec",
            "arguments": ["{bitstream}", "{decoded}", str(pad), str(change)],
        },
    }
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(card, sort_keys=False))
    return path


def write_two(folder: Path, pad: int = 100) -> Path:
    """Write codecs `lean` and `large` (the same with `pad` more bytes), and their conditions."""
    lean = write_zlib_codec(folder, "lean")
    large = write_zlib_codec(folder, "large", pad=pad)
    return write_conditions(folder, large, (str(lean),))


def coded_size(data: bytes, step: int, pad: int = 0) -> int:
    """Bytes that the codec makes of a source."""
    return 1 + pad + len(zlib.compress(bytes(v // step * step for v in data), 9))

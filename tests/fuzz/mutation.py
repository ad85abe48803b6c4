"""Seeded mutation of inputs: for a short run everywhere, without a coverage-guided fuzzer."""

from __future__ import annotations

import random

MAX_BYTES = 4096
INTERESTING = (b"\0\0\1", b"\0\0\3", b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x80", b"\1", b"\x7f\xff")


def mutated(seeds: list[bytes], source: random.Random) -> bytes:
    """Return one of the seeds after one to six random edits."""
    data = bytearray(source.choice(seeds))
    for _ in range(source.randint(1, 6)):
        at = source.randint(0, len(data))
        edit = source.randrange(7)
        if edit == 0 and data:
            data[at % len(data)] ^= 1 << source.randrange(8)
        elif edit == 1 and data:
            data[at % len(data)] = source.randrange(256)
        elif edit == 2:
            del data[at : at + source.randint(1, 8)]
        elif edit == 3:
            data[at:at] = source.choice(INTERESTING)
        elif edit == 4:
            data[at:at] = source.randbytes(source.randint(1, 8))
        elif edit == 5:
            del data[at:]
        else:
            other = source.choice(seeds)
            data[at:] = other[source.randint(0, len(other)) :]
    return bytes(data[:MAX_BYTES])

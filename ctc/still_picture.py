"""One picture of a decoded file, kept when it is decoded, so that reports can show it.

A PNG of the middle picture as 8-bit R'G'B', of larger pictures the middle part alone. It is a log
of the decode stage (ctc.still_samples takes it), KEY-SHA256.png: the key stands for decoder and
bitstream, the second name for the bytes of the file, and the record that lists it is checksummed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ctc.derived_files import bytes_sha256

MOST_SEQUENCES = 12
NAME = re.compile(r"[0-9a-f]{64}-([0-9a-f]{64})\.png")


def still_name(key: str, content: bytes) -> str:
    """Return the name of the log that holds these bytes."""
    return f"{key}-{bytes_sha256(content)}.png"


def still_of(logs: Sequence[str]) -> str:
    """Return the name of the picture among the logs of a record, empty when there is none."""
    return next((name for name in logs if NAME.fullmatch(name)), "")


def is_still(name: str, content: bytes) -> bool:
    """Whether these are the bytes that the name of a log states."""
    match = NAME.fullmatch(name)
    return match is not None and bytes_sha256(content) == match[1]


def sequences_shown(classes: Sequence[tuple[str, str]], most: int = MOST_SEQUENCES) -> set[str]:
    """Return of which sequences pictures are kept, class after class the next of each.

    classes: (sequence, class) in the order of the conditions.

    >>> sorted(sequences_shown([("a1", "A"), ("a2", "A"), ("a3", "A"), ("b1", "B")], 3))
    ['a1', 'a2', 'b1']
    """
    seen: dict[str, int] = {}
    turns = []
    for place, (name, of) in enumerate(classes):
        seen[of] = seen.get(of, 0) + 1
        turns.append((seen[of], place, name))
    return {name for _, _, name in sorted(turns)[:most]}

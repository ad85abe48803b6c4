"""md5 of each decoded picture, kept as a log of its decode stage, so that a difference is located.

One line to a picture, in display order: 32 hexadecimal digits of the picture's planes as they lie
in a raw planar file.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from ctc.metrics.base import VideoFile
from ctc.sources import Container, open_video

MAX_BYTES = 64 << 20
LINES = re.compile(rb"(?:[0-9a-f]{32}\n)*")


def picture_md5_text(video: VideoFile, container: Container) -> bytes:
    """Return the md5 of each picture of a decoded file, a line each.

    Raises:
        VideoFormatError: the file is not what it is stated to be.
    """
    digests = []
    for picture in open_video(video, container):
        digest = hashlib.md5(usedforsecurity=False)  # what decoders print, not a safeguard
        for plane in picture.planes:
            digest.update(plane.tobytes())
        digests.append(f"{digest.hexdigest()}\n")
    return "".join(digests).encode("ascii")


def picture_md5_name(key: str) -> str:
    """Return the name of the log of the decode stage with this key."""
    return f"{key}.md5"


def read_picture_md5s(path: Path) -> list[str]:
    """Return the md5 of each picture, empty when there is no such log or it is not one."""
    try:
        if path.stat().st_size > MAX_BYTES:
            return []
        text = path.read_bytes()
    except OSError:
        return []
    return text.decode("ascii").split() if LINES.fullmatch(text) else []


def other_pictures(first: list[str], second: list[str]) -> list[int]:
    """Return the places at which two lists of one length differ; empty when lengths are unlike.

    >>> other_pictures(["a", "b", "c"], ["a", "x", "y"])
    [1, 2]
    """
    if len(first) != len(second):
        return []
    return [place for place, pair in enumerate(zip(first, second, strict=True)) if len({*pair}) > 1]

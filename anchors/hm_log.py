"""Logs of HM.  Source: output of HM 16.25."""

from __future__ import annotations

import re

from anchors.encoder_log import EncoderLog, read_encoder_log
from ctc.errors import StageError

_BANNER = re.compile(r"HM software: Encoder Version \[([0-9.]+)\]")
_WRITTEN = re.compile(r"^Bytes written to file: (\d+) \(", re.MULTILINE)
_MISSING_INPUT = "failed to open Input YUV file"


def read_hm_encoder_log(text: str) -> EncoderLog:
    """Return what an HM encoder log says.

    Raises:
        StageError: no summary row, or a missing input, for which HM exits with 0.
    """
    if _MISSING_INPUT in text:
        raise StageError("HM could not open its input file (it exits with 0 all the same)")
    return read_encoder_log(_all_pictures_summary(text), _BANNER)


def bytes_written(text: str) -> int | None:
    """Return the bytes HM says it wrote, SEI included where the picture hash is off."""
    found = _WRITTEN.search(text)
    return int(found[1]) if found else None


def _all_pictures_summary(text: str) -> str:
    """Leave out the tables of I, P and B slices, whose empty rows print -nan."""
    return text.split("\nI Slices-")[0]

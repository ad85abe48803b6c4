"""Logs of VTM: encoder and decoder.

Source: output of VTM 22.2 and 23.13; the POC head is the same from VTM 9.0 on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from anchors.encoder_log import EncoderLog, read_encoder_log

_BANNER = re.compile(r"VTM Encoder Version\s+([0-9.]+)")
_DECODED = re.compile(r"^POC\s+-?\d+ .*\[DT", re.MULTILINE)


@dataclass(frozen=True)
class DecoderLog:
    """One decode: pictures, those whose picture hash agreed, and those whose hash did not."""

    pictures: int
    verified: int
    mismatched: int


def read_vtm_encoder_log(text: str) -> EncoderLog:
    """Return what a VTM encoder log says.

    Raises:
        StageError: no summary row.
    """
    return read_encoder_log(text, _BANNER)


def read_vtm_decoder_log(text: str) -> DecoderLog:
    """Return what a VTM decoder log says; pictures without a hash are neither verified nor not."""
    return DecoderLog(
        len(_DECODED.findall(text)), text.count(",(OK)]"), text.count("(***ERROR***)]")
    )

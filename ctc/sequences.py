"""Test sequences: what sequences.yaml says of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reference_sw.video.format import VideoFormat

Storage = Literal["raw", "coded", "generated"]


@dataclass(frozen=True)
class Sequence:
    """One test sequence as described in sequences.yaml; md5 is empty until a first import.

    file: the name searched for in the sequence folders. storage: `raw` when that file is the
    planar video itself, `coded` when it is a lossless coding of it, decoded once, `generated` when
    it is rendered on first use. md5: of the planar video, all its pictures. imported: it is the
    user's own, from an imported.yaml. made_from: name of the master that converts to it.
    """

    name: str
    sequence_class: str
    format: VideoFormat
    frames: int
    file: str
    md5: str
    licence: str
    obtain: str
    storage: Storage = "raw"
    remark: str = ""
    imported: bool = False
    made_from: str = ""

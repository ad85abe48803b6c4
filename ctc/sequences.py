"""Test sequences: what sequences.yaml says of each."""

from __future__ import annotations

from dataclasses import dataclass

from reference_sw.video.format import VideoFormat


@dataclass(frozen=True)
class Sequence:
    """One test sequence as described in sequences.yaml; md5 is empty until a first import."""

    name: str
    sequence_class: str
    format: VideoFormat
    frames: int
    file: str
    md5: str
    licence: str
    obtain: str

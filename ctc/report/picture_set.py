"""Decoded pictures of one sequence to be looked at side by side: as files or as arrays."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ctc.errors import ReportError
from ctc.png_file import png_file

SIGNATURES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
MAX_BYTES = 8 << 20


@dataclass(frozen=True)
class StillPicture:
    """One picture as the bytes of a PNG or JPEG file."""

    content: bytes
    media_type: str

    @classmethod
    def from_file(cls, path: Path) -> StillPicture:
        """Return the picture in a PNG or JPEG file.

        Raises:
            ReportError: unreadable, of another format, or larger than 8 MiB.
        """
        try:
            size = path.stat().st_size
            if size > MAX_BYTES:
                raise ReportError(f"{path}: {size} bytes: shall be at most {MAX_BYTES}")
            content = path.read_bytes()
        except OSError as problem:
            raise ReportError(f"{path}: cannot be read: {problem.strerror}") from problem
        for start, media_type in SIGNATURES.items():
            if content.startswith(start):
                return cls(content, media_type)
        raise ReportError(f"{path}: starts with {content[:4]!r}: shall be a PNG or JPEG file")

    @classmethod
    def from_array(cls, samples: npt.NDArray[np.uint8]) -> StillPicture:
        """Return the picture of an array of shape (height, width, 3), 8-bit R'G'B' samples.

        Raises:
            ReportError: another shape or type.
        """
        if samples.ndim != 3 or samples.shape[2] != 3 or samples.dtype != np.uint8:
            raise ReportError(
                f"picture of shape {samples.shape} and type {samples.dtype}: "
                "shall be (height, width, 3) of uint8"
            )
        return cls(png_file(samples), "image/png")

    def data_url(self) -> str:
        """Return the picture as text that stands inside a page."""
        return f"data:{self.media_type};base64,{base64.b64encode(self.content).decode()}"


@dataclass(frozen=True)
class DecodedPicture:
    """One picture as a card decoded it at one rate point of the sequence; rate in kbit/s."""

    card: str
    rate_point: str
    kbps: float
    picture: StillPicture


@dataclass(frozen=True)
class PictureSet:
    """The same picture (counted from 0) of one sequence: the original, and as decoded."""

    configuration: str
    sequence: str
    picture: int
    original: StillPicture | None
    decoded: tuple[DecodedPicture, ...]

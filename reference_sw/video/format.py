"""Geometry and sample layout of a raw video sequence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]


def as_plane(values: npt.NDArray[Any], bit_depth: int) -> Plane:
    """Return values 0..2^bit_depth - 1 as samples: uint8 at 8 bits, else uint16."""
    if bit_depth == 8:
        return values.astype(np.uint8)
    return values.astype(np.uint16)


class VideoFormatError(ValueError):
    """A raw video file or a format description that cannot be what it claims."""


class ChromaFormat(str, Enum):
    """Chroma format with its (horizontal, vertical) subsampling.  Source: ITU-T H.266 table 2."""

    MONOCHROME = "4:0:0"
    C420 = "4:2:0"
    C422 = "4:2:2"
    C444 = "4:4:4"

    @property
    def subsampling(self) -> tuple[int, int]:
        """SubWidthC and SubHeightC."""
        return {"4:2:0": (2, 2), "4:2:2": (2, 1)}.get(self.value, (1, 1))


class ColourModel(str, Enum):
    """What the planes are: Y, Cb, Cr or R, G, B, in this order."""

    YCBCR = "ycbcr"
    RGB = "rgb"


class Matrix(str, Enum):
    """Coefficients between R, G, B and Y, Cb, Cr."""

    BT601 = "bt601"
    BT709 = "bt709"


@dataclass(frozen=True)
class VideoFormat:
    """Everything needed to read a raw file: planar, little endian, planes one after the other."""

    width: int
    height: int
    frame_rate: Fraction = Fraction(25)
    bit_depth: int = 8
    chroma_format: ChromaFormat = ChromaFormat.C420
    colour: ColourModel = ColourModel.YCBCR
    matrix: Matrix = Matrix.BT601
    full_range: bool = False

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise VideoFormatError(f"size {self.width}x{self.height}: shall be at least 1x1")
        if not 8 <= self.bit_depth <= 16:
            raise VideoFormatError(f"bit_depth {self.bit_depth}: shall be in 8..16")
        if self.frame_rate <= 0:
            raise VideoFormatError(f"frame_rate {self.frame_rate}: shall be above 0")
        if self.colour is ColourModel.RGB and self.chroma_format is not ChromaFormat.C444:
            raise VideoFormatError(
                f"RGB with chroma_format {self.chroma_format.value}: needs 4:4:4"
            )

    @property
    def sample_dtype(self) -> np.dtype[np.uint8] | np.dtype[np.uint16]:
        """uint8 for 8 bits, little-endian uint16 above."""
        return np.dtype(np.uint8) if self.bit_depth == 8 else np.dtype("<u2")

    @property
    def plane_shapes(self) -> tuple[tuple[int, int], ...]:
        """(height, width) of each plane; odd luma sizes round chroma up."""
        luma = (self.height, self.width)
        if self.chroma_format is ChromaFormat.MONOCHROME:
            return (luma,)
        sub_w, sub_h = self.chroma_format.subsampling
        chroma = (-(-self.height // sub_h), -(-self.width // sub_w))
        return (luma, chroma, chroma)

    @property
    def bytes_per_picture(self) -> int:
        """Size in bytes of one picture in a raw file."""
        samples = sum(h * w for h, w in self.plane_shapes)
        return samples * self.sample_dtype.itemsize


@dataclass(frozen=True)
class Picture:
    """One picture: planes of shape (height, width), uint8 or uint16, 0..2^bit_depth - 1."""

    planes: tuple[Plane, ...]

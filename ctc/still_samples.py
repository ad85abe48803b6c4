"""The picture of a video file that reports show, as 8-bit R'G'B' samples."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from reference_sw.video.convert import convert_picture
from reference_sw.video.format import ChromaFormat, ColourModel, VideoFormat, VideoFormatError
from reference_sw.video.raw import VideoReader
from reference_sw.video.y4m import Y4mReader

MOST_SAMPLES = 512  # of width and of height; of larger pictures the middle part is taken
Container = Literal["raw", "y4m"]


def still_samples(
    path: Path, video: VideoFormat, container: Container, frames: int
) -> npt.NDArray[np.uint8] | None:
    """Return the middle of `frames` pictures, (height, width, 3); None if the file lacks it."""
    try:
        reader = Y4mReader(path) if container == "y4m" else VideoReader(path, video)
        shown = replace(video, bit_depth=8, chroma_format=ChromaFormat.C444, colour=ColourModel.RGB)
        picture = convert_picture(reader.picture(frames // 2), video, shown)
    except (VideoFormatError, IndexError, OSError):
        return None
    rgb = np.stack([plane.astype(np.uint8) for plane in picture.planes], axis=-1)
    top, left = (max(0, (size - MOST_SAMPLES) // 2) for size in rgb.shape[:2])
    return np.ascontiguousarray(rgb[top : top + MOST_SAMPLES, left : left + MOST_SAMPLES])

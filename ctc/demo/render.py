"""Rendering of the demo class to raw 4:2:0 files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ctc.demo import head_scenes, portrait_scenes
from ctc.errors import SequenceError, near_miss
from reference_sw.video.chroma import ChromaSiting, resample_chroma
from reference_sw.video.colour import rgb_to_ycbcr
from reference_sw.video.format import ChromaFormat, Picture, VideoFormat
from reference_sw.video.raw import VideoWriter

FORMAT = VideoFormat(256, 256)
FRAMES = 100
Renderer = Callable[[int], npt.NDArray[np.uint8]]

RENDERERS: dict[str, Callable[[], Renderer]] = {
    "demo_head_1": lambda: head_scenes.presenter().picture,
    "demo_head_2": lambda: head_scenes.reporter().picture,
    "demo_portrait_1": lambda: portrait_scenes.interview().picture,
    "demo_portrait_2": lambda: portrait_scenes.close_up().picture,
}


def renderer(name: str) -> Renderer:
    """Return the function from frame number to (256, 256, 3) uint8 R, G, B of a demo sequence.

    Raises:
        SequenceError: no such demo sequence.
    """
    if name not in RENDERERS:
        raise SequenceError(f"no demo sequence '{name}'{near_miss(name, RENDERERS)}")
    return RENDERERS[name]()


def demo_picture(colours: npt.NDArray[np.uint8]) -> Picture:
    """Return R, G, B (height, width, 3) as BT.601 limited Y, Cb, Cr 4:2:0, chroma at the left."""
    rgb = Picture(tuple(np.ascontiguousarray(colours[:, :, i]) for i in range(3)))
    full = rgb_to_ycbcr(rgb, FORMAT)
    return resample_chroma(full, ChromaFormat.C444, ChromaFormat.C420, 8, ChromaSiting.LEFT)


def render(name: str, path: Path) -> None:
    """Write all pictures of a demo sequence to `path`.

    Raises:
        SequenceError: no such demo sequence.
    """
    picture = renderer(name)
    with VideoWriter(path, FORMAT) as writer:
        for frame in range(FRAMES):
            writer.write(demo_picture(picture(frame)))

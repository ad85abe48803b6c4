"""Small raw clips for the metric tests, written to disk as a codec would write them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from ctc.metrics import VideoFile
from reference_sw.video.format import VideoFormat

Plane = npt.NDArray[np.int64]


def smooth_planes(video: VideoFormat, frames: int, seed: int = 1) -> list[list[Plane]]:
    """Moving textured pictures: a plane is int64, 0..2^bit_depth - 1."""
    rng = np.random.default_rng(seed)
    peak = (1 << video.bit_depth) - 1
    clip = []
    for frame in range(frames):
        planes = []
        for index, (height, width) in enumerate(video.plane_shapes):
            y, x = np.mgrid[0:height, 0:width].astype(np.float64)
            wave = np.sin((x + 2 * frame) / (5 + index)) + np.cos(y / 7 + index) + 0.3 * x / width
            noise = rng.normal(0, 0.08, wave.shape)
            planes.append(np.clip((wave + noise + 2) / 4.6 * peak, 0, peak).astype(np.int64))
        clip.append(planes)
    return clip


def noisy(
    clip: list[list[Plane]], video: VideoFormat, sigma: float, seed: int = 2
) -> list[list[Plane]]:
    """The same pictures with Gaussian noise of `sigma` 8-bit steps."""
    rng = np.random.default_rng(seed)
    peak = (1 << video.bit_depth) - 1
    scale = sigma * (1 << (video.bit_depth - 8))
    return [
        [
            np.clip(np.rint(p + rng.normal(0, scale, p.shape)), 0, peak).astype(np.int64)
            for p in planes
        ]
        for planes in clip
    ]


def write(path: Path, clip: list[list[Plane]], video: VideoFormat) -> VideoFile:
    """Write pictures as a raw file."""
    path.write_bytes(
        b"".join(p.astype(video.sample_dtype).tobytes() for planes in clip for p in planes)
    )
    return VideoFile(path, video, len(clip))

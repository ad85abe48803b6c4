"""Distortions whose kind and strength are known: blur, noise, drift, jitter, held pictures.

Each works on the planes of all pictures of a sequence; the same pictures come out on every run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ctc.metrics.optical_flow import warped
from reference_sw.video.format import VideoFormat

Planes = list[npt.NDArray[np.float64]]
Clip = list[Planes]
_SEED = 20240601


@dataclass(frozen=True)
class Distortion:
    """One distortion: its kind, its strength with the unit, and what it does to a clip."""

    kind: str
    strength: str
    apply: Callable[[Clip, VideoFormat], Clip]

    @property
    def label(self) -> str:
        """`blur 2 samples`."""
        return f"{self.kind} {self.strength}".strip()


def blurred(clip: Clip, sigma: float) -> Clip:
    """Return every plane under a Gaussian of `sigma` luma samples."""
    from scipy.ndimage import gaussian_filter

    return [
        [
            gaussian_filter(p, sigma * p.shape[0] / planes[0].shape[0], mode="nearest")
            for p in planes
        ]
        for planes in clip
    ]


def noisy(clip: Clip, deviation: float) -> Clip:
    """Return every luma plane with Gaussian noise, new in each picture."""
    rng = np.random.default_rng(_SEED)
    return [[p[0] + rng.normal(0, deviation, p[0].shape), *p[1:]] for p in clip]


def drifting(clip: Clip, widest: float) -> Clip:
    """Return faces that grow wider: at the end, samples beside the middle lie `widest` further out.

    A smooth change of shape, sharp and steady: it looks like somebody else rather than like an
    error.
    """
    last = max(1, len(clip) - 1)
    return [
        [_widened(plane, widest * t / last, planes[0].shape[1]) for plane in planes]
        for t, planes in enumerate(clip)
    ]


def _widened(plane: npt.NDArray[np.float64], amount: float, width: int) -> npt.NDArray[np.float64]:
    rows, columns = plane.shape
    y, x = np.mgrid[0:rows, 0:columns]
    across = 2 * np.pi * (x + 0.5) / columns
    fade = np.sin(np.pi * (y + 0.5) / rows) ** 2
    displacement = amount * columns / width * np.sin(across) * fade
    flow = np.stack([displacement, np.zeros_like(displacement)])[None]
    return np.asarray(warped(plane[None], flow)[0], dtype=np.float64)


def jittering(clip: Clip, deviation: float) -> Clip:
    """Return pictures each moved on its own by a random amount of `deviation` luma samples."""
    from scipy.ndimage import shift

    rng = np.random.default_rng(_SEED)
    moved = []
    for planes in clip:
        way = rng.normal(0, deviation, 2)
        scale = [p.shape[0] / planes[0].shape[0] for p in planes]
        moved.append(
            [shift(p, way * s, order=3, mode="nearest") for p, s in zip(planes, scale, strict=True)]
        )
    return moved


def held(clip: Clip, pictures: int) -> Clip:
    """Return the clip with each picture held for `pictures` pictures; 0: the first for ever."""
    return [clip[t // pictures * pictures if pictures else 0] for t in range(len(clip))]


def all_distortions() -> tuple[Distortion, ...]:
    """Return the distortions of the study, weak to strong within each kind."""

    def blur(sigma: float) -> Callable[[Clip, VideoFormat], Clip]:
        return lambda clip, _: blurred(clip, sigma)

    def noise(deviation: float) -> Callable[[Clip, VideoFormat], Clip]:
        return lambda clip, video: noisy(clip, deviation * (1 << (video.bit_depth - 8)))

    def drift(widest: float) -> Callable[[Clip, VideoFormat], Clip]:
        return lambda clip, video: drifting(clip, widest * video.width / 256)

    def jitter(deviation: float) -> Callable[[Clip, VideoFormat], Clip]:
        return lambda clip, _: jittering(clip, deviation)

    def hold(pictures: int) -> Callable[[Clip, VideoFormat], Clip]:
        return lambda clip, _: held(clip, pictures)

    return (
        *(Distortion("blur", f"{s:g}", blur(s)) for s in (0.7, 1.5, 3.0)),
        *(Distortion("noise", f"{s:g}", noise(s)) for s in (2.0, 6.0)),
        *(Distortion("drift", f"{s:g}", drift(s)) for s in (2.0, 6.0)),
        *(Distortion("jitter", f"{s:g}", jitter(s)) for s in (0.3, 1.0)),
        Distortion("held", "2", hold(2)),
        Distortion("held", "5", hold(5)),
        Distortion("frozen", "", hold(0)),
    )

"""Tracks of face parameters: the one that VTM ships, and one made from a random walk."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.int64]
STEPS_PER_UNIT = 64


@dataclass(frozen=True)
class Track:
    """Quantised parameters: points [pictures, 20] as x, y pairs, matrices [pictures, 40]."""

    name: str
    points: Values
    matrices: Values


def quantised(values: npt.NDArray[np.float64], steps_per_unit: int = STEPS_PER_UNIT) -> Values:
    """Round half away from zero, alike for both signs."""
    return (np.sign(values) * np.floor(np.abs(values) * steps_per_unit + 0.5)).astype(np.int64)


def stock_track(steps_per_unit: int = STEPS_PER_UNIT) -> Track | None:
    """The 125 messages of VTM's generative face video example; None without GVC_DATA.

    Ten keypoints with 2x2 matrices of a first-order motion model.
    """
    folder = os.environ.get("GVC_DATA")
    path = Path(folder or "") / "gfv_sei" / "stock.cfg"
    if not folder or not path.is_file():
        return None
    lists = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        key, _, text = line.partition(":")
        lists[key.strip().removeprefix("SEIGenerativeFaceVideo")] = text.split()
    x, y, matrices = (
        np.array(lists[key], np.float64).reshape(125, -1)
        for key in ("XCoordinate", "YCoordinate", "MatrixElement")
    )
    points = np.stack([x, y], axis=2).reshape(125, 20)
    return Track(
        f"VTM stock track, step 1/{steps_per_unit}",
        quantised(points, steps_per_unit),
        quantised(matrices, steps_per_unit),
    )


def random_walk(pictures: int = 250, seed: int = 5) -> Track:
    """Points of a head that drifts and deforms: smooth, with a common motion and pauses."""
    rng = np.random.default_rng(seed)
    active = np.repeat(rng.random(pictures // 25 + 1) < 0.7, 25)[:pictures, None]
    common = np.cumsum(rng.normal(0, 0.006, (pictures, 2)) * active, axis=0)
    own = np.cumsum(rng.normal(0, 0.002, (pictures, 20)) * active, axis=0)
    turn = np.cumsum(rng.normal(0, 0.006, (pictures, 40)) * active, axis=0)
    rest = rng.uniform(-0.6, 0.6, 20)
    points = rest + np.tile(common, 10) + own
    return Track(
        "random walk, step 1/64", quantised(points), quantised(np.tile([1, 0, 0, 1], 10) + turn)
    )

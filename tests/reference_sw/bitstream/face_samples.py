"""Tracks of face parameters that exercise every branch of the messages."""

from __future__ import annotations

import random
from dataclasses import replace

from reference_sw.bitstream.gfv_state import (
    CoordinateLayout,
    FaceParameters,
    MatrixLayout,
    MatrixShape,
)

TRACKS: dict[str, tuple[CoordinateLayout | None, MatrixLayout | None]] = {
    "points": (CoordinateLayout(9, 10, 0), None),
    "points-and-matrices": (
        CoordinateLayout(6, 10, 0),
        MatrixLayout(8, (MatrixShape(0, 10, 2, 2),)),
    ),
    "fewer-matrices": (CoordinateLayout(4, 5, 0), MatrixLayout(3, (MatrixShape(1, 3, 2, 2),))),
    "more-matrices": (CoordinateLayout(4, 3, 0), MatrixLayout(3, (MatrixShape(0, 5, 2, 2),))),
    "three-dimensions": (
        CoordinateLayout(5, 4, 1, 900),
        MatrixLayout(
            4,
            (
                MatrixShape(4, 1, 3, 3),
                MatrixShape(5, 1, 3, 1),
                MatrixShape(6, 1, 3, 1),
                MatrixShape(2, 1, 4, 1),
                MatrixShape(9, 2, 2, 3),
            ),
        ),
    ),
    "compact-feature": (None, MatrixLayout(6, (MatrixShape(7, 1, 4, 4),))),
    "pose-without-points": (
        None,
        MatrixLayout(7, (MatrixShape(4, 1, 2, 2), MatrixShape(5, 1, 3, 1))),
    ),
}


def track(name: str, pictures: int, gfv_id: int = 4) -> list[FaceParameters]:
    """A base picture and pictures that follow it; values in -2..2, no two pictures alike."""
    source = random.Random(name)
    points, matrices = TRACKS[name]
    found = []
    for cnt in range(pictures):
        found.append(
            FaceParameters(
                gfv_id=gfv_id,
                gfv_cnt=cnt,
                base_picture=cnt == 0,
                fusion_picture=False,
                low_confidence=cnt % 3 == 1,
                coordinate_layout=points,
                coordinates=_values(source, points.precision, points.size) if points else (),
                matrix_layout=matrices,
                matrices=_values(source, matrices.precision, matrices.size) if matrices else (),
            )
        )
    return found


def slow_track(name: str, pictures: int) -> list[FaceParameters]:
    """A track whose pictures differ by one step in every other value."""
    first = track(name, 1)[0]
    found = [first]
    for cnt in range(1, pictures):
        last = found[-1]
        points, matrices = last.coordinate_layout, last.matrix_layout
        step = 1 << (32 - points.precision) if points else 0
        element = 1 << (32 - matrices.precision) if matrices else 0
        found.append(
            replace(
                last,
                gfv_cnt=cnt,
                base_picture=False,
                coordinates=tuple(v + step * (i & 1) for i, v in enumerate(last.coordinates)),
                matrices=tuple(v - element * (i & 1) for i, v in enumerate(last.matrices)),
            )
        )
    return found


def _values(source: random.Random, precision: int, count: int) -> tuple[int, ...]:
    limit = 2 << precision
    return tuple(source.randint(-limit, limit) << (32 - precision) for _ in range(count))

"""Geometry of the rendered speakers: head, hair, ears, neck and shoulders as grids of points.

Lengths are Q6 pixels of the output at scale 1; the head's middle is the origin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ctc.demo import fixed_point
from ctc.demo.fast import bump, noise, square_root, step
from ctc.demo.fixed_point import ONE, Ints
from ctc.demo.mesh import UNIT, directions

ROWS, COLUMNS = 150, 216
HALF_WIDTH, HALF_HEIGHT, HALF_DEPTH = 55, 76, 64
EYE = (22, 1)
MOUTH_Y = -43
MOUTH_HALF = 18
LIP_ROW = int(np.argmax(directions(ROWS, COLUMNS)[1][:, 0] > MOUTH_Y * (1 << 14) // HALF_HEIGHT))


@dataclass(frozen=True)
class Face:
    """Proportions of one speaker, in pixels added to the common face."""

    jaw: int = 0
    nose: int = 0
    brow: int = 0
    lips: int = 0
    cheeks: int = 0
    chin: int = 0


@dataclass(frozen=True)
class Haircut:
    """Where hair ends: height of the hairline in pixels at the front, temples, sides and back."""

    front: int
    temple: int
    side: int
    back: int
    volume: int
    parting: int
    sweep: int = 0
    smooth: int = 420


def _near(x: Ints, y: Ints, cx: int, cy: int, rx: int, ry: int) -> Ints:
    u = (x - cx * UNIT) * 16 // rx
    v = (y - cy * UNIT) * 16 // ry
    return bump(u * u + v * v, (16 * UNIT) ** 2)


def _both(x: Ints, y: Ints, cx: int, cy: int, rx: int, ry: int) -> Ints:
    return _near(np.abs(x), y, cx, cy, rx, ry)


def skull(face: Face) -> Ints:
    """Return the head without features: (ROWS, COLUMNS, 3)."""
    dx, dy, dz = directions(ROWS, COLUMNS)
    front = np.maximum(dz, 0)
    dz = dz + (front * ((1 << 14) - front) >> 14) * 5 // 16
    x, y, z = HALF_WIDTH * dx >> 8, HALF_HEIGHT * dy >> 8, HALF_DEPTH * dz >> 8
    lower = step(-y, 4 * UNIT, 80 * UNIT)
    x = x - (x * lower >> 12) * (25 - face.jaw) // 100
    back = step(-z, -10 * UNIT, 30 * UNIT)
    z = z - (z * (back * step(-y, 0, 70 * UNIT) >> 12) >> 12) * 50 // 100
    chin = step(-y, 16 * UNIT, 78 * UNIT)
    z = z + (26 + face.chin) * UNIT * chin // ONE
    return np.stack([x, y, z], -1)


def head(face: Face) -> Ints:
    """Return the head with its features, mouth closed: (ROWS, COLUMNS, 3)."""
    points = skull(face)
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    front = step(directions(ROWS, COLUMNS)[2], 1500, 7000)
    lift = (
        _both(x, y, 24, 15, 26, 10) * (4 + face.brow)  # brow ridge
        - _both(x, y, 21, 2, 17, 14) * 7  # sockets
        + _both(x, y, EYE[0], EYE[1] + 1, 13, 10) * 4  # eyeballs
        + _both(x, y, 36, -12, 22, 18) * (4 + face.cheeks)  # cheekbones
        - _both(x, y, 40, -40, 18, 24) * 3  # hollow of the cheek
        + _near(x, y, 0, MOUTH_Y, 30, 20) * 4  # the mouth's own arch
        + _both(x, y, 6, MOUTH_Y + 4, 14, 6) * (3 + face.lips)  # upper lip
        + _near(x, y, 0, MOUTH_Y - 6, 17, 8) * (4 + face.lips)  # lower lip
        - _near(x, y, 0, MOUTH_Y, 22, 3) * 2  # between the lips
        - _near(x, y, 0, MOUTH_Y - 14, 18, 6) * 3  # below the lower lip
        + _near(x, y, 0, -69, 20, 15) * 6  # chin
        - _near(x, y, 0, MOUTH_Y + 9, 4, 6) * 1  # philtrum
    )
    lift = lift * UNIT + _nose(x, y, face)
    z = z + (lift * front >> 24)
    return np.stack([x, y, z], -1)


def _nose(x: Ints, y: Ints, face: Face) -> Ints:
    """Return the height of the nose, Q6 pixels times ONE."""
    along = step(-y, -10 * UNIT, 26 * UNIT)
    height = 2 * UNIT + ((13 + face.nose) * UNIT * along >> 12)
    end = step(y, -33 * UNIT, -25 * UNIT)
    start = ONE - step(y, 6 * UNIT, 18 * UNIT)
    half = 6 * UNIT + (4 * UNIT * along >> 12)
    ridge = fixed_point.bump(x * x, half * half)
    wings = _both(x, y, 8, -26, 6, 6) * 5 * UNIT
    tip = _near(x, y, 0, -24, 8, 8) * 3 * UNIT
    return (height * (ridge * (end * start >> 12) >> 12)) + wings + tip


def deform(points: Ints, jaw: int, wide: int, smile: int) -> Ints:
    """Return the head with the mouth moved: jaw and smile in Q6 pixels, wide Q12."""
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    front = step(z, 0, 40 * UNIT)
    line = y[LIP_ROW, 0]
    below = np.maximum(line - y, 0)
    half = (MOUTH_HALF + 1) * UNIT + below * 3 // 2
    u = np.minimum(np.abs(x) * ONE // half, ONE)
    across = step(ONE - u, 0, ONE) + (ONE - (u * u >> 12)) >> 1
    lower = np.arange(ROWS)[:, None] < LIP_ROW
    weight = np.where(lower, across * front >> 12, 0)
    drop = jaw * weight >> 12
    near = _near(x, y, 0, MOUTH_Y, 34, 22)
    moved_x = x + ((x * wide >> 12) * near >> 12)
    corner = np.minimum(x * x // (MOUTH_HALF * MOUTH_HALF * UNIT), 2 * UNIT)
    moved_y = y - drop + (smile * (corner * near >> 12) // UNIT)
    upper_lip = _near(x, y, 0, MOUTH_Y + 6, 20, 11) * np.where(lower, 0, 1)
    moved_y = moved_y + ((jaw // 7) * upper_lip >> 12)
    return np.stack([moved_x, moved_y, z - drop // 4], -1)


def hair(face: Face, cut: Haircut) -> Ints:
    """Return the hair as a shell that rises from the hairline and dives under the skin beyond."""
    dx, dy, dz = directions(ROWS, COLUMNS)
    points = skull(face)
    across = square_root(dx * dx + dz * dz)
    hang = np.where(dy < 0, ((1 << 14) - across) * 14 // 16, 0)
    grow = (1 << 14) + hang * (1 << 14) // np.maximum(across, 1 << 10)
    if cut.side < -40:
        points = np.stack(
            [HALF_WIDTH * dx * grow >> 22, points[..., 1], HALF_DEPTH * dz * grow >> 22], -1
        )
    above = above_hairline(face, cut)
    rise = step(above, -2 * UNIT, 14 * UNIT)
    side = step(np.abs(_angle()), 430, 660)
    rise = rise + ((step(above, -UNIT, 4 * UNIT) - rise) * side >> 12)
    top = step(dy, 0, 1 << 14)
    strands = noise(_angle() * 4 + (1 << 17), points[..., 1] * 2 + (1 << 17), 8, 5) - (1 << 15)
    thick = cut.volume * (150 + (top * 120 >> 12)) + strands // cut.smooth
    part = bump((_angle() - cut.parting) ** 2, 90 * 90) * step(dy, 8000, 13000) >> 12
    thick = (thick * rise >> 12) - part * 100 // ONE
    depth = 700 + (900 * step(-points[..., 1], 0, 40 * UNIT) >> 12)
    dive = (ONE - step(above, -3 * UNIT, -UNIT)) * depth // ONE
    shell: Ints = points * (4096 + thick * 2 // 3 - dive + 30)[..., None] >> 12
    return shell


def _angle() -> Ints:
    """Return the angle about the vertical of each grid point, 4096ths of a turn, 0 in front."""
    column = np.arange(COLUMNS, dtype=np.int64) * 4096 // COLUMNS - 2048
    return np.broadcast_to(column, (ROWS, COLUMNS))


def above_hairline(face: Face, cut: Haircut) -> Ints:
    """Return the height of each grid point above the hairline, Q6 pixels: (ROWS, COLUMNS)."""
    angle = np.abs(_angle())
    to_temple = step(angle, 380, 640)
    to_side = step(angle, 640, 800)
    to_back = step(angle, 1050, 1500)
    line = cut.front * ONE + (cut.temple - cut.front) * to_temple
    line += cut.sweep * _angle() * (ONE - to_temple) // 380
    line += (cut.side - cut.temple) * to_side + (cut.back - cut.side) * to_back
    ragged = noise(_angle() * 8 + (1 << 17), angle * 0, 7, 23) // 400
    above: Ints = skull(face)[..., 1] - (line * UNIT >> 12) - ragged
    return above


def ear(side: int) -> Ints:
    """Return one ear, side -1 or 1: (24, 32, 3)."""
    dx, dy, dz = directions(24, 32)
    x, y, z = 5 * dx >> 8, 14 * dy >> 8, 9 * dz >> 8
    bowl = _near(z, y, 1, 1, 6, 9) * 4 * UNIT >> 12
    x = side * (x - np.where(dx > 0, bowl, 0)) + side * (HALF_WIDTH + 2) * UNIT
    x = x + side * (y // 10)
    return np.stack([x, y - 7 * UNIT, z - 8 * UNIT], -1)


def neck(broad: int) -> Ints:
    """Return the neck: (40, 96, 3); row 0 is below the collar."""
    rows = np.arange(40, dtype=np.int64)[:, None]
    _, _, _ = rows, None, None
    dx, _, dz = (d[20:21] for d in directions(40, 96))
    y = -122 * UNIT + rows * 84 * UNIT // 39
    flare = step(-y, 70 * UNIT, 118 * UNIT)
    x = ((30 + broad // 2) * UNIT + (26 * UNIT * flare >> 12)) * dx >> 14
    z = (31 * UNIT + (10 * UNIT * flare >> 12)) * dz >> 14
    tendon = bump((np.abs(x) - 12 * UNIT) ** 2, (9 * UNIT) ** 2) * step(z, 0, UNIT * 20) >> 12
    return np.stack([x, np.broadcast_to(y, x.shape), z + (tendon * 2 * UNIT >> 12)], -1)


def shoulders(broad: int) -> Ints:
    """Return shoulders and chest: (60, 120, 3)."""
    dx, dy, dz = directions(60, 120)
    x, y, z = (118 + broad) * dx >> 8, 88 * dy >> 8, 56 * dz >> 8
    slope = np.abs(x) * 10 // 100
    folds = noise(x + (1 << 16), y * 2 + (1 << 16), 11, 71) // 260
    return np.stack([x, y - 172 * UNIT - slope, z + folds - 6 * UNIT], -1)

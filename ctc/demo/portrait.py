"""A photographed head set in motion: pose, jaw, lips, eyelids and brows move by warping.

For each output pixel the movements are undone in turn (head pose, then jaw, brows, gaze, lids),
which gives the place in the photograph whose colour it takes; only the inside of the opened mouth
is painted. Places are Q10 pixels of the photograph, weights Q12.

The photograph is Eileen Collins, NASA, public domain, as scikit-image carries it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ctc.demo.fast import bump, square_root, step
from ctc.demo.fixed_point import ONE, TRIG, Ints, cosine, sine
from ctc.demo.sampling import POSITION, sample_cubic
from ctc.derived_files import bytes_sha256
from ctc.errors import SequenceError

PHOTOGRAPH = "a8c429c18afa7b0fd5673e598d73a21225d94c864a71bbb3885126fdecb41071"
SIZE = 256
_PX = 1 << POSITION

# Landmarks in pixels of the photograph.
HEAD = (226, 100)
HEAD_RADII = (62, 92)
NECK = (222, 196)
MOUTH = (224, 142)
MOUTH_HALF = 20
TEETH = 7
CHIN_BELOW = 30
EYES = ((202, 101), (247, 103))
EYE_HALF = (10, 12)
NOSE = (226, 122)


@dataclass(frozen=True)
class View:
    """Part of the photograph that is shown: top left in Q10 pixels, Q10 pixels per pixel."""

    left: int
    top: int
    scale: int
    mirrored: bool = False


@dataclass(frozen=True)
class Pose:
    """State of the head in one picture.

    shift_x, shift_y: Q10 pixels; roll, yaw, pitch: 4096ths of a turn; jaw: Q10 pixels, below 0
    draws the lower lip up over the teeth; wide: Q12 stretch of the lips; lids: 0..ONE;
    gaze, brows: Q10 pixels; breath: Q10 pixels of the shoulders.
    """

    shift_x: int = 0
    shift_y: int = 0
    roll: int = 0
    yaw: int = 0
    pitch: int = 0
    jaw: int = 0
    wide: int = 0
    lids: int = 0
    gaze: int = 0
    brows: int = 0
    breath: int = 0


@lru_cache(maxsize=1)
def photograph() -> Ints:
    """Return the photograph, (512, 512, 3) 0..255.

    Raises:
        SequenceError: scikit-image carries another picture than expected.
    """
    from skimage.data import astronaut

    pixels: npt.NDArray[np.uint8] = astronaut()  # type: ignore[no-untyped-call]
    if bytes_sha256(pixels.tobytes()) != PHOTOGRAPH:
        raise SequenceError("scikit-image's portrait photograph is not the expected one")
    return pixels.astype(np.int64)


def portrait_picture(view: View, pose: Pose) -> npt.NDArray[np.uint8]:
    """Return one picture: (256, 256, 3) uint8 R, G, B."""
    x, y = _grid(view)
    x, y = _undo_breath(x, y, pose.breath)
    x, y = _undo_head(x, y, pose)
    x, y = _undo_brows(x, y, pose.brows)
    x, y, gap, depth = _undo_mouth(x, y, pose)
    colours = sample_cubic(photograph(), *_undo_gaze(x, y, pose.gaze))
    if pose.lids:
        lid_x, lid_y, weight = _undo_lids(x, y, pose.lids)
        near = np.flatnonzero(weight)
        lid = sample_cubic(photograph(), lid_x[near], lid_y[near])
        colours[near] += (lid - colours[near]) * weight[near, None] >> 12
    inside = _mouth_inside(depth, x)
    colours += (inside - colours) * gap[:, None] >> 12
    return colours.reshape(SIZE, SIZE, 3).astype(np.uint8)


def _grid(view: View) -> tuple[Ints, Ints]:
    index = np.arange(SIZE, dtype=np.int64)
    across = index[::-1] if view.mirrored else index
    x = np.broadcast_to(view.left + across * view.scale, (SIZE, SIZE)).ravel()
    y = np.broadcast_to((view.top + index * view.scale)[:, None], (SIZE, SIZE)).ravel()
    return x, y


def _undo_breath(x: Ints, y: Ints, breath: int) -> tuple[Ints, Ints]:
    weight = step(y, 185 * _PX, 250 * _PX)
    return x, y - (weight * breath >> 12)


def _ellipse(x: Ints, y: Ints, centre: tuple[int, int], radii: tuple[int, int]) -> Ints:
    """Return the squared distance from the centre in Q20: 1 << 20 on the ellipse."""
    u = (x - centre[0] * _PX) // radii[0]
    v = (y - centre[1] * _PX) // radii[1]
    return u * u + v * v


def _undo_head(x: Ints, y: Ints, pose: Pose) -> tuple[Ints, Ints]:
    """Undo the head's rotation and shift, whose weight falls off into backdrop and collar."""
    source_x, source_y = x, y
    for _ in range(3):
        dx, dy = _head_movement(source_x, source_y, pose)
        source_x, source_y = x - dx, y - dy
    return source_x, source_y


def _head_movement(x: Ints, y: Ints, pose: Pose) -> tuple[Ints, Ints]:
    square = _ellipse(x, y, HEAD, HEAD_RADII)
    away = ONE - step(square, ONE << 8, 5 * (ONE << 8) // 2)
    above_collar = ONE - step(y, 172 * _PX, 222 * _PX)
    weight = away * above_collar >> 12
    # Depth of a dome over the head, with the nose on it: Q10 pixels.
    dome = square_root(np.maximum((1 << 20) - square, 0))
    nose = bump(_ellipse(x, y, NOSE, (12, 22)), 1 << 20)
    depth = dome * HEAD_RADII[0] + nose * 9 // 4
    u, v = x - HEAD[0] * _PX, y - HEAD[1] * _PX
    dx = depth * sine(pose.yaw) // TRIG + u * (cosine(pose.yaw) - TRIG) // TRIG
    dy = depth * sine(pose.pitch) // TRIG + v * (cosine(pose.pitch) - TRIG) // TRIG
    a, b = x - NECK[0] * _PX, y - NECK[1] * _PX
    turn, still = sine(pose.roll), cosine(pose.roll) - TRIG
    dx += (a * still - b * turn) // TRIG + pose.shift_x
    dy += (a * turn + b * still) // TRIG + pose.shift_y
    return dx * weight >> 12, dy * weight >> 12


def _undo_brows(x: Ints, y: Ints, brows: int) -> tuple[Ints, Ints]:
    lift = np.zeros_like(x)
    for eye_x, eye_y in EYES:
        lift += bump(_ellipse(x, y, (eye_x, eye_y - 12), (22, 11)), 1 << 20)
    return x, y + (lift * brows >> 12)


def _lip_line(x: Ints) -> Ints:
    """Return the y of the edge between upper teeth and lower lip, from corner to corner."""
    u = (x - MOUTH[0] * _PX) // MOUTH_HALF
    rise = np.minimum(u * u >> 10, _PX)
    line: Ints = MOUTH[1] * _PX + 700 + TEETH * (_PX - rise)
    return line


def _jaw_weight(x: Ints, y: Ints) -> Ints:
    """Return how far a place below the lip line follows the jaw."""
    below = np.maximum(y - _lip_line(x), 0)
    half = MOUTH_HALF * _PX + below * 5 // 4
    u = ((x - MOUTH[0] * _PX) << 10) // half
    across = step(_PX - np.abs(u), 0, _PX) + np.maximum(ONE - (u * u >> 8), 0) >> 1
    down = ONE - step(below, CHIN_BELOW * _PX, (CHIN_BELOW + 26) * _PX)
    weight: Ints = across * down >> 12
    return weight


def _undo_mouth(x: Ints, y: Ints, pose: Pose) -> tuple[Ints, Ints, Ints, Ints]:
    """Undo lips and jaw; also return the weight of the mouth's inside and the depth in it."""
    near = bump(_ellipse(x, y, MOUTH, (38, 26)), 1 << 20)
    x = x - ((x - MOUTH[0] * _PX) * pose.wide // ONE * near >> 12)
    line = _lip_line(x)
    lower = y
    for _ in range(4):
        lower = y - (pose.jaw * _jaw_weight(x, np.maximum(lower, line)) >> 12)
    below = lower >= line
    source = np.where(below, lower, np.minimum(y, line))
    # Inside the gap: past the teeth, before the lower lip.
    from_teeth = y - line
    from_lip = line - lower
    gap = np.where(below, 0, np.clip(np.minimum(from_teeth, from_lip) * 4, 0, ONE))
    return x, source, gap, np.maximum(from_teeth, 0)


def _mouth_inside(depth: Ints, x: Ints) -> Ints:
    """Return the colour inside the mouth: dark below the teeth, the tongue further down."""
    tongue = step(depth, 2 * _PX, 8 * _PX)
    side = step(np.abs(x - MOUTH[0] * _PX), 6 * _PX, 17 * _PX)
    tongue = tongue * (ONE - side) >> 12
    dark = np.array([52, 18, 18], np.int64)
    red = np.array([148, 70, 68], np.int64)
    colour: Ints = dark + ((red - dark) * tongue[:, None] >> 12)
    return colour


def _undo_gaze(x: Ints, y: Ints, gaze: int) -> tuple[Ints, Ints]:
    for eye in EYES:
        x = x - (gaze * bump(_ellipse(x, y, eye, (8, 5)), 1 << 20) >> 12)
    return x, y


def _undo_lids(x: Ints, y: Ints, lids: int) -> tuple[Ints, Ints, Ints]:
    """Return the place on the upper lid that covers each place, and the weight with which it does.

    The skin between crease and lashes stretches; the lashes move as they are.
    """
    source = y.copy()
    weight = np.zeros_like(y)
    for (eye_x, eye_y), half in zip(EYES, EYE_HALF, strict=True):
        u = (x - eye_x * _PX) // half
        arch = np.maximum(_PX - (u * u >> 10), 0)
        opened = (eye_y + 1) * _PX - arch * 7 // 2
        lid = opened + ((arch * 11 // 2) * lids >> 12)
        crease, lashes = opened - 7 * _PX, 2 * _PX
        skin = (y - crease) * (opened - lashes - crease) // np.maximum(lid - lashes - crease, 1)
        covered = (np.abs(u) < _PX) & (y > crease) & (y < lid + _PX)
        moved = np.where(y > lid - lashes, y - lid + opened, crease + skin)
        source = np.where(covered, moved, source)
        weight = np.where(covered, np.minimum((lid + _PX - y) * 4, ONE), weight)
    return x, source, weight

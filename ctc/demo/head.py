"""One picture of a rendered speaker: pose the model, rasterise, paint, light, bring to 256x256."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np
import numpy.typing as npt

from ctc.demo import head_light, head_paint, head_shape
from ctc.demo.fast import interpolated, step, turned_away
from ctc.demo.fixed_point import ONE, Ints
from ctc.demo.head_paint import Expression, Palette
from ctc.demo.head_shape import COLUMNS, LIP_ROW, ROWS, Face, Haircut
from ctc.demo.mesh import UNIT, grid_triangles, normals, rotation
from ctc.demo.raster import NOTHING, SUB, rasterize

SIZE = 256
SAMPLES = 2 * SIZE  # two by two samples in each pixel
_CAMERA = 560 * UNIT  # distance of the eye, for a mild perspective
_PIVOT = np.array([0, -62 * UNIT, -8 * UNIT], np.int64)


@dataclass(frozen=True)
class Speaker:
    """Who is rendered."""

    face: Face
    haircut: Haircut
    palette: Palette
    ears: bool
    broad: int


@dataclass(frozen=True)
class HeadPose:
    """State of one picture; angles in 4096ths of a turn, lengths in Q6 pixels, wide Q12."""

    yaw: int = 0
    pitch: int = 0
    roll: int = 0
    shift_x: int = 0
    shift_y: int = 0
    breath: int = 0
    wide: int = 0
    smile: int = 0
    zoom: int = ONE
    expression: Expression = field(default_factory=Expression)


@dataclass(frozen=True)
class _Part:
    """A grid of the model: name, points at rest, what painting goes by."""

    name: str
    points: Ints
    place: Ints


@cache
def _parts(speaker: Speaker) -> tuple[_Part, ...]:
    face = head_shape.head(speaker.face)
    hair = head_shape.hair(speaker.face, speaker.haircut)
    angle = np.broadcast_to(np.arange(COLUMNS) * 4096 // COLUMNS, (ROWS, COLUMNS))
    above = head_shape.above_hairline(speaker.face, speaker.haircut)
    parts = [
        _Part("face", face, np.concatenate([face, above[..., None]], -1)),
        _Part("hair", hair, np.stack([angle, hair[..., 1], above, above], -1)),
    ]
    if speaker.ears:
        parts += [_bare("ear", head_shape.ear(side)) for side in (-1, 1)]
    neck, body = head_shape.neck(speaker.broad), head_shape.shoulders(speaker.broad)
    return (*parts, _bare("neck", neck), _bare("body", body))


def _bare(name: str, points: Ints) -> _Part:
    far = np.full((*points.shape[:2], 1), -(1 << 12), np.int64)
    return _Part(name, points, np.concatenate([points, far], -1))


@cache
def _triangles(speaker: Speaker) -> Ints:
    first, grids = 0, []
    for part in _parts(speaker):
        rows, columns, _ = part.points.shape
        grids.append(grid_triangles(rows, columns, first))
        first += rows * columns
    return np.concatenate(grids)


@cache
def _places(speaker: Speaker) -> Ints:
    """Return what painting goes by at all vertices: (n, 4)."""
    return np.concatenate([part.place.reshape(-1, 4) for part in _parts(speaker)])


def _posed(part: _Part, speaker: Speaker, pose: HeadPose) -> tuple[Ints, Ints]:
    """Return points and normals of a part in the pose, each (n, 3)."""
    points = part.points
    if part.name == "face":
        points = head_shape.deform(points, pose.expression.jaw, pose.wide, pose.smile)
    facing = normals(points).reshape(-1, 3)
    points = points.reshape(-1, 3)
    turn = rotation(pose.yaw, pose.pitch, pose.roll)
    shift = np.array([pose.shift_x, pose.shift_y, 0], np.int64)
    if part.name == "body":
        return points + np.array([0, pose.breath, pose.breath // 2]) + shift // 3, facing
    turned = ((points - _PIVOT) @ turn.T >> 14) + _PIVOT + shift
    if part.name == "neck":
        weight = step(points[:, 1], -104 * UNIT, -46 * UNIT)[:, None]
        still = points + shift // 3
        return still + ((turned - still) * weight >> 12), facing
    return turned, facing @ turn.T >> 14


def _project(points: Ints, zoom: int) -> Ints:
    """Return screen x, y (Q4 samples) and depth of model points."""
    away = _CAMERA - points[:, 2]
    scale = _CAMERA * zoom // away
    x = (points[:, 0] * scale >> 12) // 2 + (SAMPLES << SUB) // 2
    y = (SAMPLES << SUB) * 44 // 100 - (points[:, 1] * scale >> 12) // 2
    return np.stack([x, y, points[:, 2]], 1)


def head_picture(
    speaker: Speaker, pose: HeadPose, background: npt.NDArray[np.uint8]
) -> npt.NDArray[np.uint8]:
    """Return the speaker before the background: (256, 256, 3) uint8 R, G, B."""
    posed = [_posed(part, speaker, pose) for part in _parts(speaker)]
    screen = _project(np.concatenate([points for points, _ in posed]), pose.zoom)
    facing = np.concatenate([normal for _, normal in posed])
    visible, share = rasterize(screen, _triangles(speaker), SAMPLES)
    seen, ends = _by_part(speaker, visible)
    behind = head_light.to_linear(background.astype(np.int64)).astype(np.int32)
    light = np.repeat(np.repeat(behind, 2, 0), 2, 1).reshape(-1, 3)
    chosen, weights = visible[seen], share[seen]
    corners = _triangles(speaker)[chosen]
    back = turned_away(screen, corners)
    normal = interpolated(facing, corners, weights)
    normal[back] = -normal[back]
    spot = interpolated(_places(speaker), corners, weights)
    for part, start, end in zip(_parts(speaker), [0, *ends], ends, strict=False):
        here = slice(start, end)
        lit = _lit(part.name, spot[here], normal[here], back[here], speaker, pose)
        if part.name == "face":
            _open_mouth(lit, spot[here], chosen[here], pose)
        light[seen[here]] = np.minimum(lit, head_light.FULL)
    grid = light.reshape(SAMPLES, SAMPLES, 3)
    boxes = grid[::2, ::2] + grid[::2, 1::2] + grid[1::2, ::2] + grid[1::2, 1::2]
    shown = head_light.to_shown((boxes + 2) >> 2)
    return shown.astype(np.uint8)


def _by_part(speaker: Speaker, visible: Ints) -> tuple[Ints, list[int]]:
    """Return the samples that show the speaker, part after part, and where each part ends."""
    found = np.flatnonzero(visible != NOTHING)
    last = np.cumsum([2 * (p.points.shape[0] - 1) * p.points.shape[1] for p in _parts(speaker)])
    part = np.searchsorted(last, visible[found], side="right").astype(np.uint8)
    order = np.argsort(part, kind="stable")
    return found[order], np.cumsum(np.bincount(part, minlength=len(last))).tolist()


def _lit(
    name: str,
    spot: Ints,
    normal: Ints,
    inner: npt.NDArray[np.bool_],
    speaker: Speaker,
    pose: HeadPose,
) -> Ints:
    """Return the light from samples of one part."""
    if name == "hair":
        lit = head_light.light_hair(head_paint.paint_hair(spot, speaker.palette), normal)
        return np.where(inner[:, None], lit // 5, lit)
    if name == "body":
        return head_light.light_plain(head_paint.paint_cloth(spot, speaker.palette), normal)
    return _skin_light(name, spot, normal, speaker, pose)


def _skin_light(name: str, spot: Ints, normal: Ints, speaker: Speaker, pose: HeadPose) -> Ints:
    if name == "neck":
        colours = head_paint.paint_neck(spot, speaker.palette)
    else:
        colours = head_paint.paint_face(spot, speaker.palette, pose.expression)
    return head_light.light_skin(colours, normal, head_paint.gloss(spot))


def _open_mouth(light: Ints, spot: Ints, seen: Ints, pose: HeadPose) -> None:
    """Paint the band of triangles that spans from lower to upper lip; the face's come first."""
    half = (ROWS - 1) * COLUMNS
    band = (seen < 2 * half) & (seen % half // COLUMNS == LIP_ROW - 1)
    inside = np.flatnonzero(band & (np.abs(spot[:, 0]) < 17 * UNIT) & (spot[:, 2] > 0))
    if not len(inside) or pose.expression.jaw < UNIT // 2:
        return
    x, y = spot[inside, 0], spot[inside, 1]
    top, bottom = int(y.max()), int(y.min())
    depth = (top - y) * ONE // max(top - bottom, 1)
    colours = head_paint.paint_mouth(depth, x, pose.expression.jaw)
    light[inside] = head_light.to_linear(colours) * 3 // 4

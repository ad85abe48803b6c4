"""Colours of the rendered speakers: skin, lips, brows, eyes, mouth, hair, cloth.

Every function takes samples as vectors: their place on the model at rest (Q6 pixels) and the state
of the face; colours are (n, 3) 0..255 R, G, B before lighting.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ctc.demo.fast import bump, mix, noise, step
from ctc.demo.fixed_point import ONE, Ints
from ctc.demo.head_shape import EYE, MOUTH_HALF
from ctc.demo.mesh import UNIT

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Palette:
    """Colours of one speaker; stubble: Q12 strength of a beard's shadow."""

    skin: Colour
    lips: Colour
    hair: Colour
    brows: Colour
    iris: Colour
    cloth: Colour
    collar: Colour
    stubble: int = 0


@dataclass(frozen=True)
class Expression:
    """State of the face: lids 0..ONE, gaze and brows in Q6 pixels, jaw in Q6 pixels."""

    lids: int = 0
    gaze_x: int = 0
    gaze_y: int = 0
    brows: int = 0
    jaw: int = 0


def _around(x: Ints, y: Ints, cx: int, cy: int, rx: int, ry: int) -> Ints:
    u = (x - cx * UNIT) * 16 // rx
    v = (y - cy * UNIT) * 16 // ry
    return bump(u * u + v * v, (16 * UNIT) ** 2)


def paint_face(place: Ints, palette: Palette, face: Expression) -> Ints:
    """Return the colours of the head's skin with brows, lips and eyes."""
    x, y, z = place[:, 0], place[:, 1], place[:, 2]
    colours = _skin(x, y, z, palette)
    front = step(z, 12 * UNIT, 26 * UNIT)
    lips, meeting = _lips(x, y)
    colours = mix(colours, palette.lips, lips * front >> 12)
    colours = mix(colours, (74, 26, 26), meeting * front >> 12)
    colours = mix(colours, palette.brows, _brows(x, y - face.brows) * front >> 12)
    colours = _hairline(x, y, place[:, 3], colours, palette)
    for side in (-1, 1):
        near = np.flatnonzero(
            (np.abs(x * side - EYE[0] * UNIT) < 19 * UNIT) & (np.abs(y) < 16 * UNIT) & (z > 0)
        )
        u, v = x[near] * side - EYE[0] * UNIT, y[near] - EYE[1] * UNIT
        colours[near] = _eye(u, v, colours[near], palette, face, side)
    return colours


def _skin(x: Ints, y: Ints, z: Ints, palette: Palette) -> Ints:
    colours = np.broadcast_to(np.array(palette.skin, np.int64), (len(x), 3))
    wide = np.abs(x)
    red = _around(wide, y, 33, -17, 24, 19) * 22 // 100 + _around(x, y, 0, -24, 11, 9) * 34 // 100
    red += _around(wide, y, 21, 2, 16, 12) * 16 // 100
    blotch = noise(x + (1 << 16), y + (1 << 16), 9, 3) - (1 << 15)
    pores = noise(x * 2 + (1 << 16), y * 2 + (1 << 16), 7, 4) - (1 << 15)
    colours = mix(colours, (196, 92, 80), red)
    grain = blotch * 9 // (1 << 15) + pores * 6 // (1 << 15)
    colours = colours + grain[:, None]
    shade = _around(wide, y, 20, -7, 15, 7) * 16 // 100  # below the eyes
    fold = wide - 15 * UNIT + (y + 30 * UNIT) // 2  # from the nose's wing to the mouth's corner
    span = step(y, -44 * UNIT, -34 * UNIT) * (ONE - step(y, -30 * UNIT, -22 * UNIT)) >> 12
    shade += (bump(fold * fold, (4 * UNIT) ** 2) * span >> 12) * 26 // 100
    shade += _around(wide, y, 10, 4, 8, 14) * 20 // 100  # beside the bridge of the nose
    shade += _around(x, y, 0, -57, 16, 5) * 22 // 100  # below the lower lip
    colours = mix(colours, (92, 44, 36), np.minimum(shade, ONE))
    nostril = _around(wide, y, 5, -31, 4, 3) * 3 // 2 + _around(x, y, 0, -33, 11, 3) * 1 // 2
    colours = mix(colours, (52, 22, 20), np.minimum(nostril, ONE))
    if palette.stubble:
        colours = mix(colours, (70, 62, 62), _stubble(x, y, palette.stubble))
    return colours


def _hairline(x: Ints, y: Ints, above: Ints, colours: Ints, palette: Palette) -> Ints:
    """Shade the skin near the hair and let single strands grow out over it."""
    colours = mix(colours, (86, 46, 36), step(above, -15 * UNIT, UNIT) * 50 // 100)
    strands = noise(x * 7 + y // 2 + (1 << 17), y // 2 + (1 << 16), 7, 14) * 9 * UNIT >> 16
    return mix(colours, palette.brows, step(above + strands, 2 * UNIT, 5 * UNIT))


def gloss(place: Ints) -> Ints:
    """Return the strength of the skin's sheen, Q12; the eyes have their own glint instead."""
    x, y = place[:, 0], place[:, 1]
    eyes = np.minimum(_around(np.abs(x), y, EYE[0], EYE[1], 15, 12) * 2, ONE)
    oily = 330 + (_around(x, y, 0, -10, 12, 40) + _around(x, y, 0, 44, 40, 30)) // 12
    sheen: Ints = oily * (ONE - eyes) >> 12
    return sheen


def _stubble(x: Ints, y: Ints, strength: int) -> Ints:
    cheek = (np.abs(x) - 22 * UNIT) * 6 // 10
    area = ONE - step(y - np.maximum(cheek, 0), -42 * UNIT, -16 * UNIT)
    lip = _around(x, y, 0, -37, 26, 8)
    beard = np.maximum(area - _around(np.abs(x), y, 30, -24, 26, 18), 0)
    hairs = noise(x * 3 + (1 << 16), y * 2 + (1 << 16), 7, 12) >> 5
    weight: Ints = np.maximum(beard, lip) * strength // ONE * (ONE + hairs) // (2 * ONE)
    return weight


def _lips(x: Ints, y: Ints) -> tuple[Ints, Ints]:
    """Return where lips are, and the dark line where they meet, at y = -43 pixels."""
    wide = np.minimum(np.abs(x), MOUTH_HALF * UNIT)
    part = ONE - wide * ONE // (MOUTH_HALF * UNIT)
    bow = bump((np.abs(x) - 5 * UNIT) ** 2, (8 * UNIT) ** 2)
    from_line = y + 43 * UNIT
    top = (4 * UNIT * step(part, 0, ONE * 8 // 10) + 2 * UNIT * bow) >> 12
    bottom = (8 * UNIT * step(part, 0, ONE * 9 // 10)) >> 12
    upper = step(top - from_line, -UNIT, UNIT)
    lower = step(bottom + from_line, -UNIT, UNIT)
    meeting = bump(from_line * from_line, (3 * UNIT // 2) ** 2) * step(part, 0, 900) >> 12
    grooves = noise(x * 5 + (1 << 16), y + (1 << 16), 8, 61) >> 6
    weight: Ints = upper * lower // ONE * step(part, 0, ONE // 8) // ONE * (ONE - grooves) // ONE
    return np.minimum(weight * 15 // 16, ONE), meeting * 80 // 100


def _brows(x: Ints, y: Ints) -> Ints:
    wide = np.abs(x) - 23 * UNIT
    arch = 14 * UNIT - (wide - 4 * UNIT) ** 2 // (110 * UNIT) - wide // 16
    thick = 5 * UNIT // 2 - np.maximum(wide, 0) * 2 // 14
    inside = step(thick - np.abs(y - arch), -UNIT, UNIT)
    ends = step(15 * UNIT - np.abs(wide), -3 * UNIT, UNIT)
    hairs = noise(x * 4 + y * 3 + (1 << 17), y + (1 << 16), 8, 9) >> 5
    weight: Ints = inside * ends // ONE * (ONE + hairs) // (2 * ONE)
    return weight


def _eye(u: Ints, v: Ints, skin: Ints, palette: Palette, face: Expression, side: int) -> Ints:
    """Return the colours about one eye; u is outwards, v up from its middle."""
    part = np.clip(ONE - u * u // (11 * 11), 0, ONE)  # 11 pixels to either corner
    tilt = u // 14
    upper = (part * 9 * UNIT >> 13) + tilt
    lower = (-part * 7 * UNIT // 2 >> 12) + tilt
    lid = upper - ((upper - lower) * face.lids >> 12)
    inside = step(lid - v, -UNIT // 2, UNIT // 2) * step(v - lower, -UNIT // 2, UNIT // 2) >> 12
    inside = inside * step(part, 0, 400) >> 12
    ball = _eyeball(u - side * face.gaze_x, v - face.gaze_y, palette)
    shadow = bump((v - lid) ** 2, (4 * UNIT) ** 2) * 55 // 100
    ball = mix(ball, (60, 40, 36), shadow)
    glint = step(-((u * side + 2 * UNIT) ** 2) - (v - 2 * UNIT) ** 2, -(110**2), -(60**2))
    ball = mix(ball, (255, 255, 255), glint)
    crease = bump((v - upper - 3 * UNIT - (part * UNIT >> 12)) ** 2, (3 * UNIT) ** 2)
    colours = mix(skin, (104, 52, 44), crease * step(part, 300, 2500) // ONE * 38 // 100)
    colours = mix(colours, ball, inside)
    lash = bump((v - lid) ** 2, (2 * UNIT) ** 2) * step(part, 100, 1400) >> 12
    colours = mix(colours, (34, 22, 20), lash * 88 // 100)
    rim = bump((v - lower) ** 2, (3 * UNIT // 2) ** 2) * step(part, 200, 1500) >> 12
    return mix(colours, (122, 66, 58), rim * 50 // 100)


def _eyeball(u: Ints, v: Ints, palette: Palette) -> Ints:
    square = u * u + v * v
    white = np.broadcast_to(np.array((226, 217, 211), np.int64), (len(u), 3))
    white = mix(white, (196, 130, 118), step(np.abs(u), 6 * UNIT, 12 * UNIT) * 45 // 100)
    rays = noise(u * 6 + (1 << 16), v * 6 + (1 << 16), 8, 2) >> 5
    iris = mix(np.broadcast_to(np.array(palette.iris, np.int64), white.shape), (20, 14, 12), rays)
    ring = step(square, (4 * UNIT) ** 2, (21 * UNIT // 4) ** 2)
    iris = mix(iris, (24, 18, 18), ring * 70 // 100)
    colours = mix(white, iris, ONE - step(square, (19 * UNIT // 4) ** 2, (22 * UNIT // 4) ** 2))
    pupil = ONE - step(square, (7 * UNIT // 4) ** 2, (10 * UNIT // 4) ** 2)
    return mix(colours, (10, 8, 8), pupil)


def paint_mouth(depth: Ints, x: Ints, jaw: int) -> Ints:
    """Return the colours inside the mouth.

    depth: Q12, 0 at the upper lip, ONE at the lower; jaw: opening in Q6 pixels.
    """
    opening = np.maximum(jaw * (ONE - x * x // (MOUTH_HALF * MOUTH_HALF)) >> 12, 1)
    below = depth * opening >> 12
    above = (ONE - depth) * opening >> 12
    colours = np.broadcast_to(np.array((46, 16, 16), np.int64), (len(x), 3))
    tongue = step(-above, -5 * UNIT, 0) * (ONE - step(np.abs(x), 7 * UNIT, 14 * UNIT)) >> 12
    colours = mix(colours, (150, 68, 66), tongue)
    gaps = bump((np.abs(x) % (4 * UNIT) - 2 * UNIT) ** 2, (2 * UNIT) ** 2)
    teeth = ONE - step(below, 3 * UNIT, 4 * UNIT)
    teeth = teeth * (ONE - step(np.abs(x), 9 * UNIT, 15 * UNIT)) >> 12
    shade = (gaps >> 3) + ONE * 7 // 8
    return mix(colours, (224, 214, 200), teeth * shade >> 12)


def paint_hair(place: Ints, palette: Palette) -> Ints:
    """Return the colours of hair; place: angle and height, then anything."""
    angle, height = place[:, 0], place[:, 1]
    bend = noise(angle + (1 << 17), height + (1 << 16), 10, 30) >> 9
    coarse = noise(angle * 3 + bend * 3 + (1 << 18), height // 12 + (1 << 16), 7, 31) >> 4
    fine = noise(angle * 11 + bend * 9 + (1 << 18), height // 9 + (1 << 16), 7, 32) >> 4
    colours = np.broadcast_to(np.array(palette.hair, np.int64), (len(angle), 3))
    dark = np.clip(ONE * 17 // 20 - (coarse + fine * 3 // 2) * 52 // 100, 0, ONE)
    under = step(-place[:, 2], -22 * UNIT, -4 * UNIT) * step(-height, 4 * UNIT, 34 * UNIT) >> 12
    colours = mix(colours, (12, 8, 6), np.maximum(dark, under * 90 // 100))
    light = step(fine * 2 + coarse, 6500, 11500) * (ONE - under) // ONE * 38 // 100
    return mix(colours, np.array(palette.hair, np.int64) + 64, light)


def paint_cloth(place: Ints, palette: Palette) -> Ints:
    """Return the colours of shoulders and chest: knit, and a collar that opens in a V."""
    x, y = place[:, 0], place[:, 1]
    knit = noise(x * 3 + (1 << 17), y * 3 + (1 << 17), 7, 51) >> 4
    ribs = np.abs((x + y // 6) % (6 * UNIT) - 3 * UNIT) * ONE // (3 * UNIT)
    colours = np.broadcast_to(np.array(palette.cloth, np.int64), (len(x), 3))
    colours = mix(colours, (10, 10, 14), (knit + ribs) * 14 // 100)
    edge = np.abs(x) * 13 // 10 - (y + 150 * UNIT)
    band = step(7 * UNIT - np.abs(edge), -UNIT, UNIT)
    return mix(colours, palette.collar, band * 85 // 100)


def paint_neck(place: Ints, palette: Palette) -> Ints:
    """Return the colours of the neck, in the shadow of the chin at its top."""
    x, y = place[:, 0], place[:, 1]
    colours = np.broadcast_to(np.array(palette.skin, np.int64), (len(x), 3))
    blotch = noise(x + (1 << 16), y + (1 << 16), 9, 7) - (1 << 15)
    colours = colours + (blotch * 7 // (1 << 15))[:, None]
    return mix(colours, (60, 28, 24), step(y, -112 * UNIT, -72 * UNIT) * 72 // 100)

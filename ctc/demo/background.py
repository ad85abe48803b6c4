"""Moving backgrounds behind the rendered speakers, out of focus as behind a portrait lens."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ctc.demo.fast import mix, noise, step
from ctc.demo.fixed_point import ONE, Ints, hashed, sine
from ctc.demo.mesh import UNIT

SIZE = 256


def _grid(pan_x: int, pan_y: int) -> tuple[Ints, Ints]:
    """Return places in Q6 pixels, moved by the camera's pan, as vectors."""
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(np.int64)
    return x.ravel() * UNIT + pan_x, y.ravel() * UNIT + pan_y


def _between(value: Ints, low: int, high: int, blur: int) -> Ints:
    """Return ONE from low to high, in pixels, with edges `blur` pixels wide."""
    half = blur * UNIT // 2
    rise = step(value, low * UNIT - half, low * UNIT + half)
    fall = step(value, high * UNIT - half, high * UNIT + half)
    return rise - fall


def study(frame: int, pan_x: int, pan_y: int) -> npt.NDArray[np.uint8]:
    """Return a room with a bookshelf and a window before moving leaves: (256, 256, 3) R, G, B."""
    x, y = _grid(pan_x, pan_y)
    plaster = noise(x + (1 << 18), y + (1 << 18), 10, 41) >> 9
    colours = np.stack([168 + plaster // 6, 158 + plaster // 6, 142 + plaster // 7], 1)
    colours = colours - (x // (9 * UNIT))[:, None]
    left, right = np.flatnonzero(x < 80 * UNIT), np.flatnonzero(x > 160 * UNIT)
    colours[left] = _shelf(x[left], y[left], colours[left])
    colours[right] = _window(x[right], y[right], frame, colours[right])
    picture: npt.NDArray[np.uint8] = np.clip(colours, 0, 255).astype(np.uint8)
    return picture.reshape(SIZE, SIZE, 3)


def _shelf(x: Ints, y: Ints, colours: Ints) -> Ints:
    inside = _between(x, -40, 74, 7)
    books = np.broadcast_to(np.array((86, 62, 44), np.int64), colours.shape)
    for shelf in range(5):
        top = -22 + shelf * 58
        book = (x + (1 << 14) + shelf * 700) // (11 * UNIT)
        across = (x + (1 << 14) + shelf * 700) % (11 * UNIT)
        kind = hashed(book * 8 + shelf, 17)
        colour = np.stack([70 + kind % 90, 62 + (kind >> 4) % 66, 54 + (kind >> 8) % 60], 1)
        height = 36 + (kind >> 6) % 12
        spine = step(across, 0, 3 * UNIT) * (ONE - step(across, 8 * UNIT, 11 * UNIT)) >> 12
        upright = step(y, (top + 52 - height) * UNIT - 3 * UNIT, (top + 52 - height) * UNIT)
        weight = spine * upright // ONE * _between(y, top + 4, top + 52, 6) >> 12
        books = mix(books, colour, weight)
    return mix(colours, books, inside)


def _window(x: Ints, y: Ints, frame: int, colours: Ints) -> Ints:
    sway = sine(frame * 61) * 3 * UNIT >> 14
    drift = frame * 20
    slant_x, slant_y = x * 7 // 8 + y // 2 + (1 << 18), y * 7 // 8 - x // 2 + (1 << 18)
    far = noise(slant_x + sway, slant_y + drift // 3, 10, 43) >> 4
    near = noise(slant_y + 2 * sway + drift, slant_x + sway, 9, 44) >> 4
    far = (far * 3 + (noise(slant_x * 2 + sway * 3, slant_y * 2, 10, 46) >> 4)) >> 2
    sky = np.broadcast_to(np.array((214, 226, 236), np.int64), colours.shape)
    view = mix(sky, (148, 172, 116), step(far, 900, 3000))
    view = mix(view, (96, 124, 74), step(near, 1500, 3800) * 80 // 100)
    view = mix(view, (236, 240, 224), step(far + near, 5200, 7600))
    glass = _between(x, 176, 330, 5) * _between(y, -60, 176, 5) >> 12
    bar = _between(x, 219, 226, 5) * _between(y, -60, 184, 5) >> 12
    frame_wood = np.maximum(_between(x, 168, 178, 5) * _between(y, -60, 184, 5) >> 12, bar)
    frame_wood = np.maximum(frame_wood, _between(y, 174, 186, 5) * _between(x, 166, 330, 5) >> 12)
    colours = mix(colours, view, glass)
    return mix(colours, (222, 216, 204), np.minimum(frame_wood * glass // ONE + frame_wood, ONE))


def evening(frame: int, pan_x: int, pan_y: int) -> npt.NDArray[np.uint8]:
    """Return a street at dusk with drifting discs of light: (256, 256, 3) R, G, B."""
    x, y = _grid(pan_x, pan_y)
    haze = noise(x + (1 << 18), y * 2 + (1 << 18), 11, 45) >> 9
    level = y // (4 * UNIT)
    colours = np.stack(
        [58 + level // 2 + haze // 8, 62 + level // 3 + haze // 8, 88 + haze // 6], 1
    )
    walls = hashed((x + (1 << 16)) // (46 * UNIT), 19) % 110
    across = (x + (1 << 16)) % (46 * UNIT)
    edge = step(across, 0, 8 * UNIT) * (ONE - step(across, 38 * UNIT, 46 * UNIT)) >> 12
    house = step(y, 20 * UNIT, 34 * UNIT) * edge // ONE * (walls + 60) // 200
    colours = mix(colours, (44, 40, 46), house)
    picture = colours.reshape(SIZE, SIZE, 3)
    for light in range(26):
        _add_disc(light, frame, pan_x, pan_y, picture)
    return np.clip(picture, 0, 255).astype(np.uint8)


_LIGHTS = ((255, 196, 120), (255, 224, 176), (250, 140, 96), (168, 204, 255), (255, 110, 90))


def _add_disc(light: int, frame: int, pan_x: int, pan_y: int, picture: Ints) -> None:
    """Add one light out of focus; those of the street's traffic move across."""
    dice = [int(v) for v in hashed(np.arange(6, dtype=np.int64) + light * 6, 99)]
    radius = (7 + dice[0] % 9) * UNIT
    traffic = light % 3 == 0
    speed = (dice[1] % 5 - 2) * 55 if traffic else 0
    centre_x = (dice[2] % 330 - 40) * UNIT + speed * frame - pan_x
    centre_y = (20 + dice[3] % 150 + (60 if traffic else 0)) * UNIT - pan_y
    pulse = 70 + (sine(frame * (20 + dice[4] % 40) + dice[5]) * 12 >> 14)
    reach = radius * 5 // 4
    left, right = (np.clip((centre_x + r) // UNIT, 0, SIZE) for r in (-reach, reach))
    top, bottom = (np.clip((centre_y + r) // UNIT, 0, SIZE) for r in (-reach, reach))
    y, x = np.mgrid[top:bottom, left:right].reshape(2, -1) * UNIT
    square = (x - centre_x) ** 2 + (y - centre_y) ** 2
    inside = ONE - step(square, (radius * 7 // 8) ** 2, (radius * 9 // 8) ** 2)
    rim = step(square, (radius * 5 // 8) ** 2, radius**2) // 4
    weight = inside * (ONE * 3 // 4 + rim) // ONE * pulse // 130
    part = picture[top:bottom, left:right]
    part[:] = mix(part.reshape(-1, 3), _LIGHTS[dice[5] % len(_LIGHTS)], weight).reshape(part.shape)

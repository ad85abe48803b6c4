"""Rendered talking heads to train on: the renderer of the demonstration class, other people.

Nobody of the demonstration sequences is drawn, nor are their rooms or their movements, so that the
class stays unseen; heads animated from the photograph have no other person to show and are left
out. A head is a function of its number alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from ctc.demo.head import Speaker
from ctc.demo.head_paint import Colour, Palette
from ctc.demo.head_scenes import HeadScene
from ctc.demo.head_shape import Face, Haircut
from ctc.demo.mesh import UNIT
from ctc.demo.motion import Track, blinks, speech, wander
from ctc.demo.render import FORMAT, demo_picture
from reference_sw.video.convert import convert_picture
from reference_sw.video.format import ChromaFormat, ColourModel, VideoFormat

NAME = "rendered_{:02d}"
PICTURES = 50
SIZE = 256
MARGIN = 64
LIGHT, DARK = np.array([238, 190, 166]), np.array([92, 60, 46])
HAIR: tuple[Colour, ...] = (
    (28, 24, 22),
    (82, 56, 40),
    (146, 98, 56),
    (196, 158, 102),
    (138, 62, 38),
    (150, 146, 142),
)
RGB = VideoFormat(SIZE, SIZE, chroma_format=ChromaFormat.C444, colour=ColourModel.RGB)


@dataclass(frozen=True)
class Backdrop:
    """A canvas (H, W, 3), MARGIN larger on each side, to pan over; drift: pixels a picture."""

    canvas: npt.NDArray[np.float64]
    drift: float

    def picture(self, frame: int, pan_x: int, pan_y: int) -> npt.NDArray[np.uint8]:
        """(SIZE, SIZE, 3): the canvas panned by Q6 pixels, between its samples by bilinear."""
        x = np.clip(MARGIN + pan_x / UNIT + self.drift * frame, 0, 2 * MARGIN - 1)
        y = np.clip(MARGIN + pan_y / UNIT, 0, 2 * MARGIN - 1)
        left, top, u, v = int(x), int(y), x % 1, y % 1
        part = self.canvas[top : top + SIZE + 1, left : left + SIZE + 1]
        rows = part[:-1] * (1 - v) + part[1:] * v
        shown = rows[:, :-1] * (1 - u) + rows[:, 1:] * u
        return np.asarray(np.rint(shown), np.uint8)


def rendered_clip(number: int, pictures: int = PICTURES) -> npt.NDArray[np.uint8]:
    """(N, 3, 256, 256) R, G, B of head `number`, by way of 4:2:0 as real clips come."""
    scene = drawn_scene(number, pictures)
    found = []
    for frame in range(pictures):
        shown = convert_picture(demo_picture(scene.picture(frame)), FORMAT, RGB)
        found.append(np.stack(shown.planes).astype(np.uint8))
    return np.stack(found)


def drawn_scene(number: int, pictures: int) -> HeadScene:
    """The person, room and movements drawn for a number."""
    random = np.random.default_rng([20, number])
    roam = partial(_wander, random, pictures)
    liveliness = float(random.uniform(0.5, 1.6))
    turn = int(random.uniform(120, 330) * liveliness)
    zoom = int(random.integers(4200, 5000))
    backdrop = drawn_backdrop(random)
    return HeadScene(
        speaker=drawn_speaker(random),
        background=backdrop.picture,
        yaw=roam(22, turn),
        pitch=roam(15, int(80 * liveliness)),
        roll=roam(20, int(70 * liveliness)),
        shift_x=roam(19, int(7 * UNIT * liveliness)),
        shift_y=roam(15, int(4 * UNIT * liveliness)),
        zoom=Track(((0, zoom), (pictures, zoom + int(random.integers(-150, 150))))),
        wide=roam(8, 420),
        smile=roam(18, 150),
        jaw=speech(_seed(random), pictures, 0, int(random.integers(5, 10)) * UNIT),
        lids=blinks(*range(int(random.integers(4, 30)), pictures, int(random.integers(24, 45)))),
        gaze_x=roam(14, 120),
        gaze_y=roam(18, 50),
        brows=roam(12, 170),
        breath=roam(30, 90),
        pan_x=roam(30, int(12 * UNIT * random.random())),
        pan_y=roam(35, int(4 * UNIT * random.random())),
    )


def _seed(random: np.random.Generator) -> int:
    """A seed of a track, above all that the demonstration sequences use."""
    return int(random.integers(1 << 16, 1 << 31))


def _wander(random: np.random.Generator, pictures: int, interval: int, reach: int) -> Track:
    """A track that starts anywhere, since `wander` starts near 0."""
    late = int(random.integers(0, 2 * interval))
    keys = wander(_seed(random), pictures + late, interval, max(reach, 1)).keys
    return Track(tuple((frame - late, value) for frame, value in keys))


def drawn_speaker(random: np.random.Generator) -> Speaker:
    """A person: proportions, haircut and colours."""
    face = Face(
        jaw=int(random.integers(-4, 14)),
        nose=int(random.integers(-4, 6)),
        brow=int(random.integers(-2, 4)),
        lips=int(random.integers(-2, 3)),
        cheeks=int(random.integers(-3, 4)),
        chin=int(random.integers(-4, 6)),
    )
    long = random.random() < 0.5
    front = int(random.integers(42, 54))
    haircut = Haircut(
        front=front,
        temple=front - int(random.integers(6, 14)),
        side=int(random.integers(-74, -40) if long else random.integers(-12, 8)),
        back=int(random.integers(-78, -50) if long else random.integers(-44, -20)),
        volume=int(random.integers(1, 7)),
        parting=int(random.choice([-300, 0, 320, 2000])),
        sweep=int(random.integers(-8, 10)),
        smooth=int(random.integers(240, 440)),
    )
    return Speaker(face, haircut, _palette(random, long), not long, int(random.integers(0, 14)))


def _palette(random: np.random.Generator, long: bool) -> Palette:
    skin = DARK + (LIGHT - DARK) * random.random() + random.integers(-6, 7, 3)
    hair = np.array(HAIR[int(random.integers(len(HAIR)))]) + random.integers(-8, 9, 3)
    cloth = _muted(random, 24, 200)
    return Palette(
        skin=_colour(skin),
        lips=_colour(skin * (0.85, 0.62, 0.64)),
        hair=_colour(hair),
        brows=_colour(hair * 0.65),
        iris=_colour(random.integers((40, 50, 36), (110, 120, 130))),
        cloth=_colour(cloth),
        collar=_colour(255 - cloth * 0.8 if random.random() < 0.5 else cloth * 0.7),
        stubble=0 if long else int(random.integers(0, 2200)),
    )


def _muted(random: np.random.Generator, low: int, high: int) -> npt.NDArray[np.float64]:
    """A colour as rooms and clothes have, half of the way to grey."""
    colour: npt.NDArray[np.float64] = random.uniform(low, high, 3)
    return np.asarray((colour + colour.mean()) / 2)


def _colour(values: npt.NDArray[np.generic]) -> Colour:
    red, green, blue = np.clip(np.asarray(values, np.float64), 0, 255).astype(int).tolist()
    return red, green, blue


def drawn_backdrop(random: np.random.Generator) -> Backdrop:
    """A wall with a few things before it, out of focus; every third one drifts past."""
    size = SIZE + 2 * MARGIN
    ramp = np.linspace(0, 1, size)[:, None, None]
    canvas = _muted(random, 30, 200) * (1 - ramp) + _muted(random, 30, 200) * ramp
    canvas = np.repeat(canvas, size, 1)
    y, x = np.mgrid[:size, :size]
    for _ in range(int(random.integers(3, 22))):
        across, down = random.uniform(0, size, 2)
        width, height = random.uniform(6, 110, 2)
        inside = (np.abs(x - across) < width / 2) & (np.abs(y - down) < height / 2)
        if random.random() < 0.4:
            inside = (x - across) ** 2 + (y - down) ** 2 < (width / 3) ** 2
        colour = _muted(random, 10, 245)
        canvas[inside] += (colour - canvas[inside]) * random.uniform(0.2, 0.9)
    grain = random.normal(0, random.uniform(0, 12), (size, size, 1))
    canvas = _blurred(canvas + _blurred(grain, 2) * 3, int(random.integers(1, 7)))
    drift = float(random.uniform(-0.4, 0.4)) if random.random() < 1 / 3 else 0.0
    return Backdrop(np.clip(canvas, 0, 255), drift)


def _blurred(picture: npt.NDArray[np.float64], radius: int) -> npt.NDArray[np.float64]:
    """Means over squares of 2 radius + 1, three times, mirrored at the edges."""
    for _ in range(3):
        for axis in (0, 1):
            widths = [(0, 0)] * 3
            widths[axis] = (radius + 1, radius)
            total = np.cumsum(np.pad(picture, widths, mode="symmetric"), axis)
            last = np.take(total, range(2 * radius + 1, total.shape[axis]), axis)
            first = np.take(total, range(total.shape[axis] - 2 * radius - 1), axis)
            picture = (last - first) / (2 * radius + 1)
    return picture

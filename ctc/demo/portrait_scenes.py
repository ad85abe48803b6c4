"""The two sequences animated from the photograph: how each is framed and what the head does."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from ctc.demo.motion import Track, blinks, speech, wander
from ctc.demo.portrait import Pose, View, portrait_picture

_PX = 1 << 10


@dataclass(frozen=True)
class PortraitScene:
    """Tracks of everything that moves; units as in Pose and View."""

    left: Track
    top: Track
    scale: Track
    mirrored: bool
    shift_x: Track
    shift_y: Track
    roll: Track
    yaw: Track
    pitch: Track
    jaw: Track
    wide: Track
    lids: Track
    gaze: Track
    brows: Track
    breath: Track

    def picture(self, frame: int) -> npt.NDArray[np.uint8]:
        """Return picture `frame`: (256, 256, 3) uint8 R, G, B."""
        view = View(self.left.at(frame), self.top.at(frame), self.scale.at(frame), self.mirrored)
        pose = Pose(
            shift_x=self.shift_x.at(frame),
            shift_y=self.shift_y.at(frame),
            roll=self.roll.at(frame),
            yaw=self.yaw.at(frame),
            pitch=self.pitch.at(frame),
            jaw=self.jaw.at(frame),
            wide=self.wide.at(frame),
            lids=min(max(self.lids.at(frame), 0), 4096),
            gaze=self.gaze.at(frame),
            brows=self.brows.at(frame),
            breath=self.breath.at(frame),
        )
        return portrait_picture(view, pose)


def _still(value: int) -> Track:
    return Track(((0, value),))


def _breathing(frames: int) -> Track:
    return Track(tuple((f, 1100 * (f // 38 % 2)) for f in range(0, frames + 76, 38)))


@cache
def interview() -> PortraitScene:
    """Return the wider one: head and collar, an upright speaker with calm movements."""
    return PortraitScene(
        left=_still(98 * _PX),
        top=_still(2 * _PX),
        scale=_still(_PX),
        mirrored=False,
        shift_x=wander(11, 100, 22, 3 * _PX),
        shift_y=wander(12, 100, 16, 2 * _PX),
        roll=wander(13, 100, 26, 40),
        yaw=Track(((0, 0), (14, 45), (34, -75), (52, -60), (70, 70), (86, 55), (99, 0))),
        pitch=wander(15, 100, 14, 42),
        jaw=speech(16, 100, -5 * _PX, 5 * _PX),
        wide=wander(17, 100, 9, 420),
        lids=blinks(21, 58, 63),
        gaze=Track(((0, 0), (29, 0), (32, 900), (50, 900), (53, -600), (80, -600), (83, 0))),
        brows=Track(
            ((0, 0), (10, 0), (16, 2200), (30, 1600), (38, 0), (72, 0), (78, 2600), (92, 0))
        ),
        breath=_breathing(100),
    )


@cache
def close_up() -> PortraitScene:
    """Return the closer one, mirrored: larger movements, a slow push in, livelier speech."""
    return PortraitScene(
        left=Track(((0, 132 * _PX), (99, 140 * _PX))),
        top=Track(((0, 16 * _PX), (99, 23 * _PX))),
        scale=Track(((0, 740), (99, 680))),
        mirrored=True,
        shift_x=wander(31, 100, 15, 5 * _PX),
        shift_y=Track(((0, 0), (12, 2000), (18, -1500), (25, 1800), (33, 0), (60, 3000), (99, 0))),
        roll=Track(((0, 0), (20, 55), (40, -35), (62, -80), (80, 20), (99, 60))),
        yaw=Track(((0, -30), (18, -95), (36, 85), (55, 110), (74, -60), (90, -100), (99, -60))),
        pitch=Track(
            ((0, 0), (12, 50), (18, -40), (25, 45), (33, -10), (60, 70), (82, -50), (99, 0))
        ),
        jaw=speech(36, 100, -4 * _PX, 8 * _PX),
        wide=wander(37, 100, 7, 560),
        lids=blinks(9, 44, 77),
        gaze=wander(38, 100, 18, 1100),
        brows=wander(39, 100, 12, 2800),
        breath=_breathing(100),
    )

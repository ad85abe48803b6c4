"""The two rendered sequences: who speaks, before what, and what the head does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from ctc.demo.background import evening, study
from ctc.demo.fixed_point import ONE
from ctc.demo.head import HeadPose, Speaker, head_picture
from ctc.demo.head_paint import Expression, Palette
from ctc.demo.head_shape import Face, Haircut
from ctc.demo.mesh import UNIT
from ctc.demo.motion import Track, blinks, speech, wander

Background = Callable[[int, int, int], npt.NDArray[np.uint8]]


@dataclass(frozen=True)
class HeadScene:
    """Tracks of everything that moves; units as in HeadPose and Expression."""

    speaker: Speaker
    background: Background
    yaw: Track
    pitch: Track
    roll: Track
    shift_x: Track
    shift_y: Track
    zoom: Track
    wide: Track
    smile: Track
    jaw: Track
    lids: Track
    gaze_x: Track
    gaze_y: Track
    brows: Track
    breath: Track
    pan_x: Track
    pan_y: Track

    def picture(self, frame: int) -> npt.NDArray[np.uint8]:
        """Return picture `frame`: (256, 256, 3) uint8 R, G, B."""
        expression = Expression(
            lids=min(max(self.lids.at(frame), 0), ONE),
            gaze_x=self.gaze_x.at(frame),
            gaze_y=self.gaze_y.at(frame),
            brows=self.brows.at(frame),
            jaw=max(self.jaw.at(frame), 0),
        )
        pose = HeadPose(
            yaw=self.yaw.at(frame),
            pitch=self.pitch.at(frame),
            roll=self.roll.at(frame),
            shift_x=self.shift_x.at(frame),
            shift_y=self.shift_y.at(frame),
            breath=self.breath.at(frame),
            wide=self.wide.at(frame),
            smile=self.smile.at(frame),
            zoom=self.zoom.at(frame),
            expression=expression,
        )
        behind = self.background(frame, self.pan_x.at(frame), self.pan_y.at(frame))
        return head_picture(self.speaker, pose, behind)


_WOMAN = Speaker(
    face=Face(lips=-1),
    haircut=Haircut(
        front=44, temple=28, side=-72, back=-74, volume=4, parting=300, sweep=8, smooth=420
    ),
    palette=Palette(
        skin=(214, 162, 138),
        lips=(178, 88, 86),
        hair=(112, 70, 42),
        brows=(74, 48, 34),
        iris=(70, 96, 108),
        cloth=(46, 66, 104),
        collar=(206, 206, 210),
    ),
    ears=False,
    broad=0,
)

_MAN = Speaker(
    face=Face(jaw=11, nose=3, brow=1, chin=3, lips=-2),
    haircut=Haircut(
        front=48, temple=39, side=-2, back=-40, volume=3, parting=2000, sweep=-3, smooth=260
    ),
    palette=Palette(
        skin=(198, 146, 118),
        lips=(160, 92, 84),
        hair=(58, 46, 38),
        brows=(40, 30, 26),
        iris=(92, 66, 40),
        cloth=(112, 52, 46),
        collar=(70, 30, 30),
        stubble=1900,
    ),
    ears=True,
    broad=12,
)


@cache
def presenter() -> HeadScene:
    """Return a calm speaker in a room, the camera panning slowly."""
    return HeadScene(
        speaker=_WOMAN,
        background=study,
        yaw=Track(((0, 0), (16, 150), (36, -210), (54, -180), (72, 190), (88, 120), (99, 0))),
        pitch=wander(52, 100, 13, 55),
        roll=wander(53, 100, 20, 48),
        shift_x=wander(54, 100, 24, 5 * UNIT),
        shift_y=wander(55, 100, 15, 2 * UNIT),
        zoom=Track(((0, 4640), (99, 4760))),
        wide=wander(56, 100, 8, 380),
        smile=Track(((0, 100), (24, 160), (45, 40), (70, 190), (99, 90))),
        jaw=speech(57, 100, 0, 7 * UNIT),
        lids=blinks(19, 55, 83),
        gaze_x=Track(((0, 0), (28, 0), (31, 110), (50, 110), (53, -90), (78, -90), (81, 0))),
        gaze_y=wander(58, 100, 21, 40),
        brows=Track(((0, 0), (8, 0), (14, 150), (28, 90), (36, 0), (66, 0), (72, 170), (90, 0))),
        breath=Track(tuple((f, 80 * (f // 38 % 2)) for f in range(0, 190, 38))),
        pan_x=Track(((0, 0), (99, 14 * UNIT))),
        pan_y=Track(((0, 0), (40, 2 * UNIT), (99, -2 * UNIT))),
    )


@cache
def reporter() -> HeadScene:
    """Return a lively speaker in a street at dusk, larger turns and nods."""
    return HeadScene(
        speaker=_MAN,
        background=evening,
        yaw=Track(((0, -60), (15, -300), (34, 260), (50, 340), (66, -120), (84, -280), (99, 40))),
        pitch=Track(
            ((0, 0), (10, 110), (16, -60), (23, 120), (32, 0), (58, -90), (78, 130), (99, 0))
        ),
        roll=Track(((0, 30), (22, -90), (44, 70), (66, 110), (86, -60), (99, 0))),
        shift_x=wander(74, 100, 17, 9 * UNIT),
        shift_y=wander(75, 100, 12, 4 * UNIT),
        zoom=Track(((0, 4560), (50, 4840), (99, 4640))),
        wide=wander(76, 100, 7, 460),
        smile=wander(78, 100, 16, 120),
        jaw=speech(77, 100, 0, 9 * UNIT),
        lids=blinks(12, 40, 46, 80),
        gaze_x=wander(79, 100, 15, 130),
        gaze_y=wander(80, 100, 18, 60),
        brows=wander(81, 100, 11, 180),
        breath=Track(tuple((f, 100 * (f // 30 % 2)) for f in range(0, 180, 30))),
        pan_x=Track(((0, 0), (30, -8 * UNIT), (70, 10 * UNIT), (99, 2 * UNIT))),
        pan_y=wander(82, 100, 19, 3 * UNIT),
    )

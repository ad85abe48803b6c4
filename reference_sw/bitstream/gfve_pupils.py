"""Pupil positions of generative_face_video_enhancement( ): syntax and values.

Source: reference_sw/specification, clauses 6.6 and 6.7.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.sei_generation import scaled
from reference_sw.bitstream.syntax import SyntaxCoder

LEFT, RIGHT = 1, 2


@dataclass
class PupilReference:
    """Pupil values of the last base picture and message; empty before any were coded."""

    precision: int = 0
    base: tuple[int, ...] = ()
    previous: tuple[int, ...] = ()

    def follow(self, values: tuple[int, ...], precision: int, base_picture: bool) -> None:
        """Take the values of a message in."""
        self.previous = values
        if base_picture:
            self.base = values
            self.precision = precision


def pupils(c: SyntaxCoder, gfve: Any, base_picture: bool, reference: PupilReference) -> None:
    """Clause 6.6; gfve is a GenerativeFaceVideoEnhancement."""
    present = c.u(2, gfve, "gfve_pupil_coordinate_present_idx")
    if not present:
        return
    if base_picture:
        c.ue(gfve, "gfve_pupil_coordinate_precision_factor_minus1", max=31)
    precision = _precision(gfve, base_picture, reference)
    for eye, bit in (("left", LEFT), ("right", RIGHT)):
        if not present & bit:
            continue
        for axis in "xy":
            name = f"gfve_pupil_{eye}_eye_d{axis}_coordinate"
            limit = min(1 << (precision + 1), 2**32 - 2)
            if c.ue(gfve, f"{name}_abs", max=limit):
                c.flag(gfve, f"{name}_sign_flag")


def _precision(gfve: Any, base_picture: bool, reference: PupilReference) -> int:
    if base_picture:
        return int(gfve.gfve_pupil_coordinate_precision_factor_minus1) + 1
    if not reference.base:
        raise BitstreamError(
            "GenerativeFaceVideoEnhancement.gfve_pupil_coordinate_present_idx = "
            f"{gfve.gfve_pupil_coordinate_present_idx}: no base picture with pupils came before"
        )
    return reference.precision


def pupils_of(
    gfve: Any, base_picture: bool, gfv_cnt: int, reference: PupilReference
) -> tuple[tuple[int, ...], int]:
    """Return left x, left y, right x, right y (units of 2**-32), and the precision.

    Nothing when the message codes none and none were coded before.  Source: clause 6.7.2.
    """
    present = gfve.gfve_pupil_coordinate_present_idx
    if not present and (base_picture or not reference.base):
        return (), 0
    precision = _precision(gfve, base_picture, reference) if present else reference.precision
    if base_picture:
        start: tuple[int, ...] = (0, 0, 0, 0)
    else:
        start = reference.previous if gfv_cnt else reference.base
    left = _eye(gfve, "left", precision, start[:2]) if present & LEFT else start[:2]
    # In a base picture the right pupil is coded relative to the left one.
    right = left if base_picture else start[2:]
    if present & RIGHT:
        right = _eye(gfve, "right", precision, right)
    return (*left, *right), precision


def _eye(gfve: Any, eye: str, precision: int, start: tuple[int, ...]) -> tuple[int, ...]:
    values = []
    for axis, reference in zip("xy", start, strict=True):
        name = f"gfve_pupil_{eye}_eye_d{axis}_coordinate"
        magnitude, sign = getattr(gfve, f"{name}_abs"), getattr(gfve, f"{name}_sign_flag")
        values.append(reference + scaled(magnitude, precision, sign))
    return tuple(values)

"""Sequences without parameters: each key picture stands until the next.

Source: specification clause 12.5.
"""

from __future__ import annotations

from reference_sw.bitstream.parameter_set import ParameterSet
from reference_sw.decoder.parameters import Values
from reference_sw.decoder.synthesis import KeyState, coded_format, cropped, key_format
from reference_sw.video.convert import convert_picture
from reference_sw.video.format import Picture


class StillSynthesis:
    """Brings key pictures into the sequence's format and repeats them."""

    batch = 1

    def __init__(self, gps: ParameterSet) -> None:
        self._gps = gps

    def key_state(self, decoded: Picture) -> KeyState:
        """Return the key picture in the sequence's format, cropped."""
        gps = self._gps
        full = convert_picture(decoded, key_format(gps), coded_format(gps))
        return KeyState(cropped(full, gps.video_format), {})

    def with_parameters(self, key: KeyState, coded: tuple[Values, ...]) -> KeyState:
        """Return the key picture as it is."""
        return key

    def pictures(self, key: KeyState, coded: list[tuple[Values, ...]]) -> list[Picture]:
        """Return the key picture once for each."""
        return [key.output] * len(coded)

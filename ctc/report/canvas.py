"""The surface a chart is drawn on, in pixels from the top left corner; one class a file format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

Anchor = Literal["start", "middle", "end"]
XY = tuple[float, float]

FONT_WIDTH = 0.6  # mean advance of DejaVu Sans in units of its size


class Canvas(Protocol):
    """What charts need of a drawing surface."""

    def rectangle(self, corner: XY, size: XY, colour: str) -> None:
        """Fill a rectangle."""

    def line(
        self, points: Sequence[XY], colour: str, width: float, dash: Sequence[float] = ()
    ) -> None:
        """Stroke an open polyline."""

    def polygon(self, points: Sequence[XY], colour: str) -> None:
        """Fill a closed polygon."""

    def circle(self, centre: XY, radius: float, colour: str) -> None:
        """Fill a circle."""

    def text(
        self,
        at: XY,
        text: str,
        size: float,
        colour: str = "#222222",
        anchor: Anchor = "start",
        bold: bool = False,
        upright: bool = False,
    ) -> None:
        """Write one line with its baseline at `at`; upright text reads from bottom to top."""


def text_width(text: str, size: float) -> float:
    """Return the approximate width of a line of text in pixels.

    >>> text_width("kbit/s", 10)
    36.0
    """
    return len(text) * size * FONT_WIDTH

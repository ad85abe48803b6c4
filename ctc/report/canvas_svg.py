"""SVG as a drawing surface: text written in order, so that equal charts are equal bytes."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ctc.report.canvas import XY, Anchor

FONT = "DejaVu Sans, Verdana, Arial, sans-serif"


class SvgCanvas:
    """A Canvas that collects SVG elements."""

    def __init__(self, width: float, height: float, title: str) -> None:
        self._parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(width)}" height="{_n(height)}"'
            f' viewBox="0 0 {_n(width)} {_n(height)}" font-family="{FONT}" role="img">',
            f"<title>{escape(title)}</title>",
        ]

    def rectangle(self, corner: XY, size: XY, colour: str) -> None:
        x, y = corner
        self._parts.append(
            f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(size[0])}" height="{_n(size[1])}"'
            f' fill="{colour}"/>'
        )

    def line(
        self, points: Sequence[XY], colour: str, width: float, dash: Sequence[float] = ()
    ) -> None:
        dashes = f' stroke-dasharray="{" ".join(_n(d) for d in dash)}"' if dash else ""
        self._parts.append(
            f'<polyline points="{_points(points)}" fill="none" stroke="{colour}"'
            f' stroke-width="{_n(width)}"{dashes}/>'
        )

    def polygon(self, points: Sequence[XY], colour: str) -> None:
        self._parts.append(f'<polygon points="{_points(points)}" fill="{colour}"/>')

    def circle(self, centre: XY, radius: float, colour: str) -> None:
        x, y = centre
        self._parts.append(f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}" fill="{colour}"/>')

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
        x, y = at
        weight = ' font-weight="bold"' if bold else ""
        turn = f' transform="rotate(-90 {_n(x)} {_n(y)})"' if upright else ""
        self._parts.append(
            f'<text x="{_n(x)}" y="{_n(y)}" font-size="{_n(size)}" fill="{colour}"'
            f' text-anchor="{anchor}"{weight}{turn}>{escape(text)}</text>'
        )

    def data(self) -> bytes:
        """Return the finished file."""
        return ("\n".join([*self._parts, "</svg>"]) + "\n").encode()


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _points(points: Sequence[XY]) -> str:
    return " ".join(f"{_n(x)},{_n(y)}" for x, y in points)

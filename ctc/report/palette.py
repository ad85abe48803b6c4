"""Colour, marker and dash of each codec: told apart without colour vision and in grey print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Marker = Literal["circle", "square", "diamond", "up", "down"]

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#aa3377", "#b07800", "#56a0d3", "#7a5c99")
MARKERS: tuple[Marker, ...] = ("circle", "diamond", "up", "down", "square")
DASHES: tuple[tuple[float, ...], ...] = ((), (7, 3), (2, 3), (9, 3, 2, 3))
ANCHOR_COLOUR = "#333f4a"


@dataclass(frozen=True)
class Look:
    """How a codec's curve is drawn."""

    colour: str
    marker: Marker
    dash: tuple[float, ...] = ()


def looks(cards: Sequence[str], anchor: str) -> dict[str, Look]:
    """Return the look of each card; the anchor is dark grey with squares in every chart.

    >>> looks(["vtm", "mine"], "vtm")["vtm"].marker
    'square'
    """
    tests = [card for card in cards if card != anchor]
    found = {anchor: Look(ANCHOR_COLOUR, "square")}
    for place, card in enumerate(tests):
        found[card] = Look(
            COLOURS[place % len(COLOURS)],
            MARKERS[place % len(MARKERS)],
            DASHES[place // len(COLOURS) % len(DASHES)],
        )
    return found

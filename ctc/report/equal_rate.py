"""Which decoded pictures to set side by side: those of nearest rate, and how near that is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ctc.png_file import read_png
from ctc.report.picture_set import DecodedPicture, PictureSet, StillPicture

EQUAL = 0.1  # rates that differ by less are called equal
GAIN = 4  # of differences, so that they are seen


@dataclass(frozen=True)
class Shown:
    """A picture of a row: title and rate as text; picture as stored."""

    card: str
    text: str
    picture: StillPicture


def anchors_by_rate(pictures: PictureSet, anchor: str) -> list[DecodedPicture]:
    """Return the anchor's pictures, lowest rate first."""
    return sorted((p for p in pictures.decoded if p.card == anchor), key=lambda p: p.kbps)


def equal_rate_place(pictures: PictureSet, anchor: str) -> int:
    """Return which of the anchor's pictures, lowest rate first, has the others nearest in rate.

    Nearness is the sum over the other codecs of the logarithm of the ratio of rates.
    """
    places = anchors_by_rate(pictures, anchor)
    others = {p.card for p in pictures.decoded} - {anchor}

    def apart(place: int) -> float:
        target = places[place].kbps
        return sum(abs(math.log(nearest(pictures, c, target).kbps / target)) for c in others)

    return min(range(len(places)), key=apart, default=0)


def nearest(pictures: PictureSet, card: str, kbps: float) -> DecodedPicture:
    """Return the picture of a card whose rate is nearest by ratio."""
    own = [p for p in pictures.decoded if p.card == card]
    return min(own, key=lambda p: abs(math.log(p.kbps / kbps)))


def rate_words(kbps: float, target: float) -> str:
    """Say how a rate compares with the anchor's.

    >>> rate_words(9.5, 10), rate_words(5, 10)
    ('equal rate (-5.0 %)', 'no equal rate: nearest is -50.0 %')
    """
    ratio = kbps / target - 1
    if abs(ratio) <= EQUAL:
        return f"equal rate ({100 * ratio:+.1f} %)"
    return f"no equal rate: nearest is {100 * ratio:+.1f} %"


def side_by_side(pictures: PictureSet, anchor: str, cards: Sequence[str]) -> list[Shown]:
    """Return original, anchor and others at nearly the anchor's rate; empty without an anchor."""
    places = anchors_by_rate(pictures, anchor)
    if not places:
        return []
    target = places[equal_rate_place(pictures, anchor)].kbps
    row = [Shown("", "Original", pictures.original)] if pictures.original else []
    for card in cards:
        if not any(p.card == card for p in pictures.decoded):
            continue
        found = nearest(pictures, card, target)
        words = "" if card == anchor else f", {rate_words(found.kbps, target)}"
        row.append(
            Shown(card, f"{found.rate_point}: {found.kbps:.2f} kbit/s{words}", found.picture)
        )
    return row


def difference(
    original: StillPicture, decoded: StillPicture, gain: int = GAIN
) -> npt.NDArray[np.uint8] | None:
    """Return the absolute difference of samples times `gain`, cut at 255; None of unlike sizes."""
    try:
        a, b = (read_png(p.content).astype(np.int16) for p in (original, decoded))
    except ValueError:
        return None
    if a.shape != b.shape:
        return None
    apart = np.abs(a - b).astype(np.int32) * gain
    return np.asarray(np.minimum(apart, 255), np.uint8)

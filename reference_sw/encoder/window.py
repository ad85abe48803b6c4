"""Decisions over a window of pictures: what each is coded as, and where a key picture pays."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from reference_sw.decoder.synthesis import FaceSynthesis, KeyState
from reference_sw.encoder.distortion import Luma, distortion, luma
from reference_sw.encoder.quantise import Values
from reference_sw.video.format import Picture, VideoFormat

Coded = tuple[Values, ...]

# A scene counts as still while the key picture itself is no further from the original than this
# beyond its own coding loss, in 1 - SSIM. SSIM alone would leave moving faces standing: a sharp
# picture in the wrong place often beats a moved one.
STILL = 0.01
# Over a window, though, motion serves: on talking heads moved pictures are 0 to 0.3 nearer. Where
# they are this much further from the originals than the key picture, in the mean, the motion model
# does not fit what is shown (two faces, a profile turned away), and the key picture stays.
UNFIT = 0.01


@dataclass(frozen=True)
class Choice:
    """Values of one picture, what they decode to, and its distortion.

    unmoved: distortion of the key picture in its place.
    """

    values: Coded
    picture: Picture
    distortion: float
    unmoved: float


@dataclass(frozen=True)
class KeyInUse:
    """A key picture with its state, its own values and the bytes of its access unit.

    loss: distortion of the key picture at its own index; coding_loss: that before restoration.
    """

    index: int
    state: KeyState
    values: Coded
    access_unit: bytes
    loss: float
    coding_loss: float


def choose(
    synthesis: FaceSynthesis,
    key: KeyInUse,
    originals: list[Luma],
    coded: list[Coded],
    video: VideoFormat,
) -> list[Choice]:
    """Return for each picture the moved key picture, or the key picture itself in a still scene."""
    decoded = synthesis.pictures(key.state, coded)
    still = luma(key.state.output, video)
    choices = []
    for original, values, picture in zip(originals, coded, decoded, strict=True):
        moved = distortion(original, luma(picture, video))
        unmoved = distortion(original, still)
        if unmoved <= min(moved, key.loss + STILL):
            choices.append(Choice(key.values, key.state.output, unmoved, unmoved))
        else:
            choices.append(Choice(values, picture, moved, unmoved))
    return choices


def settled(choices: list[Choice], key: KeyInUse) -> list[Choice]:
    """Return the choices for all pictures between two decisions, the last word on them.

    Where motion did more harm than good, each becomes the key picture itself.
    """
    harm = sum(choice.distortion - choice.unmoved for choice in choices)
    if harm <= UNFIT * len(choices):
        return choices
    return [Choice(key.values, key.state.output, c.unmoved, c.unmoved) for c in choices]


def best_refreshes(choices: list[Choice], before: float, least: float) -> list[int]:
    """Return where a new key picture may serve: the steepest rises to above `least`, at most two.

    before: distortion of the picture before the first.
    """
    levels = [before, *(choice.distortion for choice in choices)]
    rises = [(levels[i + 1] - levels[i], -i) for i in range(len(choices)) if levels[i + 1] > least]
    return [-place for _, place in sorted(rises, reverse=True)[:2]]


def best_gain(stay: list[float], move: list[float], cost: float) -> float:
    """Return what a new key picture gains at best, less its cost.

    stay, move: distortions with the old and the new key picture. Where the new one serves only for
    a while, as in a flash, one more key picture has to follow it.

    >>> best_gain([1.0, 1.0, 0.0], [0.0, 0.0, 1.0], cost=0.75)
    0.5
    """
    gains = list(accumulate(a - b for a, b in zip(stay, move, strict=True)))
    whole = gains[-1] - cost
    return max([gain - 2 * cost for gain in gains[:-1]] + [whole])

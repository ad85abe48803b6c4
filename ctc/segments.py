"""Which encodes may be cut into segments that are coded at once, and where the cuts are.

A card declares it only where joining the segments was shown to give the bytes of one encode of all
pictures: tests/anchors/test_vvc_segments.py compares them for each such card.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from ctc.card import Card, SegmentRule
from ctc.errors import CardError

if TYPE_CHECKING:
    from ctc.plan import Plan

WHOLE_PERIODS = 3  # at the head of a last segment that does not end in an intra picture


@dataclass(frozen=True)
class Segment:
    """Some pictures of an encode: the first one's index, and how many."""

    first: int
    frames: int


@dataclass(frozen=True)
class Segments:
    """How one encode is cut: its segments, how many are coded at once, the argument that skips."""

    rule: SegmentRule
    parts: tuple[Segment, ...]
    at_once: int


def refusal(card: Card, version: str, frame_rate: Fraction | None = None) -> str:
    """Why the encodes of a card are not cut into segments, in one line; empty if they may be.

    version: of the encoder as found here; frame_rate: None to ask of the codec alone.
    """
    if card.segments is None:
        return "no way of joining its segments is known to give the bytes of one encode"
    pinned = None if card.version is None else card.version.pinned
    if version != pinned:
        return f"segments were shown to give the same bytes with version {pinned}, not {version}"
    if (card.encoder.resources or card.resources).gpus:
        return "its encoder uses GPUs"
    if frame_rate is not None and intra_period(card.segments, frame_rate) > card.segments.multiple:
        return (
            f"at {frame_rate} Hz an intra period is more than one group of pictures: "
            "the encoder then gives other NAL unit types to the same pictures"
        )
    return ""


def cut(card: Card, version: str, frames: int, frame_rate: Fraction, at_once: int) -> Segments:
    """Return the segments of an encode; a single one where there is nothing to cut.

    Each is one intra period and the intra picture after it. What is left of a period at the end is
    coded with the three periods before it: VTM names the NAL unit types of pictures that follow
    their intra picture in output order by how far from the start of the encode they are.

    Raises:
        CardError: the card may not be coded in segments.
    """
    reason = refusal(card, version, frame_rate)
    if card.segments is None or reason:
        raise CardError(f"codec {card.name}: {reason}")
    period = intra_period(card.segments, frame_rate)
    periods, left = divmod(frames - 1, period)
    single = max(0, periods - WHOLE_PERIODS) if left or not periods else periods
    parts = [Segment(number * period, period + 1) for number in range(single)]
    if single * period + 1 < frames or not parts:
        parts.append(Segment(single * period, frames - single * period))
    return Segments(card.segments, tuple(parts), min(at_once, len(parts)))


def intra_period(rule: SegmentRule, frame_rate: Fraction) -> int:
    """Return the pictures from one intra picture to the next: about a second of them.

    >>> from fractions import Fraction
    >>> rule = SegmentRule(join="vvc-random-access", multiple=32, skip="--FrameSkip={first_frame}")
    >>> [intra_period(rule, Fraction(rate)) for rate in (25, 30, 50, 60)]
    [32, 32, 64, 64]
    """
    rounded = int(frame_rate + Fraction(1, 2))
    return max((rounded + rule.multiple // 2) // rule.multiple, 1) * rule.multiple


def refused(plan: Plan) -> list[str]:
    """Return one line for each codec, or codec and sequence, that is coded in one run all the same.

    Raises:
        CardError: nothing in the campaign can be coded in segments.
    """
    lines: dict[str, None] = {}
    allowed = False
    for configuration in plan.lock.configurations:
        for name in configuration.cards:
            planned = plan.cards[name]
            if planned.card is None or planned.programs is None:
                continue
            reason = refusal(planned.card, planned.locked.version)
            if reason:
                lines[f"codec {name}: not in segments: {reason}"] = None
                continue
            for sequence in configuration.frames:
                rate = plan.sequences[sequence].format.frame_rate
                reason = refusal(planned.card, planned.locked.version, rate)
                allowed = allowed or not reason
                if reason:
                    lines[f"codec {name}, {sequence}: not in segments: {reason}"] = None
    if not allowed:
        said = next(iter(lines), "no codec of the campaign can run here")
        raise CardError(f"--segments: {said}")
    return list(lines)

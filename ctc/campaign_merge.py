"""Several campaigns as one table of results, or a refusal that names what is unlike."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Sequence

from ctc.errors import ReportError
from ctc.results import CampaignResults, CardInfo, ConfigurationResults, PointResult


def merge_campaigns(campaigns: Sequence[CampaignResults]) -> CampaignResults:
    """Return one campaign holding the cards of all.

    A card that several campaigns hold with equal bitstreams counts once; otherwise each becomes
    `card@campaign`, the anchor of the first campaign excepted when it agrees everywhere.

    Raises:
        ReportError: no campaign, two of one name, or unlike conditions, sequences or metrics.
    """
    if not campaigns:
        raise ReportError("no campaign to compare")
    if len(campaigns) == 1:
        return campaigns[0]
    refuse_unlike(campaigns)
    names = _card_names(campaigns)
    cards: dict[str, CardInfo] = {}
    for campaign in campaigns:
        for card, info in campaign.cards.items():
            cards.setdefault(names[campaign.name, card], info)
    configurations = tuple(
        _merge_configuration(campaigns, place, names)
        for place in range(len(campaigns[0].configurations))
    )
    first = campaigns[0]
    return dataclasses.replace(
        first,
        name=" + ".join(campaign.name for campaign in campaigns),
        cards={
            name: dataclasses.replace(info, name=name, title=_title(name, info))
            for name, info in cards.items()
        },
        configurations=configurations,
    )


def _title(name: str, info: CardInfo) -> str:
    _, at, campaign = name.partition("@")
    return f"{info.title} ({campaign})" if at else info.title


def refuse_unlike(campaigns: Sequence[CampaignResults]) -> None:
    """Refuse campaigns that cannot stand in one table.

    Raises:
        ReportError: two of one name, or unlike conditions, sequences or metrics.
    """
    for name, count in Counter(campaign.name for campaign in campaigns).items():
        if count > 1:
            raise ReportError(f"{count} campaigns are named '{name}': names shall differ")
    first = campaigns[0]
    described: list[tuple[str, Callable[[CampaignResults], object]]] = [
        ("conditions", lambda c: f"{c.conditions} {c.conditions_version}"),
        ("BD settings", lambda c: c.bd_rate),
        ("configurations", lambda c: [configuration.name for configuration in c.configurations]),
    ]
    for other in campaigns[1:]:
        for what, value in described:
            _refuse(what, first.name, value(first), other.name, value(other))
        for ours, theirs in zip(first.configurations, other.configurations, strict=True):
            where = f"{ours.name}: "
            _refuse(f"{where}sequences", first.name, ours.sequences, other.name, theirs.sequences)
            md5s = [c.sequence_md5 for c in (ours, theirs)]
            _refuse(f"{where}md5 of originals", first.name, md5s[0], other.name, md5s[1])
            signatures = [{m.name: m.signature for m in c.metrics} for c in (ours, theirs)]
            _refuse(f"{where}metrics", first.name, signatures[0], other.name, signatures[1])


def _refuse(what: str, first: str, ours: object, other: str, theirs: object) -> None:
    if ours != theirs:
        raise ReportError(
            f"unlike {what}: {first} has {_short(ours)}, {other} has {_short(theirs)}; "
            "campaigns of unlike conditions are not compared"
        )


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 120 else f"{text[:117]}..."


def _card_names(campaigns: Sequence[CampaignResults]) -> dict[tuple[str, str], str]:
    """The name in the merged table of each (campaign, card)."""
    holders: dict[str, list[CampaignResults]] = {}
    for campaign in campaigns:
        for card in campaign.cards:
            holders.setdefault(card, []).append(campaign)
    names = {}
    for card, held_by in holders.items():
        same = len({_streams(campaign, card) for campaign in held_by}) == 1
        for campaign in held_by:
            names[campaign.name, card] = card if same else f"{card}@{campaign.name}"
    return names


def _streams(campaign: CampaignResults, card: str) -> tuple[tuple[str, ...], ...]:
    """What a card made in a campaign: sequence, rate point, bitstream, pictures decoded from it."""
    return tuple(
        sorted(
            (c.name, p.sequence, p.rate_point, p.bitstream_sha256, p.decoded_sha256)
            for c in campaign.configurations
            for p in c.points
            if p.card == card
        )
    )


def _merge_configuration(
    campaigns: Sequence[CampaignResults], place: int, names: dict[tuple[str, str], str]
) -> ConfigurationResults:
    first = campaigns[0].configurations[place]
    rate_points: dict[str, tuple[str, ...]] = {}
    points: list[PointResult] = []
    for campaign in campaigns:
        configuration = campaign.configurations[place]
        added = {
            card: names[campaign.name, card]
            for card in configuration.cards
            if names[campaign.name, card] not in rate_points
        }
        for card, name in added.items():
            rate_points[name] = configuration.rate_points.get(card, ())
        points += [
            dataclasses.replace(point, card=added[point.card])
            for point in configuration.points
            if point.card in added
        ]
    anchor = names[campaigns[0].name, first.anchor]
    return dataclasses.replace(
        first,
        anchor=anchor,
        cards=tuple(rate_points),
        rate_points=rate_points,
        points=tuple(points),
    )

"""One codec over several campaigns of the same conditions: releases in the order they are given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ctc.averages import Mean
from ctc.campaign_merge import refuse_unlike
from ctc.comparison import BdSettings, compare_configuration
from ctc.comparison_tables import ABSENT, mean_cell
from ctc.errors import ReportError, near_miss
from ctc.report.tables import Cell, Table
from ctc.results import CampaignResults, MetricInfo


@dataclass(frozen=True)
class Release:
    """The overall figures of the codec in one campaign, by metric name."""

    campaign: str
    version: str
    figures: dict[str, Mean]


@dataclass(frozen=True)
class History:
    """Releases of one codec in one configuration, each against the anchor of its campaign."""

    configuration: str
    card: str
    anchor: str
    metrics: tuple[MetricInfo, ...]
    releases: tuple[Release, ...]


def release_history(
    campaigns: Sequence[CampaignResults], card: str, anchor: str = ""
) -> tuple[History, ...]:
    """Return the history of `card` in each configuration.

    Raises:
        ReportError: unlike conditions, or a campaign without the card or the anchor.
    """
    refuse_unlike(campaigns)
    found = []
    for place, first in enumerate(campaigns[0].configurations):
        releases = [_release(campaign, place, card, anchor) for campaign in campaigns]
        name = anchor or first.anchor
        found.append(History(first.name, card, name, first.metrics, tuple(releases)))
    return tuple(found)


def _release(campaign: CampaignResults, place: int, card: str, anchor: str) -> Release:
    configuration = campaign.configurations[place]
    if card not in configuration.cards:
        hint = near_miss(card, configuration.cards)
        raise ReportError(
            f"campaign {campaign.name}: '{card}' is not among its cards "
            f"{list(configuration.cards)}{hint}"
        )
    settings = BdSettings.from_conditions(campaign.bd_rate)
    comparison = compare_configuration(configuration, settings, anchor=anchor, tests=(card,))
    figures = {m.metric.name: m.overall for m in comparison.cards[0].metrics}
    return Release(campaign.name, campaign.cards[card].version, figures)


def history_table(history: History) -> Table:
    """Return the overall BD-rates of each release."""
    rows, notes = [], []
    for release in history.releases:
        cells = [Cell(release.campaign), Cell(release.version or ABSENT)]
        for metric in history.metrics:
            mean = release.figures[metric.name]
            cells.append(mean_cell(mean))
            if mean.reason:
                notes.append(f"{release.campaign}, {metric.title}: {mean.reason}")
        rows.append(tuple(cells))
    title = f"{history.configuration}: overall BD-rate of {history.card} over {history.anchor}"
    header = ("Campaign", "Version", *(metric.title for metric in history.metrics))
    return Table(title, header, tuple(rows), tuple(notes), names=2)

"""What every report shows: the results, their comparison with the anchor, and what is absent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ctc.bd_rate import BdStatus
from ctc.comparison import BdSettings, CardComparison, Comparison, compare_configuration
from ctc.comparison_uncertainty import MetricUncertainty, uncertainty_of
from ctc.consistency import consistent_results
from ctc.report.index import PointIndex, absence_reason
from ctc.report.set_figures import SetRow, set_rows
from ctc.results import CampaignResults, ConfigurationResults, Status

# Resampling the pictures of more values than these takes longer than a reader waits.
MOST_RESAMPLED_VALUES = 2_000_000


@dataclass(frozen=True)
class Note:
    """One absent or doubtful figure: where it would stand, what it is, and why."""

    configuration: str
    sequence: str
    card: str
    rate_point: str
    figure: str
    reason: str


@dataclass(frozen=True)
class ReportData:
    """A campaign with a comparison and its uncertainty per configuration, in the same order."""

    results: CampaignResults
    comparisons: tuple[Comparison, ...]
    uncertainties: tuple[tuple[MetricUncertainty, ...], ...]
    notes: tuple[Note, ...]
    set_rows: tuple[SetRow, ...] = ()

    def pairs(self) -> Iterator[tuple[ConfigurationResults, Comparison]]:
        """Each configuration with its comparison."""
        return zip(self.results.configurations, self.comparisons, strict=True)


def report_data(results: CampaignResults) -> ReportData:
    """Return the campaign compared with its anchors, and a note for all that is absent.

    Raises:
        ReportError: points that belong to another campaign, or stand twice.
    """
    results = consistent_results(results)
    settings = BdSettings.from_conditions(results.bd_rate)
    comparisons = tuple(compare_configuration(c, settings) for c in results.configurations)
    notes: list[Note] = []
    for configuration, comparison in zip(results.configurations, comparisons, strict=True):
        notes += point_notes(configuration)
        for card in comparison.cards:
            notes += comparison_notes(configuration, card)
        notes += complexity_notes(results, configuration)
    pairs = zip(results.configurations, comparisons, strict=True)
    few = picture_values(results.configurations) <= MOST_RESAMPLED_VALUES
    uncertainties = tuple(uncertainty_of(*pair, pictures=few) for pair in pairs)
    of_set = set_rows(results)
    notes += set_notes(of_set)
    return ReportData(results, comparisons, uncertainties, tuple(notes), of_set)


def set_notes(rows: Sequence[SetRow]) -> Iterator[Note]:
    """A note for each figure of the set that is withheld."""
    for row in rows:
        if row.value is None:
            where = (row.configuration, "all", row.card, row.rate_point)
            yield Note(*where, row.name, f"not available: {row.reason}")


def picture_values(configurations: Sequence[ConfigurationResults]) -> int:
    """Return how many values of single pictures the results hold."""
    return sum(
        len(result.pictures)
        for conf in configurations
        for point in conf.points
        for result in point.metrics.values()
    )


def point_notes(conf: ConfigurationResults) -> Iterator[Note]:
    """A note for each point that is not done, and for each absent metric of those that are."""
    index = PointIndex(conf)
    for sequence, _ in conf.sequences:
        for card in conf.cards:
            for label, point in zip(index.labels(card), index.points(sequence, card), strict=True):
                where = (conf.name, sequence, card, label)
                if point is None or point.status is not Status.DONE:
                    yield Note(*where, "point", absence_reason(point, ""))
                    continue
                if not point.bitrate_kbps:
                    yield Note(*where, "rate", "no rate")
                for metric in conf.metrics:
                    result = point.metrics.get(metric.name)
                    if result is None or result.value is None:
                        yield Note(*where, metric.title, absence_reason(point, metric.name))


def comparison_notes(conf: ConfigurationResults, card: CardComparison) -> Iterator[Note]:
    """A note for each undefined or doubtful BD-rate, withheld mean and absent run-time ratio."""
    for comparison in card.metrics:
        figure = f"BD-rate {comparison.metric.title}"
        for found in comparison.sequences:
            if found.bd_rate.status is not BdStatus.OK:
                reason = f"{found.bd_rate.label}: {found.bd_rate.reason}"
                yield Note(conf.name, found.sequence, card.card, "", figure, reason)
        for mean in (*comparison.classes, comparison.overall):
            if mean.reason:
                yield Note(conf.name, f"mean {mean.name}", card.card, "", figure, mean.reason)
    for title, ratios in (("EncT", card.encode_time), ("DecT", card.decode_time)):
        for ratio in ratios:
            if ratio.value is None:
                where = f"mean {ratio.name}"
                yield Note(conf.name, where, card.card, "", f"{title} ratio", ratio.reason)


def complexity_notes(results: CampaignResults, conf: ConfigurationResults) -> Iterator[Note]:
    """A note for each complexity figure that a card does not declare."""
    for name in conf.cards:
        card = results.cards[name]
        for figure, value in (
            ("kMAC/pixel", card.kmac_per_pixel),
            ("parameters", card.parameters),
        ):
            if value is None:
                yield Note(conf.name, "", name, "", figure, "not declared by the card")

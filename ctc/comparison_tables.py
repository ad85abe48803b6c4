"""Tables of a comparison: class means, sequences, and matched points where BD is undefined."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ctc.averages import OVERALL, Mean
from ctc.bd_rate import BdResult, BdStatus
from ctc.comparison import CardComparison, Comparison, MetricComparison, SequenceFigure
from ctc.comparison_uncertainty import MeanUncertainty, MetricUncertainty
from ctc.complexity import TimeRatio
from ctc.matched_points import MatchedPair, at_same_quality, at_same_rate
from ctc.report.tables import Cell, Table, Tone, percent_cell
from ctc.uncertainty import Interval

ABSENT = "-"
ABSENT_CELL = Cell(ABSENT, None, Tone.FAINT)
MATCHED = frozenset(
    [BdStatus.NO_OVERLAP, BdStatus.TOUCHING, BdStatus.NON_MONOTONIC, BdStatus.TOO_FEW_POINTS]
)
MATCHED_HEADER = (
    *("Codec", "Sequence", "Metric", "Matched", "kbit/s", "Quality", "Anchor kbit/s"),
    *("Anchor quality", "Rate", "Difference"),
)
UNCERTAINTY_HEADER = (
    *("Codec", "Metric", "Interval over sequences", "Interval over pictures", "Gains", "Losses"),
    *("p", "Strongest sequence", "Mean without it"),
)
Uncertainties = Sequence[MetricUncertainty]


def summary_table(comparison: Comparison, uncertainties: Uncertainties = ()) -> Table:
    """Return class and overall means of every card: BD-rate per metric and run-time ratios.

    uncertainties: put the interval over sequences beside each mean, for wide media.
    """
    metrics = [c.metric for c in comparison.cards[0].metrics] if comparison.cards else []
    found = {(u.card, u.metric): u for u in uncertainties}
    rows, notes = [], []
    for card in comparison.cards:
        for place, name in enumerate((*comparison.classes, OVERALL)):
            means = [(*m.classes, m.overall)[place] for m in card.metrics]
            cells = [Cell(card.card), Cell(name), Cell(str(means[0].total if means else 0))]
            for metric, mean in zip(card.metrics, means, strict=True):
                known = found.get((card.card, metric.metric.name))
                cells.append(mean_cell(mean, known.means[place] if known else None))
                if mean.reason and (name == OVERALL or len(comparison.classes) > 1):
                    notes.append(f"{card.card}, {name}, {metric.metric.title}: {mean.reason}")
            for title, ratio in (
                ("EncT", card.encode_time[place]),
                ("DecT", card.decode_time[place]),
            ):
                cells.append(_time_cell(ratio))
                if ratio.reason and name == OVERALL:
                    notes.append(f"{card.card}, {title}: {ratio.reason}")
            rows.append(tuple(cells))
    header = ("Codec", "Class", "N", *(m.title for m in metrics), "EncT", "DecT")
    return Table(_title(comparison, comparison.figure), header, tuple(rows), tuple(notes), names=2)


def _title(comparison: Comparison, what: str) -> str:
    return (
        f"{comparison.configuration}: {what} over {comparison.anchor} "
        f"({comparison.settings.interpolation})"
    )


def mean_cell(mean: Mean, known: MeanUncertainty | None = None) -> Cell:
    """Return a mean BD-rate, marked `*` for low overlap, with its interval over sequences."""
    if mean.value is None:
        return Cell("withheld" if mean.total else ABSENT, None, Tone.FAINT)
    cell = percent_cell(mean.value, "*" if mean.low_overlap else "")
    if known is None or known.sequences.low is None or known.sequences.high is None:
        return cell
    bounds = f" [{100 * known.sequences.low:.1f}, {100 * known.sequences.high:.1f}]"
    return Cell(cell.text + bounds, cell.value, cell.tone)


def _time_cell(ratio: TimeRatio) -> Cell:
    if ratio.value is None:
        return ABSENT_CELL
    percent = 100 * ratio.value
    return Cell(f"{percent:.0f} %" if percent >= 1 else f"{percent:.2g} %", ratio.value)


def sequence_table(comparison: Comparison) -> Table:
    """Return the BD-rate of every card on every sequence, or its status."""
    rows, notes = [], []
    metrics = [c.metric for c in comparison.cards[0].metrics] if comparison.cards else []
    for card in comparison.cards:
        for figures in zip(*(m.sequences for m in card.metrics), strict=True):
            first = figures[0]
            cells = [Cell(card.card), Cell(first.sequence_class), Cell(first.sequence)]
            for metric, figure in zip(metrics, figures, strict=True):
                cells.append(bd_cell(figure.bd_rate))
                if figure.bd_rate.reason:
                    where = f"{card.card}, {first.sequence}, {metric.title}"
                    notes.append(f"{where}: {figure.bd_rate.reason}")
            rows.append(tuple(cells))
    header = ("Codec", "Class", "Sequence", *(m.title for m in metrics))
    return Table(_title(comparison, "BD-rate"), header, tuple(rows), tuple(notes), names=3)


def bd_cell(result: BdResult) -> Cell:
    """Return a BD-rate with its flag, or its status."""
    if result.value is None:
        return Cell(result.label, None, Tone.FAINT)
    flag = "" if result.status is BdStatus.OK else f" ({result.label})"
    return percent_cell(result.value, flag)


def matched_table(
    comparison: Comparison, *, everywhere: bool = False, most: int | None = None
) -> Table | None:
    """Return pairs at one rate and at one quality where BD is undefined (or everywhere).

    most: rows shown, the rest counted in a note. None when there is nothing to show.
    """
    rows = [
        row
        for card in comparison.cards
        for metric in card.metrics
        for figure in metric.sequences
        if everywhere or figure.bd_rate.status in MATCHED
        for row in _matched_rows(card, metric, figure)
    ]
    if not rows:
        return None
    notes = []
    if any(row[3].text.endswith("~") for row in rows):
        notes.append("~ the anchor's curve does not reach that far: its nearest point is given")
    if most is not None and len(rows) > most:
        notes.append(f"{len(rows) - most} more rows: --matched all, or another --format")
    title = f"{comparison.configuration}: matched points over {comparison.anchor}"
    return Table(title, MATCHED_HEADER, tuple(rows[:most]), tuple(notes), names=4)


def _matched_rows(
    card: CardComparison, metric: MetricComparison, figure: SequenceFigure
) -> Iterator[tuple[Cell, ...]]:
    if figure.anchor_curve is None or figure.test_curve is None:
        return
    info = metric.metric
    for kind, match in (("rate", at_same_rate), ("quality", at_same_quality)):
        for pair in match(figure.anchor_curve, figure.test_curve, info.higher_is_better):
            names = (card.card, figure.sequence, info.title, kind if pair.exact else f"{kind} ~")
            yield (*map(Cell, names), *_pair_cells(pair, info.higher_is_better))


def _pair_cells(pair: MatchedPair, higher_is_better: bool) -> tuple[Cell, ...]:
    better = pair.quality_difference if higher_is_better else -pair.quality_difference
    tone = Tone.GAIN if better > 0 else Tone.LOSS if better < 0 else Tone.PLAIN
    numbers = (pair.test_rate, pair.test_quality, pair.anchor_rate, pair.anchor_quality)
    return (
        *(Cell(f"{number:.5g}", number) for number in numbers),
        percent_cell(pair.rate_difference),
        Cell(f"{pair.quality_difference:+.4g}", pair.quality_difference, tone),
    )


def uncertainty_table(
    comparison: Comparison, uncertainties: Uncertainties, *, pictures: bool = True
) -> Table:
    """Return intervals of the overall means, gains and losses, and the strongest sequence.

    pictures: with the interval over pictures.
    """
    titles = {m.metric.name: m.metric.title for c in comparison.cards for m in c.metrics}
    rows, notes = [], []
    for known in uncertainties:
        overall, title = known.means[-1], titles[known.metric]
        intervals = [overall.sequences, overall.pictures] if pictures else [overall.sequences]
        cells = (*map(_interval_cell, intervals), *_sign_cells(overall), *_influence_cells(overall))
        rows.append((Cell(known.card), Cell(title), *cells))
        for what, interval in zip(("sequences", "pictures"), intervals, strict=False):
            if interval.reason and overall.signs is not None:
                where = f"{known.card}, {title}: no interval over {what}"
                notes.append(f"{where}: {interval.reason}")
    header = UNCERTAINTY_HEADER if pictures else (*UNCERTAINTY_HEADER[:3], *UNCERTAINTY_HEADER[4:])
    title = _title(comparison, "uncertainty of the overall BD-rate")
    return Table(title, header, tuple(rows), tuple(notes), names=2)


def _interval_cell(interval: Interval) -> Cell:
    if interval.low is None or interval.high is None:
        return ABSENT_CELL
    return Cell(f"{100 * interval.low:.2f} to {100 * interval.high:.2f} %")


def _sign_cells(overall: MeanUncertainty) -> tuple[Cell, ...]:
    signs = overall.signs
    if signs is None:
        return (ABSENT_CELL,) * 3
    counts = (signs.gains, signs.losses)
    return (*(Cell(str(n), n) for n in counts), Cell(f"{signs.p_value:.2g}", signs.p_value))


def _influence_cells(overall: MeanUncertainty) -> tuple[Cell, ...]:
    if not overall.influence:
        return (ABSENT_CELL,) * 2
    strongest = overall.influence[0]
    return Cell(strongest.sequence), percent_cell(strongest.mean_without)

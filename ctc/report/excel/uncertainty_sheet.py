"""The sheet Uncertainty: intervals, sign test and strongest sequence of every mean BD-rate."""

from __future__ import annotations

from typing import Any

from ctc.averages import Mean
from ctc.comparison_uncertainty import MeanUncertainty
from ctc.report.data import ReportData
from ctc.report.excel.styles import Styles

NAME = "Uncertainty"
HEADS = (
    *("Configuration", "Tested", "Class", "Metric", "BD-rate", "Low", "High", "Gains", "Losses"),
    *("Sign test p", "Strongest sequence", "Mean without it", "Low, pictures", "High, pictures"),
    "Signature or reason",
)
WIDTHS = (18, 18, 14, 16, 12, 11, 11, 8, 8, 12, 24, 16, 14, 14, 74)
FIRST_ROW = 4


def write_uncertainty(sheet: Any, styles: Styles, data: ReportData) -> None:
    """Write one row for each mean of a card by a metric; what is not known stays empty."""
    sheet.write_string(0, 0, "Uncertainty of mean BD-rates", styles["title"])
    text = (
        "95 % intervals of a bootstrap over sequences, and over pictures; gains and losses count "
        "sequences; the strongest sequence is the one whose absence moves the mean most."
    )
    sheet.write_string(1, 0, text, styles["subtitle"])
    for column, (head, width) in enumerate(zip(HEADS, WIDTHS, strict=True)):
        sheet.write_string(FIRST_ROW - 1, column, head, styles["head"])
        sheet.set_column(column, column, width)
    sheet.freeze_panes(FIRST_ROW, 4)
    row = FIRST_ROW
    for comparison, known in zip(data.comparisons, data.uncertainties, strict=True):
        by_key = {(found.card, found.metric): found.means for found in known}
        for card in comparison.cards:
            for metric in card.metrics:
                means = (*metric.classes, metric.overall)
                of_metric = by_key[card.card, metric.metric.name]
                for mean, uncertainty in zip(means, of_metric, strict=True):
                    where = (comparison.configuration, card.card, mean.name, metric.metric.title)
                    _write_row(sheet, styles, row, where, mean, uncertainty)
                    row += 1


def _write_row(
    sheet: Any,
    styles: Styles,
    row: int,
    where: tuple[str, str, str, str],
    mean: Mean,
    known: MeanUncertainty,
) -> None:
    for column, text in enumerate(where):
        sheet.write_string(row, column, text, styles["text"])
    interval, signs = known.sequences, known.signs
    figures = (mean.value, interval.low, interval.high)
    for column, figure in enumerate(figures, start=4):
        if figure is not None:
            sheet.write_number(row, column, figure, styles["percent"])
    if signs is not None:
        sheet.write_number(row, 7, signs.gains, styles["integer"])
        sheet.write_number(row, 8, signs.losses, styles["integer"])
        sheet.write_number(row, 9, signs.p_value, styles["significant"])
    if known.influence:
        strongest = max(known.influence, key=lambda influence: abs(influence.shift))
        sheet.write_string(row, 10, strongest.sequence, styles["text"])
        sheet.write_number(row, 11, strongest.mean_without, styles["percent"])
    for column, figure in enumerate((known.pictures.low, known.pictures.high), start=12):
        if figure is not None:
            sheet.write_number(row, column, figure, styles["percent"])
    reasons = [found.reason or found.signature for found in (interval, known.pictures)]
    sheet.write_string(row, 14, "; ".join(reasons), styles["code"])

"""Where everything stands in the workbook: sheets, and the rows and columns of the raw data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ctc.report.excel.cells import block, cell, on_sheet, sheet_name
from ctc.report.index import PointIndex
from ctc.results import CampaignResults, ConfigurationResults

FIRST_DATA_ROW = 4
IDENTITY_COLUMNS = ("Class", "Sequence", "Rate point", "Status", "Frames", "Bytes", "kbit/s")
LABEL_COLUMN, STATUS_COLUMN, RATE_COLUMN = 2, 3, 6
FIRST_METRIC_COLUMN = len(IDENTITY_COLUMNS)
COST_COLUMNS = ("EncT [s]", "DecT [s]")


@dataclass(frozen=True)
class DataSheet:
    """The raw points of one card: one row per sequence and rate point, sequences by class."""

    name: str
    card: str
    metrics: tuple[str, ...]
    labels: tuple[str, ...]
    sequences: tuple[str, ...]

    def rows(self, sequence_place: int) -> tuple[int, int]:
        """First and last row of the sequence at this place, counted from 0."""
        first = FIRST_DATA_ROW + sequence_place * len(self.labels)
        return first, first + len(self.labels) - 1

    def metric_column(self, metric: str) -> int:
        """Column of a metric, counted from 0."""
        return FIRST_METRIC_COLUMN + self.metrics.index(metric)

    @property
    def time_columns(self) -> tuple[int, int]:
        """Columns of encoding and decoding time, counted from 0."""
        first = FIRST_METRIC_COLUMN + len(self.metrics)
        return first, first + 1

    def range(self, first_place: int, last_place: int, column: int) -> str:
        """Reference to one column of consecutive sequences."""
        top, bottom = self.rows(first_place)[0], self.rows(last_place)[1]
        return on_sheet(self.name, block((top, column), (bottom, column)))

    def cell(self, row: int, column: int) -> str:
        """Reference to one cell."""
        return on_sheet(self.name, cell(row, column))


@dataclass(frozen=True)
class TestSheet:
    """One tested card against the anchor: its configuration sheet and its raw data."""

    name: str
    data: DataSheet


@dataclass(frozen=True)
class ConfigurationLayout:
    """Sheets of one configuration; sequences are grouped by class, in the order of classes."""

    configuration: ConfigurationResults
    index: PointIndex
    sequences: tuple[tuple[str, str], ...]
    anchor: DataSheet
    tests: tuple[TestSheet, ...]
    charts: str

    def class_span(self, sequence_class: str) -> tuple[int, int]:
        """Places of the first and the last sequence of a class."""
        places = [p for p, (_, name) in enumerate(self.sequences) if name == sequence_class]
        return places[0], places[-1]

    def data_of(self, card: str) -> DataSheet:
        """The raw data of a card."""
        sheets = [self.anchor, *(test.data for test in self.tests)]
        return next(sheet for sheet in sheets if sheet.card == card)


def plan_layout(results: CampaignResults) -> tuple[ConfigurationLayout, ...]:
    """Return the sheets of every configuration, with names that are legal and differ."""
    taken = {"summary", "uncertainty", "signatures", "notes", "bd-calculation"}

    def name(wanted: str) -> str:
        found = sheet_name(wanted, taken)
        taken.add(found.lower())
        return found

    layouts = []
    for conf in results.configurations:
        index = PointIndex(conf)
        sequences = grouped_sequences(index)
        single = len(index.tests) == 1
        tests = [(card, "" if single else f"-{card}") for card in index.tests]
        config_names = {card: name(f"{conf.name}{suffix}") for card, suffix in tests}
        charts = name(f"RD-{conf.name}")
        anchor = _data_sheet(name(f"Anchor-{conf.name}"), index, sequences, conf.anchor)
        data = {
            card: _data_sheet(name(f"Test-{conf.name}{suffix}"), index, sequences, card)
            for card, suffix in tests
        }
        sheets = tuple(TestSheet(config_names[card], data[card]) for card in index.tests)
        layouts.append(ConfigurationLayout(conf, index, sequences, anchor, sheets, charts))
    return tuple(layouts)


def grouped_sequences(index: PointIndex) -> tuple[tuple[str, str], ...]:
    """Return (sequence, class) with the sequences of a class next to one another."""
    return tuple((s, name) for name in index.classes for s in index.sequences_of(name))


def _data_sheet(
    name: str, index: PointIndex, sequences: Sequence[tuple[str, str]], card: str
) -> DataSheet:
    metrics = tuple(metric.name for metric in index.configuration.metrics)
    return DataSheet(name, card, metrics, index.labels(card), tuple(s for s, _ in sequences))

"""Figures of a whole set of sequences, for each codec and rate point; never means of sequences.

Source: ctc/conditions/conditions.md, clause 5.10.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ctc.errors import MetricError
from ctc.report.index import PointIndex, absence_reason
from ctc.report.tables import Cell, Table, Tone
from ctc.results import CampaignResults, ConfigurationResults, Status
from ctc.set_names import SET_WARNING

HEADER = ("Configuration", "Codec", "Rate point", "Figure", "Value", "Sequences", "Samples")


@dataclass(frozen=True)
class SetRow:
    """One figure of all sequences of a configuration at one rate point of a codec.

    value: None with the reason; sequences: how many have features, of how many; samples: pictures,
    or clips of 16 pictures, as far as they are known.
    """

    configuration: str
    card: str
    rate_point: str
    name: str
    value: float | None
    sequences: tuple[int, int]
    samples: int
    signature: str
    reason: str = ""


def set_rows(results: CampaignResults) -> tuple[SetRow, ...]:
    """Return every figure of a set that the conditions name."""
    found: list[SetRow] = []
    for conf in results.configurations:
        if conf.set_figures:
            index = PointIndex(conf)
            for card in conf.cards:
                for label in index.labels(card):
                    found += _at_rate_point(conf, index, card, label)
    return tuple(found)


def _at_rate_point(
    conf: ConfigurationResults, index: PointIndex, card: str, label: str
) -> Iterator[SetRow]:
    from ctc.metrics.set_features import unpacked
    from ctc.metrics.set_figures import figures_of, signature_from

    signatures = {name: signature_from(name, conf.set_signature) for name in conf.set_figures}
    features, absent = [], []
    for sequence, _ in conf.sequences:
        point = index.by_key.get((sequence, card, label))
        if point is None or point.status is not Status.DONE:
            absent.append(f"{sequence}: {absence_reason(point, '')}")
            continue
        try:
            if point.no_features:
                raise MetricError(point.no_features)
            features.append(unpacked(point.features))
        except MetricError as problem:
            absent.append(f"{sequence}: {problem}")
    count = (len(features), len(conf.sequences))
    where = (conf.name, card, label)
    pictures = sum(len(decoded) for _, decoded in features)
    if absent:
        reason = f"{len(absent)} of {count[1]} sequences have no features ({absent[0]})"
        for name in conf.set_figures:
            yield SetRow(*where, name, None, count, pictures, signatures[name], reason)
        return
    for figure in figures_of(features, conf.set_figures, signatures.__getitem__):
        yield SetRow(
            *where,
            figure.name,
            figure.value,
            count,
            figure.samples,
            figure.signature,
            figure.reason,
        )


def set_table(rows: Sequence[SetRow]) -> Table | None:
    """Return the figures as a table with its warning, None when none was asked for."""
    if not rows:
        return None
    cells = []
    for row in rows:
        value = (
            Cell(f"not available: {row.reason}", None, Tone.FAINT)
            if row.value is None
            else Cell(f"{row.value:.6g}", row.value)
        )
        have, of = row.sequences
        names = (Cell(row.configuration), Cell(row.card), Cell(row.rate_point), Cell(row.name))
        cells.append((*names, value, Cell(f"{have} of {of}"), Cell(str(row.samples), row.samples)))
    notes = (f"warning: {SET_WARNING}", "lower is better; samples are pictures, or clips of 16")
    return Table("Figures of the whole set", HEADER, tuple(cells), notes, names=4)


def set_json(rows: Sequence[SetRow]) -> dict[str, Any] | None:
    """Return the same table for the page, None when none was asked for."""
    found = set_table(rows)
    if found is None:
        return None
    cells = [[cell.text for cell in row] for row in found.rows]
    return {"heads": list(found.header), "rows": cells, "notes": list(found.notes)}

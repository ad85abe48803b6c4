"""report.md: the tables of a campaign as text for a review or a meeting document."""

from __future__ import annotations

from pathlib import Path

from ctc.comparison_tables import (
    matched_table,
    sequence_table,
    summary_table,
    uncertainty_table,
)
from ctc.report.codec_costs import cost_table
from ctc.report.data import Note, ReportData
from ctc.report.set_figures import set_table
from ctc.report.signatures import signature_rows
from ctc.report.tables import Cell, Table, markdown

MOST_NOTES = 200


def write_markdown(data: ReportData, path: Path) -> None:
    """Write summary, sequences, uncertainty, matched points, costs, notes and signatures."""
    results = data.results
    parts = [
        f"# Campaign {results.name}\n",
        f"Conditions {results.conditions} {results.conditions_version}. "
        "Negative BD-rate: less rate at equal quality.\n",
    ]
    for comparison, known in zip(data.comparisons, data.uncertainties, strict=True):
        tables = [
            summary_table(comparison, known),
            sequence_table(comparison),
            uncertainty_table(comparison, known),
            matched_table(comparison),
        ]
        parts += [markdown(table) for table in tables if table is not None and table.rows]
    of_set = set_table(data.set_rows)
    parts += [markdown(of_set)] if of_set else []
    parts.append(markdown(cost_table(results)))
    parts.append(markdown(_notes(data.notes)))
    parts.append(markdown(_signatures(data)))
    path.write_text("\n".join(parts), encoding="utf-8", newline="\n")


def _notes(notes: tuple[Note, ...]) -> Table:
    rows = tuple(
        tuple(Cell(text) for text in (n.configuration, n.sequence, n.card, n.rate_point, n.figure))
        + (Cell(n.reason),)
        for n in notes[:MOST_NOTES]
    )
    header = ("Configuration", "Sequence", "Card", "Point", "Figure", "Reason")
    left = len(notes) - len(rows)
    more = (f"{left} more stand in report.xlsx, sheet Notes",) if left > 0 else ()
    return Table("Failures and absent values", header, rows, more, names=6)


def _signatures(data: ReportData) -> Table:
    rows = tuple(tuple(Cell(text) for text in row) for row in signature_rows(data))
    return Table("Signatures", ("Kind", "Name", "Signature"), rows, names=3)

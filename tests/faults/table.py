"""The rounds as a table: one row to a fault and codec."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.faults.trial import Verdict

COUNTS = ("lost", "repeated", "orphans", "differing", "left", "silent", "unclear")
HEADER = ("fault", "codec", "rounds", "struck", "kept", *COUNTS, "most resumes", "seconds")


@dataclass
class Row:
    """All rounds of one fault on one codec; skipped: why there are none."""

    fault: str
    codec: str
    verdicts: list[Verdict] = field(default_factory=list)
    seconds: float = 0.0
    skipped: str = ""

    def cells(self) -> tuple[str, ...]:
        """Return the row's cells, in the order of the header."""
        if self.skipped:
            return (
                self.fault,
                self.codec,
                "0",
                *[self.skipped if i == 0 else "" for i in range(11)],
            )
        sums = [str(sum(int(getattr(v, name)) for v in self.verdicts)) for name in COUNTS]
        struck = sum(v.struck for v in self.verdicts)
        kept = sum(v.kept for v in self.verdicts)
        resumes = max((v.resumes for v in self.verdicts), default=0)
        first = (self.fault, self.codec, str(len(self.verdicts)), str(struck), str(kept))
        return (*first, *sums, str(resumes), f"{self.seconds:.0f}")


def total(rows: Sequence[Row]) -> Row:
    """Return the sum of all rows."""
    verdicts = [verdict for row in rows for verdict in row.verdicts]
    return Row("all", "", verdicts, sum(row.seconds for row in rows))


def markdown(rows: Sequence[Row]) -> str:
    """Return the table in Markdown."""
    lines = [HEADER, ("---", "---", *["---:"] * (len(HEADER) - 2)), *(r.cells() for r in rows)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in [*lines, total(rows).cells()])


def comma_separated(rows: Sequence[Row]) -> str:
    """Return the table as CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([HEADER, *(row.cells() for row in rows)])
    return text.getvalue()

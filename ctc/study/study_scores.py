"""Scores of a study as CSV: the figures that its report is made of, and what an interrupted one
has finished.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ctc.atomic_file import write_atomic
from ctc.errors import ReportError
from ctc.study.score import Score

COLUMNS = ("sequence", "variant", "kbit/s", "metric", "value", "reason")


def scores_text(scores: Iterable[Score]) -> str:
    """Return scores as CSV, figures to ten digits."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for s in scores:
        rate = "" if s.kbps is None else f"{s.kbps:.3f}"
        value = "" if s.value is None else f"{s.value:.10g}"
        writer.writerow([s.sequence, s.variant, rate, s.metric, value, s.reason])
    return out.getvalue()


def read_scores(path: Path) -> tuple[Score, ...]:
    """Return the scores of a CSV file.

    Raises:
        ReportError: it is not one, or cannot be read.
    """
    try:
        rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
        return tuple(
            Score(
                row["sequence"],
                row["variant"],
                row["metric"],
                float(row["value"]) if row["value"] else None,
                row["reason"],
                float(row["kbit/s"]) if row["kbit/s"] else None,
            )
            for row in rows
        )
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise ReportError(f"{path}: not the scores of a study: {problem!r}") from problem


@dataclass(frozen=True)
class Finished:
    """What a study has finished, one file a sequence, so that an interrupted one goes on.

    digests: of each sequence; settings: all else that decides the scores.
    """

    folder: Path
    digests: dict[str, str]
    settings: tuple[object, ...]

    def path(self, sequence: str) -> Path:
        """Return where the scores of a sequence are kept."""
        decisive = repr((self.settings, self.digests[sequence]))
        key = hashlib.sha256(decisive.encode()).hexdigest()[:16]
        return self.folder / f"{sequence}-{key}.csv"

    def read(self, sequence: str) -> tuple[Score, ...] | None:
        """Return the scores of a sequence that is finished, else None."""
        path = self.path(sequence)
        return read_scores(path) if path.is_file() else None

    def write(self, sequence: str, scores: Sequence[Score]) -> None:
        """Keep the scores of a sequence."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_atomic(self.path(sequence), scores_text(scores).encode())

    def remove(self) -> None:
        """Remove what was kept: the report has it all."""
        for path in self.folder.glob("*.csv"):
            path.unlink()
        if self.folder.is_dir() and not any(self.folder.iterdir()):
            self.folder.rmdir()

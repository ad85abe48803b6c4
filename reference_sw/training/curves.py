"""Logs of a run: log.csv with one row per interval, and its curves as a picture."""

from __future__ import annotations

import csv
import time
from pathlib import Path

COLUMNS = (
    "step",
    "seconds",
    "lpips_output",
    "lpips_warped",
    "lpips_half",
    "l1_output",
    "l1_warped",
    "l1_synthesised",
    "vgg",
    "identity",
    "temporal",
    "adversarial",
    "equivariance",
    "taught",
    "rate",
    "motion",
    "discriminator",
    "blend",
    "gradient",
)


class CurveLog:
    """Means of the values added since the last row, appended to log.csv."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "log.csv"
        self.values: dict[str, list[float]] = {}
        self.start = time.monotonic()
        if not self.path.exists():
            self.path.write_text(",".join(COLUMNS) + "\n", encoding="utf-8")
        # A log begun by an earlier version keeps the columns that it has.
        with self.path.open(newline="", encoding="utf-8") as file:
            self.columns = next(csv.reader(file), list(COLUMNS))

    def add(self, values: dict[str, float]) -> None:
        """Takes the values of one step."""
        for name, value in values.items():
            self.values.setdefault(name, []).append(value)

    def write(self, step: int) -> None:
        """Appends a row; a term not computed since the last row is left empty."""
        means = {name: sum(v) / len(v) for name, v in self.values.items()}
        row = {"step": str(step), "seconds": f"{time.monotonic() - self.start:.1f}"}
        row |= {name: f"{value:.5f}" for name, value in means.items()}
        with self.path.open("a", newline="", encoding="utf-8") as file:
            csv.DictWriter(file, self.columns, "", "ignore").writerow(row)
        self.values = {}


def plot_curves(log: Path, picture: Path) -> None:
    """Draws every column of a log over the steps, smoothed over ten rows, as PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    with log.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = [name for name in COLUMNS[2:] if any(row.get(name) for row in rows)]
    figure, axes = pyplot.subplots(len(names), 1, figsize=(7, 1.6 * len(names)), sharex=True)
    for axis, name in zip([axes] if len(names) == 1 else axes, names, strict=True):
        points = [(int(row["step"]), float(row[name])) for row in rows if row.get(name)]
        steps, values = zip(*points, strict=True)
        axis.plot(steps, values, linewidth=0.6, alpha=0.5)
        axis.plot(steps, _smooth(list(values), 10), linewidth=1.2)
        axis.set_ylabel(name, fontsize=7)
    figure.supxlabel("step", fontsize=8)
    figure.tight_layout()
    figure.savefig(picture, dpi=100, metadata={"Software": None})
    pyplot.close(figure)


def _smooth(values: list[float], width: int) -> list[float]:
    """Mean of each value and up to width - 1 before it."""
    found = []
    for i in range(len(values)):
        part = values[max(0, i + 1 - width) : i + 1]
        found.append(sum(part) / len(part))
    return found

"""Builds the reports of a campaign beside their final place, then publishes them by rename."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ctc.errors import ReportError
from ctc.report.bd_csv import write_bd_rate
from ctc.report.data import ReportData, report_data
from ctc.report.excel.workbook import write_workbook
from ctc.report.html_report import write_html
from ctc.report.markdown_report import write_markdown
from ctc.report.picture_set import PictureSet
from ctc.report.plots import write_plots
from ctc.report.points_csv import write_points
from ctc.report.set_figures import set_table
from ctc.report.tables import csv_text
from ctc.results import CampaignResults

Part = tuple[str, Callable[[ReportData, Path, Sequence[PictureSet]], object]]


def build_reports(
    results: CampaignResults,
    folder: Path,
    pictures: Sequence[PictureSet] = (),
    on_part: Callable[[str, float], None] | None = None,
) -> list[Path]:
    """Write all parts into a private folder, then rename each into place."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(prefix=".report-", dir=folder))
        try:
            start = time.perf_counter()
            data = report_data(results)
            told = on_part or _nobody
            told("comparison", time.perf_counter() - start)
            for name, write in PARTS:
                start = time.perf_counter()
                write(data, stage, pictures)
                told(name, time.perf_counter() - start)
            return _publish(stage, folder)
        finally:
            shutil.rmtree(stage, ignore_errors=True)
    except OSError as problem:
        raise ReportError(
            f"{folder}: reports cannot be written: {problem.strerror or problem}"
        ) from problem


def _nobody(_name: str, _seconds: float) -> None:
    """Stand for a caller who does not ask for times."""


def _tables(data: ReportData, stage: Path, _pictures: Sequence[PictureSet]) -> None:
    tables = stage / "tables"
    tables.mkdir()
    write_points(data.results, tables / "points.csv")
    write_bd_rate(data, tables / "bd_rate.csv")
    of_set = set_table(data.set_rows)
    if of_set is not None:
        text = csv_text(of_set)
        (tables / "set_figures.csv").write_text(text, encoding="utf-8", newline="\n")


PARTS: tuple[Part, ...] = (
    ("tables", _tables),
    ("plots", lambda data, stage, _: write_plots(data, stage / "plots")),
    (
        "workbook",
        lambda data, stage, pictures: write_workbook(data, stage / "report.xlsx", pictures),
    ),
    ("page", lambda data, stage, shown: write_html(data, stage / "report.html", shown)),
    ("markdown", lambda data, stage, _: write_markdown(data, stage / "report.md")),
)


def _publish(stage: Path, folder: Path) -> list[Path]:
    """Move every entry of `stage` to `folder`; a folder replaces the earlier one as a whole."""
    published: list[Path] = []
    for entry in sorted(stage.iterdir()):
        target = folder / entry.name
        if entry.is_dir():
            if target.exists():
                target.rename(stage / f"{entry.name}.old")
            entry.rename(target)
            published += sorted(path for path in target.rglob("*") if path.is_file())
        else:
            entry.replace(target)
            published.append(target)
    return published

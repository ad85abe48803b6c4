"""Every formula of the workbook, recalculated by LibreOffice from nothing, equals our number."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from ctc.report.data import report_data
from ctc.report.excel.workbook import write_workbook
from ctc.results import CampaignResults
from tests.ctc.report.bd_pairs import EDGE_PAIRS, edge_campaign, random_campaign
from tests.ctc.report.office import recalculated
from tests.ctc.synthetic_results import faulty_campaign

RELATIVE = 1e-9


def workbook(results: CampaignResults, path: Path) -> Path:
    write_workbook(report_data(results), path)
    return path


def differences(ours: Path, theirs: Path) -> tuple[int, list[str]]:
    """Count the formula cells, and name those whose recalculated value differs."""
    formulas = openpyxl.load_workbook(ours)
    cached = openpyxl.load_workbook(ours, data_only=True)
    found = openpyxl.load_workbook(theirs, data_only=True)
    count, unlike = 0, []
    for sheet in formulas.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type != "f":
                    continue
                count += 1
                expected = cached[sheet.title][cell.coordinate].value
                value = found[sheet.title][cell.coordinate].value
                if not equal(expected, value):
                    unlike.append(f"{sheet.title}!{cell.coordinate}: {expected} {value}")
    return count, unlike


def equal(expected: Any, found: Any) -> bool:
    if isinstance(expected, int | float) and isinstance(found, int | float):
        return math.isclose(expected, found, rel_tol=RELATIVE, abs_tol=RELATIVE)
    return (expected or "") == (found or "")


@pytest.mark.slow
def test_a_random_suite_of_pairs(tmp_path: Path) -> None:
    results = random_campaign(40, seed=5)
    ours = workbook(results, tmp_path / "ours.xlsx")
    count, unlike = differences(ours, recalculated(ours, tmp_path))
    figures = [
        figure.bd_rate.status.value
        for comparison in report_data(results).comparisons
        for figure in comparison.cards[0].metrics[0].sequences
    ]
    assert len(figures) >= 500
    assert {"ok", "low-overlap", "non-monotonic", "no-overlap", "too-few-points"} <= set(figures)
    assert figures.count("ok") > 100
    assert count > 20_000
    assert unlike == []


@pytest.mark.slow
def test_the_edge_cases_and_a_faulty_campaign(tmp_path: Path) -> None:
    for name, results in (("edge", edge_campaign()), ("faulty", faulty_campaign())):
        folder = tmp_path / name
        folder.mkdir()
        ours = workbook(results, folder / "ours.xlsx")
        theirs = recalculated(ours, folder)
        assert differences(ours, theirs)[1] == []
        if name == "edge":
            check_edges(theirs)


def check_edges(path: Path) -> None:
    """The statuses are the ones written by hand, and 10 % less rate is -10 %."""
    book = openpyxl.load_workbook(path, data_only=True)
    for sheet in ("more", "less"):
        shown = {row[1].value: row for row in book[sheet].iter_rows(min_row=5) if row[1].value}
        heads = [cell.value for cell in book[sheet][4]]
        column = [place for place, head in enumerate(heads) if head in ("PSNR-Y", "DISTS")][2]
        for pair, status in EDGE_PAIRS:
            value = shown[pair.name][column].value
            if status in ("ok", "low-overlap"):
                assert isinstance(value, float), (sheet, pair.name, value)
            else:
                assert value == status, (sheet, pair.name, value)
        assert shown["ten-percent"][column].value == pytest.approx(-0.1, abs=1e-12)
        assert shown["rising-order"][column].value == pytest.approx(-0.1, abs=1e-12)

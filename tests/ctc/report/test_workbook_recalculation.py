"""Every formula of the workbook, recalculated by LibreOffice from nothing, equals our number."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from ctc.bd_rate import bd_rate
from ctc.rd_curve import Curve
from ctc.report.data import report_data
from ctc.report.excel.workbook import write_workbook
from ctc.report.index import PointIndex
from ctc.results import CampaignResults
from tests.ctc.report.bd_pairs import (
    EDGE_PAIRS,
    FEW_POINTS,
    HIGHER,
    MANY_POINTS,
    campaign,
    configuration,
    edge_campaign,
    random_campaign,
)
from tests.ctc.report.office import recalculated
from tests.ctc.synthetic_results import faulty_campaign, synthetic_campaign

RELATIVE = 1e-9


def workbook(results: CampaignResults, path: Path) -> Path:
    write_workbook(report_data(results), path)
    return path


def differences(ours: Path, theirs: Path) -> tuple[int, list[str]]:
    """Count the formula cells, and name those whose recalculated value differs."""
    formulas = openpyxl.load_workbook(ours)
    cached = openpyxl.load_workbook(ours, data_only=True)
    recomputed = openpyxl.load_workbook(theirs, data_only=True)
    found = {sheet.title.lower(): sheet for sheet in recomputed.worksheets}
    count, unlike = 0, []
    for sheet in formulas.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type != "f":
                    continue
                count += 1
                expected = cached[sheet.title][cell.coordinate].value
                value = found[sheet.title.lower()][cell.coordinate].value
                if not equal(expected, value):
                    unlike.append(f"{sheet.title}!{cell.coordinate}: {expected} {value}")
    return count, unlike


def equal(expected: Any, found: Any) -> bool:
    if isinstance(expected, int | float) and isinstance(found, int | float):
        return math.isclose(expected, found, rel_tol=RELATIVE, abs_tol=RELATIVE)
    return (expected or "") == (found or "")


@pytest.mark.slow
@pytest.mark.parametrize(("counts", "pairs"), [(FEW_POINTS, 64), (MANY_POINTS, 16)])
def test_a_random_suite_of_pairs(
    counts: tuple[tuple[int, int], ...], pairs: int, tmp_path: Path
) -> None:
    results = random_campaign(counts, pairs, seed=5)
    ours = workbook(results, tmp_path / "ours.xlsx")
    count, unlike = differences(ours, recalculated(ours, tmp_path))
    statuses = [
        figure.bd_rate.status.value
        for comparison in report_data(results).comparisons
        for figure in comparison.cards[0].metrics[0].sequences
    ]
    assert len(statuses) == 2 * pairs * len(counts)
    assert {"ok", "low-overlap", "non-monotonic", "no-overlap"} <= set(statuses)
    assert count > 10_000
    assert unlike == []


@pytest.mark.slow
def test_pasted_points_change_the_figures(tmp_path: Path) -> None:
    """Points pasted over the raw data give the BD-rate of those points, and absent ones text."""
    path = workbook(synthetic_campaign(), tmp_path / "ours.xlsx")
    book = openpyxl.load_workbook(path)
    data = book["Test-gfvc-low-delay-x265"]
    heads = [cell.value for cell in data[4]]
    rate, psnr, dists = (heads.index(name) for name in ("kbit/s", "PSNR-Y", "DISTS"))
    pasted = [(90.0, 38.9), (51.5, 36.2), (29.0, 33.8), (15.5, 30.4)]
    for row, (kbps, value) in enumerate(pasted, start=5):
        data[row][rate].value = kbps
        data[row][psnr].value = value
    data[6][dists].value = None
    book.save(tmp_path / "pasted.xlsx")
    shown = openpyxl.load_workbook(
        recalculated(tmp_path / "pasted.xlsx", tmp_path), data_only=True
    )["BD-calculation"]
    anchor = PointIndex(synthetic_campaign().configurations[0]).curve(
        "VOXCELEB_001", "vtm", "psnr_y"
    )
    expected = bd_rate(Curve.of(*zip(*anchor, strict=True)), Curve.of(*zip(*pasted, strict=True)))
    rows = {
        (row[1].value, row[3].value, row[4].value): row[9].value
        for row in shown.iter_rows(min_row=6)
    }
    assert rows["x265", "VOXCELEB_001", "PSNR-Y"] == pytest.approx(expected.value, abs=1e-9)
    assert rows["x265", "VOXCELEB_001", "DISTS"] == "missing-points"


@pytest.mark.slow
def test_edge_cases_by_a_python_spreadsheet(tmp_path: Path) -> None:
    """The same without LibreOffice: another implementation of spreadsheet formulas."""
    formulas = pytest.importorskip("formulas", reason="the package formulas is not installed")
    pairs = [pair for pair, _ in EDGE_PAIRS]
    ours = workbook(campaign([configuration("more", HIGHER, pairs)]), tmp_path / "ours.xlsx")
    model = formulas.ExcelModel().loads(str(ours)).finish()
    model.calculate()
    model.write(dirpath=str(tmp_path / "recomputed"))
    count, unlike = differences(ours, next((tmp_path / "recomputed").iterdir()))
    assert count > 1000
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

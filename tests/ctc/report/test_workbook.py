"""The workbook: sheets, numbers as pandas reads them, equal bytes, text where undefined."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pandas
import pytest

from ctc.report.data import report_data
from ctc.report.excel.cells import cell, column_letters, sheet_name
from ctc.report.excel.workbook import write_workbook
from ctc.results import CampaignResults
from tests.ctc.report.bd_pairs import HIGHER, Pair, campaign, configuration
from tests.ctc.synthetic_results import Shape, faulty_campaign, find_point, synthetic_campaign


def written(results: CampaignResults, folder: Path) -> Path:
    path = folder / "report.xlsx"
    write_workbook(report_data(results), path)
    return path


def table(path: Path, sheet: str, head_row: int) -> Any:
    return pandas.read_excel(path, sheet_name=sheet, header=head_row)


def test_sheets_stand_in_reading_order(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(written(synthetic_campaign(), tmp_path))
    assert book.sheetnames == [
        "Summary",
        "gfvc-low-delay-x265",
        "gfvc-low-delay-gvc-face",
        "RD-gfvc-low-delay",
        "Uncertainty",
        "Signatures",
        "Notes",
        "Anchor-gfvc-low-delay",
        "Test-gfvc-low-delay-x265",
        "Test-gfvc-low-delay-gvc-face",
        "BD-calculation",
    ]
    for sheet in book.worksheets:
        assert sheet.page_setup.orientation == "landscape"
        if not sheet.title.startswith("RD-"):
            assert sheet.freeze_panes is not None


def test_pandas_reads_every_raw_number(tmp_path: Path) -> None:
    results = synthetic_campaign()
    raw = table(written(results, tmp_path), "Test-gfvc-low-delay-x265", 3)
    assert len(raw) == 5 * 4
    for _, row in raw.iterrows():
        point = find_point(results, row["Sequence"], "x265", str(row["Rate point"]))
        assert row["kbit/s"] == point.bitrate_kbps
        assert row["PSNR-Y"] == point.metrics["psnr_y"].value
        assert row["DISTS"] == point.metrics["dists"].value
        assert point.encode is not None
        assert row["EncT [s]"] == point.encode.wall_s


def test_pandas_reads_the_figures_of_the_comparison(tmp_path: Path) -> None:
    results = synthetic_campaign()
    shown = table(written(results, tmp_path), "BD-calculation", 4)
    comparison = report_data(results).comparisons[0]
    for card in comparison.cards:
        for metric in card.metrics:
            of_metric = shown[
                (shown["Tested"] == card.card) & (shown["Metric"] == metric.metric.title)
            ]
            by_sequence = dict(zip(of_metric["Sequence"], of_metric["BD-rate"], strict=True))
            for figure in metric.sequences:
                assert by_sequence[figure.sequence] == figure.bd_rate.value
    summary = openpyxl.load_workbook(tmp_path / "report.xlsx", data_only=True)["Summary"]
    overall = [row for row in summary.iter_rows(values_only=True) if row[0] == "Overall"]
    x265 = comparison.cards[0]
    assert overall[0][2] == x265.metrics[0].overall.value
    assert overall[0][8] == x265.encode_time[-1].value
    assert overall[0][10] == "20 of 20"


def test_equal_results_give_equal_bytes(tmp_path: Path) -> None:
    first = written(faulty_campaign(), tmp_path).read_bytes()
    assert written(faulty_campaign(), tmp_path).read_bytes() == first


def test_undefined_is_text_and_never_zero_or_an_error(tmp_path: Path) -> None:
    path = written(faulty_campaign(), tmp_path)
    shown = table(path, "BD-calculation", 4)
    keyed = {
        (row["Tested"], row["Sequence"], row["Metric"]): row["BD-rate"]
        for _, row in shown.iterrows()
    }
    assert keyed["gvc-face", "VOXCELEB_001", "PSNR-Y"] == "no-overlap"
    assert keyed["gvc-face", "VOXCELEB_001", "DISTS"] == "missing-points"
    assert keyed["x265", "CFVQA_002", "VMAF"] == "missing-points"
    assert keyed["x265", "VOXCELEB_002", "VMAF"] == "non-monotonic"
    raw = openpyxl.load_workbook(path, data_only=True)["Test-gfvc-low-delay-x265"]
    failed = next(r for r in raw.iter_rows(min_row=5, values_only=True) if r[3] == "failed")
    assert failed[1:3] == ("CFVQA_002", "27")
    assert failed[4:15] == (None,) * 11
    with zipfile.ZipFile(path) as book:
        for name in book.namelist():
            if name.startswith("xl/worksheets/sheet"):
                text = book.read(name).decode().lower()
                assert "<v>nan</v>" not in text
                assert "#num!" not in text
                assert "#div/0!" not in text


def test_notes_name_every_absence_with_its_reason(tmp_path: Path) -> None:
    notes = table(written(faulty_campaign(), tmp_path), "Notes", 3)
    reasons = {
        (row["Sequence"], row["Card"], row["Figure"]): row["Reason"] for _, row in notes.iterrows()
    }
    assert reasons["CFVQA_002", "x265", "point"] == "failed: encoder exited with code 1"
    assert reasons["VOXCELEB_001", "gvc-face", "DISTS"] == "weights file not found"
    assert reasons["VOXCELEB_001", "gvc-face", "BD-rate PSNR-Y"].startswith("no-overlap")
    assert reasons["mean CFVQA", "x265", "BD-rate VMAF"].startswith("withheld: 1 of 2")


def test_signatures_hold_metrics_cards_and_provenance(tmp_path: Path) -> None:
    results = synthetic_campaign()
    rows = table(written(results, tmp_path), "Signatures", 3)
    texts = set(rows["Signature"].astype(str))
    assert {metric.signature for metric in results.configurations[0].metrics} <= texts
    assert {card.digest for card in results.cards.values()} <= texts
    assert set(results.provenance.values()) <= texts


def test_unlike_conditions_are_text_without_a_formula(tmp_path: Path) -> None:
    points = [(4000.0, 40.0), (2000.0, 38.0), (1000.0, 35.0)]
    conf = configuration("c", HIGHER, [Pair("s", points, points)])
    shorter = tuple(
        replace(p, frames=50, bytes=(p.bytes or 0) // 2) if p.card == "test" else p
        for p in conf.points
    )
    path = written(campaign([replace(conf, points=shorter)]), tmp_path)
    row = openpyxl.load_workbook(path)["BD-calculation"][6]
    assert row[9].value == "not-comparable"
    assert openpyxl.load_workbook(path, data_only=True)["Summary"]["C8"].value == "withheld: 0 of 1"


def test_times_of_two_machines_are_not_compared(tmp_path: Path) -> None:
    results = synthetic_campaign()
    conf = results.configurations[0]
    points = tuple(
        replace(p, encode=replace(p.encode, machine="other"))
        if p.encode and p.card == "x265"
        else p
        for p in conf.points
    )
    moved = replace(results, configurations=(replace(conf, points=points),))
    path = written(moved, tmp_path)
    overall = [
        row
        for row in openpyxl.load_workbook(path)["Summary"].iter_rows(values_only=True)
        if row[0] == "Overall"
    ]
    assert overall[0][8] == "n/a"
    assert str(overall[0][9]).startswith("=")
    assert "times from 2 machines" in str(table(path, "Notes", 3)["Reason"].tolist())


def test_other_interpolations_are_numbers_and_said_to_be(tmp_path: Path) -> None:
    points = [(4000.0, 40.0), (2000.0, 38.0), (1000.0, 35.0), (500.0, 31.0)]
    fewer = [(rate * 0.9, value) for rate, value in points]
    conf = configuration("c", HIGHER, [Pair("s", points, fewer)])
    path = written(campaign([conf], interpolation="akima"), tmp_path)
    value = openpyxl.load_workbook(path)["BD-calculation"][6][9].value
    assert value == pytest.approx(-0.1)
    assert "not formulas" in str(table(path, "Notes", 3)["Reason"].tolist())


def test_long_and_forbidden_names_become_legal_and_stay_apart() -> None:
    first = sheet_name("Test-a/b*c[" + "x" * 40, [])
    assert len(first) == 31
    assert not set(first) & set("[]:*?/\\'")
    second = sheet_name("Test-a/b*c[" + "x" * 40, [first.lower()])
    assert second != first
    assert len(second) == 31


def test_column_letters_agree_with_openpyxl() -> None:
    for column in (0, 25, 26, 51, 52, 701, 702, 16383):
        assert column_letters(column) == openpyxl.utils.get_column_letter(column + 1)
    assert cell(9, 27) == "AB10"


def test_many_charts_are_left_to_plots_and_said_so(tmp_path: Path) -> None:
    results = synthetic_campaign(Shape(classes=(("A", 55),), metrics=6, pictures=0))
    path = written(results, tmp_path)
    assert "charts show PSNR-Y alone" in str(table(path, "Notes", 3)["Reason"].tolist())
    with zipfile.ZipFile(path) as book:
        assert sum(name.startswith("xl/charts/chart") for name in book.namelist()) == 56


def test_uncertainty_stands_beside_each_mean(tmp_path: Path) -> None:
    data = report_data(synthetic_campaign())
    write_workbook(data, tmp_path / "report.xlsx")
    shown = table(tmp_path / "report.xlsx", "Uncertainty", 3)
    keyed = {(row["Tested"], row["Class"], row["Metric"]): row for _, row in shown.iterrows()}
    card = data.comparisons[0].cards[0]
    known = next(u for u in data.uncertainties[0] if (u.card, u.metric) == ("x265", "psnr_y"))
    row = keyed["x265", "Overall", "PSNR-Y"]
    assert row["BD-rate"] == card.by_metric("psnr_y").overall.value
    assert (row["Low"], row["High"]) == (
        known.means[-1].sequences.low,
        known.means[-1].sequences.high,
    )
    values = [f.bd_rate.value for f in card.by_metric("psnr_y").sequences]
    assert row["Gains"] == sum(value is not None and value < 0 for value in values)
    few = keyed["x265", "CFVQA", "PSNR-Y"]
    assert pandas.isna(few["Low"])
    assert "sequences" in few["Signature or reason"]

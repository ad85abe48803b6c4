"""Reports appear whole or not at all, and replace those of an earlier run."""

from __future__ import annotations

from pathlib import Path

import pytest

from ctc.errors import ReportError
from ctc.report import build, write_reports
from ctc.results import CampaignResults
from tests.ctc.synthetic_results import Shape, synthetic_campaign

SMALL = Shape(classes=(("A", 1),), metrics=1)


def test_all_parts_are_written_and_their_time_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    written = write_reports(synthetic_campaign(SMALL), tmp_path, lambda name, _: told.append(name))
    names = {str(path.relative_to(tmp_path)) for path in written}
    assert "tables/points.csv" in names
    assert "plots/gfvc-low-delay_A_001.svg" in names
    assert told[:3] == ["comparison", "tables", "plots"]
    assert all(path.is_file() for path in written)
    assert not list(tmp_path.glob(".report-*"))


def test_plots_of_an_earlier_campaign_do_not_stay(tmp_path: Path) -> None:
    write_reports(synthetic_campaign(Shape(classes=(("OLD", 1),), metrics=1)), tmp_path)
    write_reports(synthetic_campaign(SMALL), tmp_path)
    assert not list((tmp_path / "plots").glob("*OLD*"))


def test_a_failing_part_leaves_the_earlier_reports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_reports(synthetic_campaign(SMALL), tmp_path)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}

    def fail(*_: object) -> None:
        raise ReportError("no plot")

    monkeypatch.setattr(build, "write_plots", fail)
    with pytest.raises(ReportError, match="no plot"):
        write_reports(synthetic_campaign(Shape(classes=(("B", 1),), metrics=1)), tmp_path)
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportError, match="file/folder: reports cannot be written"):
        write_reports(synthetic_campaign(SMALL), tmp_path / "file" / "folder")


@pytest.mark.parametrize(
    "results",
    [
        synthetic_campaign(Shape(classes=(("A", 2),), cards=("vtm",), metrics=2)),
        synthetic_campaign(Shape(classes=(("A", 2),), rate_points=("22",), metrics=1)),
        synthetic_campaign(Shape(classes=(), metrics=1)),
        synthetic_campaign(Shape(configurations=(), metrics=1)),
        synthetic_campaign(Shape(classes=(("A/x: [1]*?'", 1),), metrics=1)),
    ],
    ids=["anchor alone", "one point", "no sequence", "no configuration", "odd names"],
)
def test_campaigns_at_the_edge_have_every_report(results: CampaignResults, tmp_path: Path) -> None:
    written = {path.name for path in write_reports(results, tmp_path)}
    assert {"points.csv", "bd_rate.csv", "report.xlsx", "report.html", "report.md"} <= written
    text = (tmp_path / "tables" / "bd_rate.csv").read_text().lower()
    assert "nan" not in text

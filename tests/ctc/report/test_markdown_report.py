"""report.md: the tables of the comparison, the reasons of what is absent, the signatures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ctc.report.data import report_data
from ctc.report.markdown_report import write_markdown
from tests.ctc.synthetic_results import Shape, faulty_campaign, synthetic_campaign


def test_figures_reasons_and_signatures_stand_in_tables(tmp_path: Path) -> None:
    data = report_data(faulty_campaign())
    write_markdown(data, tmp_path / "report.md")
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    overall = data.comparisons[0].cards[1].by_metric("psnr_u").overall.value
    assert overall is not None
    assert f"{100 * overall:.2f} %" in text
    assert "encoder exited with code 1" in text
    assert "no-overlap" in text
    for metric in data.results.configurations[0].metrics:
        assert metric.signature.replace("|", "\\|") in text


def test_long_lists_of_notes_are_cut_and_said_to_be(tmp_path: Path) -> None:
    whole = synthetic_campaign(Shape(classes=(("A", 30),), metrics=1, pictures=0))
    conf = whole.configurations[0]
    none = tuple(point for point in conf.points if point.card == "vtm")
    data = report_data(replace(whole, configurations=(replace(conf, points=none),)))
    assert len(data.notes) > 200
    write_markdown(data, tmp_path / "report.md")
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert f"{len(data.notes) - 200} more stand in report.xlsx" in text

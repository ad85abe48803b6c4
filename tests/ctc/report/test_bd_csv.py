"""tables/bd_rate.csv: figures and means with every digit, absent ones empty with the reason."""

from __future__ import annotations

import csv
from pathlib import Path

from ctc.report.bd_csv import write_bd_rate
from ctc.report.data import report_data
from tests.ctc.synthetic_results import faulty_campaign


def test_figures_means_and_reasons(tmp_path: Path) -> None:
    data = report_data(faulty_campaign())
    write_bd_rate(data, tmp_path / "bd_rate.csv")
    with (tmp_path / "bd_rate.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    keyed = {(r["test"], r["metric"], r["level"], r["sequence"] or r["class"]): r for r in rows}
    assert len(keyed) == len(rows) == 2 * 6 * (5 + 2 + 1)
    for card in data.comparisons[0].cards:
        for metric in card.metrics:
            for figure in metric.sequences:
                row = keyed[card.card, metric.metric.name, "sequence", figure.sequence]
                value = figure.bd_rate.value
                assert row["bd_rate"] == ("" if value is None else repr(value))
                assert row["status"] == figure.bd_rate.status.value
                assert row["reason"] == figure.bd_rate.reason
    overall = keyed["gvc-face", "psnr_u", "overall", "Overall"]
    known = next(u for u in data.uncertainties[0] if (u.card, u.metric) == ("gvc-face", "psnr_u"))
    assert float(overall["interval_low"]) == known.means[-1].sequences.low
    assert overall["sequences"] == "5"
    withheld = keyed["x265", "vmaf", "class", "CFVQA"]
    assert (withheld["bd_rate"], withheld["status"]) == ("", "withheld")
    assert withheld["sequences_counted"] == "1"

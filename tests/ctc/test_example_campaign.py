"""reports/example: its tables are what its records give, to the byte."""

from __future__ import annotations

import shutil
from pathlib import Path

from ctc.commands.run import report
from ctc.registry import ROOT

EXAMPLE = ROOT / "reports" / "example"
REBUILT = ("tables/points.csv", "tables/bd_rate.csv", "report.md", "report.xlsx", "report.html")


def test_the_example_is_rebuilt_from_its_records(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE / "records", tmp_path / "records")
    shutil.copy(EXAMPLE / "campaign.lock.yaml", tmp_path)
    report(tmp_path)
    for name in REBUILT:
        assert (tmp_path / name).read_bytes() == (EXAMPLE / name).read_bytes(), name

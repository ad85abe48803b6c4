"""Faults injected into running campaigns lose, repeat, leave and falsify nothing."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.__main__ import FAULTS
from tests.faults.table import COUNTS

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")

QUICK = (
    "runner_killed",
    "session_left",
    "two_runners",
    "encoder_hangs",
    "bitstream_bit_flipped",
    "store_vanishes",
)


def injected(folder: Path, *arguments: str) -> list[dict[str, str]]:
    """Run the rounds as a user does; return the rows of the table."""
    table = folder / "table.csv"
    command = [sys.executable, "-m", "tests.faults", "--quiet", "--folder", str(folder)]
    done = subprocess.run(
        [*command, "--output", str(table), *arguments],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return list(csv.DictReader(table.read_text().splitlines()))


def judge(rows: list[dict[str, str]], names: set[str]) -> None:
    assert {row["fault"] for row in rows} == names
    for row in rows:
        if row["struck"].startswith("skipped"):
            continue
        assert int(row["rounds"]) > 0 and int(row["struck"]) > 0, row
        assert [row[count] for count in COUNTS] == ["0"] * len(COUNTS), row
    skipped = [row["fault"] for row in rows if row["struck"].startswith("skipped")]
    if skipped:
        pytest.skip(f"no mount namespace here: {', '.join(skipped)} not tried")


def test_a_round_of_each_kind_of_fault(tmp_path: Path) -> None:
    chosen = [argument for name in QUICK for argument in ("--fault", name)]
    rows = injected(
        tmp_path, "--codec", "null", "--rounds", str(len(QUICK)), "--seed", "5", *chosen
    )
    judge(rows, set(QUICK))


@pytest.mark.slow
def test_every_fault(tmp_path: Path) -> None:
    rows = injected(tmp_path, "--codec", "null", "--rounds", str(len(FAULTS)), "--seed", "6")
    judge(rows, set(FAULTS))

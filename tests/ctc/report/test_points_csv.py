"""tables/points.csv: every point and every digit; absent values are empty cells with a reason."""

from __future__ import annotations

import csv
from pathlib import Path

from ctc.report.points_csv import write_points
from tests.ctc.synthetic_results import Shape, faulty_campaign, find_point, synthetic_campaign


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_digit_of_every_point_comes_back(tmp_path: Path) -> None:
    results = synthetic_campaign()
    write_points(results, tmp_path / "points.csv")
    rows = rows_of(tmp_path / "points.csv")
    assert len(rows) == 5 * 3 * 4
    for row in rows:
        point = find_point(results, row["sequence"], row["card"], row["rate_point"])
        assert float(row["kbps"]) == point.bitrate_kbps
        assert int(row["bytes"]) == point.bytes
        for name, result in point.metrics.items():
            assert float(row[name]) == result.value
        assert int(row["bytes_key_pictures"]) == point.component_bytes["key pictures"]
        assert row["absent"] == ""


def test_absent_is_empty_and_its_reason_is_written(tmp_path: Path) -> None:
    write_points(faulty_campaign(), tmp_path / "points.csv")
    rows = {
        (r["sequence"], r["card"], r["rate_point"]): r for r in rows_of(tmp_path / "points.csv")
    }
    failed = rows["CFVQA_002", "x265", "27"]
    assert failed["status"] == "failed"
    assert failed["kbps"] == failed["bytes"] == failed["psnr_y"] == failed["encode_wall_s"] == ""
    assert "psnr_y: failed: encoder exited with code 1" in failed["absent"]
    no_dists = rows["VOXCELEB_001", "gvc-face", "22"]
    assert no_dists["dists"] == ""
    assert no_dists["absent"] == "dists: weights file not found"
    text = (tmp_path / "points.csv").read_text().lower()
    assert ",nan" not in text
    assert ",inf" not in text


def test_the_order_is_that_of_the_conditions_not_of_the_records(tmp_path: Path) -> None:
    results = synthetic_campaign(Shape(metrics=1))
    write_points(results, tmp_path / "points.csv")
    expected = [
        (sequence, card, label)
        for sequence, _ in results.configurations[0].sequences
        for card in ("vtm", "x265", "gvc-face")
        for label in ("22", "27", "32", "37")
    ]
    found = [(r["sequence"], r["card"], r["rate_point"]) for r in rows_of(tmp_path / "points.csv")]
    assert found == expected

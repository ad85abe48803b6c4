"""report.html as a file: self-contained, reproducible, absent values null, pictures checked."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ctc.errors import ReportError
from ctc.report.data import report_data
from ctc.report.html_report import write_html
from ctc.report.picture_set import StillPicture
from ctc.results import CampaignResults
from tests.ctc.synthetic_results import Shape, faulty_campaign, synthetic_campaign


def content(results: CampaignResults, folder: Path) -> tuple[str, Any]:
    write_html(report_data(results), folder / "report.html")
    text = (folder / "report.html").read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    assert found is not None
    return text, json.loads(found.group(1))


def test_the_page_asks_for_nothing_from_outside(tmp_path: Path) -> None:
    text, _ = content(synthetic_campaign(), tmp_path)
    outside = re.findall(
        r"""(?:src|href)\s*=\s*["'][^"'{]*|@import|url\(|fetch\(|https?:[^"'\s]*""", text
    )
    assert set(outside) == {"http://www.w3.org/2000/svg"}
    assert "default-src 'none'" in text


def test_the_page_holds_every_number(tmp_path: Path) -> None:
    results = synthetic_campaign()
    _, data = content(results, tmp_path)
    conf, shown = results.configurations[0], data["configurations"][0]
    for point in conf.points:
        sequence = [name for name, _ in conf.sequences].index(point.sequence)
        label = conf.rate_points[point.card].index(point.rate_point)
        found = shown["points"][point.card][sequence][label]
        assert found["kbps"] == point.bitrate_kbps
        assert found["values"] == [point.metrics[m.name].value for m in conf.metrics]
    comparison = report_data(results).comparisons[0]
    for test, card in zip(shown["tests"], comparison.cards, strict=True):
        for figures, metric in zip(test["figures"], card.metrics, strict=True):
            assert [f[0] for f in figures] == [f.bd_rate.value for f in metric.sequences]


def test_absent_values_are_null_with_their_reason(tmp_path: Path) -> None:
    text, data = content(faulty_campaign(), tmp_path)
    conf = data["configurations"][0]
    failed = conf["points"]["x265"][4][1]
    assert (failed["status"], failed["kbps"]) == ("failed", None)
    assert failed["values"] == [None] * 6
    figure = conf["tests"][1]["figures"][0][0]
    assert figure[:2] == [None, "no-overlap"]
    assert not re.search(r"\b(NaN|Infinity)\b", text)
    assert ["gfvc-low-delay", "CFVQA_002", "x265", "27", "point"] in [n[:5] for n in data["notes"]]


def test_equal_results_give_equal_bytes(tmp_path: Path) -> None:
    assert content(faulty_campaign(), tmp_path)[0] == content(faulty_campaign(), tmp_path)[0]


def test_values_of_too_many_pictures_are_left_out_and_said_so(tmp_path: Path) -> None:
    shape = Shape(classes=(("A", 3),), metrics=1, pictures=12_000)
    _, data = content(synthetic_campaign(shape), tmp_path)
    assert data["hasPictures"] is False
    assert "432000 values" in data["picturesNote"]
    assert "pictures" not in data["configurations"][0]


def test_a_picture_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(b"GIF89a")
    with pytest.raises(ReportError, match="shall be a PNG or JPEG file"):
        StillPicture.from_file(path)
    with pytest.raises(ReportError, match="cannot be read"):
        StillPicture.from_file(tmp_path / "absent.png")
    with pytest.raises(ReportError, match="shall be \\(height, width, 3\\) of uint8"):
        StillPicture.from_array(np.zeros((4, 4), np.uint8))
    good = StillPicture.from_array(np.zeros((4, 4, 3), np.uint8))
    path.write_bytes(good.content)
    assert StillPicture.from_file(path) == good

"""report.html in a real browser: numbers, the metric switch, hover, pictures, phone width."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ctc.report.data import ReportData, report_data
from ctc.report.html_report import write_html
from ctc.report.picture_set import DecodedPicture, PictureSet, StillPicture
from tests.ctc.report.browser import Browser
from tests.ctc.synthetic_results import Shape, faulty_campaign, find_point, synthetic_campaign

pytestmark = pytest.mark.slow
CONF = "gfvc-low-delay"


def still(level: int) -> StillPicture:
    return StillPicture.from_array(np.full((8, 8, 3), level, np.uint8))


def picture_set() -> PictureSet:
    results = faulty_campaign()
    decoded = []
    for card in ("vtm", "gvc-face"):
        for place, label in enumerate(("22", "27", "32", "37")):
            kbps = find_point(results, "VOXCELEB_001", card, label).bitrate_kbps
            assert kbps is not None
            decoded.append(DecodedPicture(card, label, kbps, still(20 * place + 10)))
    return PictureSet(CONF, "VOXCELEB_001", 3, still(255), tuple(decoded))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ReportData]:
    data = report_data(faulty_campaign())
    path = tmp_path_factory.mktemp("page") / "report.html"
    write_html(data, path, [picture_set()])
    return path, data


@pytest.fixture
def browser(page: tuple[Path, ReportData], tmp_path: Path) -> Iterator[Browser]:
    with Browser(tmp_path) as found:
        found.open(page[0])
        yield found
        assert found.complaints == []


def shown(value: float) -> str:
    sign = "+" if value > 0 else "−" if value < 0 else ""
    return f"{sign}{abs(100 * value):.2f} %"


def rows(browser: Browser, table: str) -> list[list[str]]:
    cells = "[...r.cells].map((c) => c.innerText.trim())"
    found: Any = browser.value(
        f"JSON.stringify([...document.querySelectorAll('#{table} tr')].map((r) => {cells}))"
    )
    return [list(row) for row in json.loads(found)]


def test_the_summary_shows_the_numbers_of_the_comparison(
    browser: Browser, page: tuple[Path, ReportData]
) -> None:
    found = rows(browser, "summary-table")
    card = page[1].comparisons[0].cards[1]
    overall = [row for row in found if row[0] == "Overall"][1]
    psnr_u = card.by_metric("psnr_u").overall.value
    assert psnr_u is not None
    assert overall[3].split("\n")[0] == shown(psnr_u)
    assert overall[2] == "withheld: 4 of 5"
    assert overall[-1] == "20 of 20"
    assert "59 of 60 points done; 1 failed." in browser.value("document.body.innerText")


def test_switching_the_metric_redraws_curves_with_the_right_figures(
    browser: Browser, page: tuple[Path, ReportData]
) -> None:
    box = "document.querySelector('[data-sequence=VOXCELEB_002]')"
    browser.value(f"{box}.scrollIntoView()")
    browser.wait(f"{box}.querySelector('svg') !== null")
    assert "PSNR-Y (dB)" in browser.value(f"{box}.querySelector('svg').textContent")
    browser.choose("metric", "ms_ssim")
    browser.value(f"{box}.scrollIntoView()")
    browser.wait(f"{box}.querySelector('svg') !== null")
    text = browser.value(f"{box}.innerText") + browser.value(
        f"{box}.querySelector('svg').textContent"
    )
    assert "MS-SSIM" in text
    for card in page[1].comparisons[0].cards:
        figure = card.by_metric("ms_ssim").sequences[1]
        assert figure.bd_rate.value is not None
        assert shown(figure.bd_rate.value) in text
    assert "metric=ms_ssim" in browser.value("location.hash")
    browser.choose("metric", "vmaf")
    browser.wait(f"{box}.innerText.includes('non-monotonic')")


def test_hover_tells_rate_and_value_of_the_nearest_point(browser: Browser) -> None:
    box = "document.querySelector('[data-sequence=VOXCELEB_001]')"
    browser.value(f"{box}.scrollIntoView({{block: 'center'}})")
    browser.wait(f"{box}.querySelector('svg') !== null")
    at = json.loads(
        browser.value(
            f"(() => {{ const m = {box}.querySelector('polygon[data-x]').getBoundingClientRect();"
            " return JSON.stringify([m.x + m.width / 2, m.y + m.height / 2]); })()"
        )
    )
    browser.point_at(*at)
    browser.wait("!document.getElementById('tip').hidden")
    point = find_point(faulty_campaign(), "VOXCELEB_001", "vtm", "37")
    tip = browser.value("document.getElementById('tip').textContent")
    assert "VTM 23.13 low-delay B" in tip
    assert f"37: {point.bitrate_kbps:.5g} kbit/s" in tip
    assert f"PSNR-Y {point.metrics['psnr_y'].value:.5g} dB" in tip


def test_one_sequence_shows_points_bytes_and_failures(browser: Browser) -> None:
    browser.choose("sequence", "CFVQA_002")
    browser.wait("document.getElementById('detail-name').textContent === 'CFVQA_002'")
    detail = rows(browser, "detail-table")
    failed = [row for row in detail if len(row) > 2 and row[2] == "failed"]
    assert len(failed) == 1
    assert failed[0][3:] == [""] * (len(failed[0]) - 3)
    bars = browser.value("document.querySelectorAll('#bits .bar').length")
    assert bars == 11
    reason = "encoder exited with code 1"
    assert reason in browser.value("document.getElementById('notes-table').innerText")


def test_pictures_stand_side_by_side_at_matched_rate_and_in_turn(browser: Browser) -> None:
    count = "document.querySelectorAll('#viewer img').length"
    assert browser.value(count) == 3
    words = browser.value("document.getElementById('viewer').innerText")
    assert "equal rate" in words
    ready = "[...document.querySelectorAll('#viewer canvas')].every((c) => c.width === 8)"
    browser.wait(ready)
    pixel = "(k) => [...document.querySelectorAll('#viewer canvas')[k].getContext('2d')"
    pixel += ".getImageData(3, 3, 1, 1).data].slice(0, 3)"
    level = (
        "(k) => document.querySelectorAll('#viewer .pane')[k + 1].querySelector('span').innerText"
    )
    for k in range(2):
        label = browser.value(f"({level})({k})").strip().split(":")[0]
        expected = min(255, 2 * (255 - (20 * ("22", "27", "32", "37").index(label) + 10)))
        browser.value(
            "(() => { const s = document.querySelectorAll('#viewer select')[2];"
            "s.value = 2; s.dispatchEvent(new Event('change')); })()"
        )
        browser.wait(ready)
        browser.wait(f"({pixel})({k})[1] === {expected}")
    browser.value("document.querySelector('#viewer button').click()")
    assert browser.value(count) == 1
    first = browser.value("document.querySelector('#viewer img').src")
    browser.wait(f"document.querySelector('#viewer img').src !== {first!r}")
    browser.choose("sequence", "CFVQA_001")
    assert browser.value("document.getElementById('viewer').hidden") is True


def test_nothing_is_wider_than_a_phone(page: tuple[Path, ReportData], tmp_path: Path) -> None:
    with Browser(tmp_path, width=390, height=844) as browser:
        browser.open(page[0])
        assert browser.value("document.documentElement.scrollWidth") <= 390
        assert browser.complaints == []


def test_names_that_look_like_markup_stay_text(tmp_path: Path) -> None:
    results = synthetic_campaign(
        Shape(classes=(("</script><em>x</em>", 1),), metrics=1, pictures=2)
    )
    write_html(report_data(results), tmp_path / "report.html")
    with Browser(tmp_path) as browser:
        browser.open(tmp_path / "report.html")
        assert "</script><em>x</em>" in browser.value("document.body.innerText")
        assert browser.value("document.querySelectorAll('main em').length") == 0
        assert browser.complaints == []

"""Pictures at equal rate: which are chosen, what is said of them, how differences are drawn."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from ctc.report.codec_costs import codec_cost, cost_table
from ctc.report.data import report_data
from ctc.report.equal_rate import difference, equal_rate_place, rate_words, side_by_side
from ctc.report.excel.workbook import write_workbook
from ctc.report.picture_set import DecodedPicture, PictureSet, StillPicture
from ctc.results import Cost, PointResult, Status
from tests.ctc.synthetic_results import Shape, synthetic_campaign

CONF = "gfvc-low-delay"


def still(level: int) -> StillPicture:
    return StillPicture.from_array(np.full((6, 8, 3), level, np.uint8))


def decoded(card: str, *rates: float) -> list[DecodedPicture]:
    return [DecodedPicture(card, str(20 + 5 * k), rate, still(k)) for k, rate in enumerate(rates)]


def pictures(*parts: list[DecodedPicture], original: StillPicture | None = None) -> PictureSet:
    return PictureSet(CONF, "A_001", 3, original, tuple(p for part in parts for p in part))


def test_the_anchor_point_is_the_one_that_others_come_nearest_to() -> None:
    shown = pictures(decoded("anchor", 40, 20, 10, 5), decoded("face", 11, 6, 2.9, 1.4))
    assert equal_rate_place(shown, "anchor") == 1  # 11 against 10 is nearer than 6 against 5
    shown = pictures(decoded("anchor", 40, 20, 10, 5), decoded("face", 12, 5.1, 2.9, 1.4))
    assert equal_rate_place(shown, "anchor") == 0
    both = pictures(decoded("anchor", 40, 10), decoded("face", 39, 12), decoded("other", 8, 9))
    assert equal_rate_place(both, "anchor") == 0
    assert equal_rate_place(pictures(decoded("face", 1)), "anchor") == 0


def test_a_row_holds_original_anchor_and_others_and_says_their_rates() -> None:
    shown = pictures(
        decoded("anchor", 40, 20), decoded("face", 19.4, 3), decoded("far", 4), original=still(9)
    )
    row = side_by_side(shown, "anchor", ("anchor", "absent", "far", "face"))
    assert [(one.card, one.text) for one in row] == [
        ("", "Original"),
        ("anchor", "25: 20.00 kbit/s"),
        ("far", "20: 4.00 kbit/s, no equal rate: nearest is -80.0 %"),
        ("face", "20: 19.40 kbit/s, equal rate (-3.0 %)"),
    ]
    assert side_by_side(pictures(decoded("face", 1)), "anchor", ("face",)) == []
    assert rate_words(10.9, 10).startswith("equal rate") and rate_words(11.1, 10).startswith("no")


def test_differences_are_amplified_and_cut() -> None:
    a = np.zeros((2, 2, 3), np.uint8)
    b = a.copy()
    b[0, 1] = (3, 31, 200)
    found = difference(StillPicture.from_array(b), StillPicture.from_array(a), 8)
    assert found is not None
    assert found[0, 1].tolist() == [24, 248, 255]
    assert found.sum() == 24 + 248 + 255
    assert np.array_equal(
        found, difference(StillPicture.from_array(a), StillPicture.from_array(b), 8)
    )
    assert difference(still(1), StillPicture.from_array(a)) is None
    assert difference(still(1), StillPicture(b"\xff\xd8\xff", "image/jpeg")) is None


def test_the_workbook_shows_pictures_and_differences(tmp_path: Path) -> None:
    results = synthetic_campaign(Shape(classes=(("A", 1),), cards=("vtm", "x265"), metrics=1))
    conf = results.configurations[0]
    shown = PictureSet(
        conf.name,
        "A_001",
        3,
        still(200),
        (
            DecodedPicture("vtm", "37", 10.0, still(190)),
            DecodedPicture("x265", "37", 10.2, still(180)),
        ),
    )
    data = report_data(results)
    write_workbook(data, tmp_path / "a.xlsx", [shown])
    write_workbook(data, tmp_path / "b.xlsx", [shown])
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["Pictures"]
    texts = [cell.value for row in sheet.iter_rows() for cell in row if cell.value]
    assert f"{conf.name}: A_001, picture 3" in texts
    assert "37: 10.20 kbit/s, equal rate (+2.0 %)" in texts
    places = sorted((i.anchor._from.row, i.anchor._from.col) for i in sheet._images)
    assert places == [(6, 0), (6, 1), (6, 2), (7, 1), (7, 2)]
    with zipfile.ZipFile(tmp_path / "a.xlsx") as book:
        media = [book.read(n) for n in book.namelist() if n.startswith("xl/media/")]
    assert StillPicture.from_array(np.full((6, 8, 3), 40, np.uint8)).content in media
    write_workbook(data, tmp_path / "none.xlsx")
    assert "Pictures" not in openpyxl.load_workbook(tmp_path / "none.xlsx").sheetnames
    assert io.BytesIO(media[0]).read(4) == b"\x89PNG"


def test_speed_and_memory_by_hand() -> None:
    def point(frames: int, encode_s: float, decode_s: float, mib: float) -> PointResult:
        costs = {"encode": Cost(encode_s, encode_s, mib), "decode": Cost(decode_s, decode_s, 9)}
        return PointResult("c", "s", "A", "x", "1", Status.DONE, frames=frames, **costs)

    cost = codec_cost([point(100, 10, 2, 50), point(50, 20, 1, 70)])
    assert cost.encode_fps == pytest.approx(5)
    assert cost.decode_fps == pytest.approx(50)
    assert (cost.encode_mib, cost.decode_mib) == (70, 9)
    nothing = codec_cost([PointResult("c", "s", "A", "x", "1", Status.NOT_RUN)])
    assert nothing.encode_fps is None and nothing.decode_mib is None


def test_the_table_of_costs_has_every_codec() -> None:
    results = synthetic_campaign(Shape(classes=(("A", 1),), cards=("vtm", "gvc-face"), metrics=1))
    table = cost_table(results)
    assert [row[0].text for row in table.rows] == list(results.cards)
    for row, card in zip(table.rows, results.cards.values(), strict=True):
        assert (row[1].value, row[2].value) == (card.kmac_per_pixel, card.parameters)
        assert row[4].value is not None and row[6].value is not None

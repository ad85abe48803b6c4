"""Pictures of a campaign: the middle one of each decoded file, exact, kept and checked."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from ctc import campaign_pictures
from ctc.campaign_pictures import collect_pictures, load_pictures
from ctc.errors import ReportError
from ctc.report.data import report_data
from ctc.report.html_report import write_html
from ctc.results import CampaignResults
from ctc.stage_inputs import Point
from ctc.store import Store
from reference_sw.video.format import ChromaFormat, ColourModel, VideoFormat
from tests.ctc.synthetic_results import Shape, synthetic_campaign

RGB = VideoFormat(6, 4, Fraction(25), 8, ChromaFormat.C444, ColourModel.RGB)
FRAMES = 3


class Inputs:
    """What the module asks of a campaign's lock, without a lock."""

    def __init__(self, results: CampaignResults) -> None:
        self._results = results
        card = type("Card", (), {"output": type("Output", (), {"container": "raw"})})
        sequence = type("Sequence", (), {"md5": "0" * 32})
        conf = results.configurations[0]
        self.lock = type(
            "Lock",
            (),
            {
                "cards": dict.fromkeys(conf.cards, card),
                "sequences": {name: sequence for name, _ in conf.sequences},
            },
        )

    def points(self) -> list[Point]:
        conf = self._results.configurations[0]
        return [Point(conf.name, p.card, p.sequence, p.rate_point) for p in conf.points]

    def frames(self, _point: Point) -> int:
        return FRAMES

    def output_format(self, _point: Point) -> VideoFormat:
        return RGB


@pytest.fixture
def campaign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[CampaignResults, Store]:
    """A campaign of one sequence; the decoded file of one point is in the store."""
    results = synthetic_campaign(Shape(classes=(("A", 1),), cards=("vtm", "x265"), metrics=1))
    conf = results.configurations[0]
    content = np.arange(FRAMES * RGB.bytes_per_picture, dtype=np.uint8).tobytes()
    sha256 = hashlib.sha256(content).hexdigest()
    points = (replace(conf.points[0], decoded_sha256=sha256), *conf.points[1:])
    results = replace(results, configurations=(replace(conf, points=points),))
    store = Store(tmp_path / "store")
    path = store.artefact_path(sha256)
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    monkeypatch.setattr(campaign_pictures, "read_lock", lambda _folder: results)
    monkeypatch.setattr(campaign_pictures, "StageInputs", Inputs)
    return results, store


def test_the_middle_picture_of_a_decoded_file_is_kept_exactly(
    campaign: tuple[CampaignResults, Store], tmp_path: Path
) -> None:
    results, store = campaign
    assert collect_pictures(tmp_path, results, store) == 1
    assert collect_pictures(tmp_path, results, store) == 0
    found = load_pictures(tmp_path, results)
    assert [(s.sequence, s.picture, len(s.decoded)) for s in found] == [("A_001", 1, 1)]
    point = results.configurations[0].points[0]
    decoded = found[0].decoded[0]
    assert (decoded.card, decoded.rate_point) == (point.card, point.rate_point)
    assert decoded.kbps == point.bitrate_kbps
    (tmp_path / "shown.png").write_bytes(decoded.picture.content)
    shown = np.rint(matplotlib.image.imread(tmp_path / "shown.png") * 255).astype(np.uint8)
    planes = np.arange(FRAMES * 72, dtype=np.uint8).reshape(FRAMES, 3, 4, 6)[1]
    assert np.array_equal(shown[..., :3], np.moveaxis(planes, 0, -1))


def test_a_picture_of_other_content_is_not_shown(
    campaign: tuple[CampaignResults, Store], tmp_path: Path
) -> None:
    results, store = campaign
    collect_pictures(tmp_path, results, store)
    conf = results.configurations[0]
    anew = (replace(conf.points[0], decoded_sha256="1" * 64), *conf.points[1:])
    changed = replace(results, configurations=(replace(conf, points=anew),))
    assert load_pictures(tmp_path, changed) == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "cannot be read"),
        ('{"pictures": [], "more": 1}', "unknown key 'more'"),
        (
            '{"pictures": [{"file": "../x", "configuration": "c", "sequence": "s", "picture": 0}]}',
            "shall be a plain name",
        ),
    ],
)
def test_a_damaged_list_is_named(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "pictures.json").write_text(text)
    with pytest.raises(ReportError, match=message):
        load_pictures(tmp_path, synthetic_campaign(Shape(classes=(("A", 1),), metrics=1)))


def test_the_page_says_when_there_are_no_pictures_or_too_many(
    campaign: tuple[CampaignResults, Store], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results, store = campaign
    data = report_data(results)
    write_html(data, tmp_path / "page.html")
    assert "with --keep-decoded" in (tmp_path / "page.html").read_text()
    collect_pictures(tmp_path, results, store)
    sets = load_pictures(tmp_path, results)
    monkeypatch.setattr("ctc.report.html_data.MOST_PICTURE_BYTES", 10)
    write_html(data, tmp_path / "page.html", sets)
    text = (tmp_path / "page.html").read_text()
    assert "Pictures of 0 of 1 sequences" in text
    assert json.dumps(sets[0].decoded[0].picture.data_url()) not in text

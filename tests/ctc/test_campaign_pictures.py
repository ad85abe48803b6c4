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
from ctc.png_file import read_png
from ctc.report.data import report_data
from ctc.report.html_report import write_html
from ctc.results import CampaignResults
from ctc.results_reader import read_campaign
from ctc.stage_inputs import Point
from ctc.still_picture import sequences_shown
from ctc.still_samples import still_samples
from ctc.store import Store
from reference_sw.video.format import ChromaFormat, ColourModel, VideoFormat
from tests.ctc.conftest import SmallCampaign
from tests.ctc.null_codec import write_conditions, write_null_codec, write_sequences
from tests.ctc.synthetic_results import Shape, synthetic_campaign
from tests.ctc.zlib_codec import write_two

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
    shown = replace(conf.points[0], decoded_sha256=sha256, frames=FRAMES)
    points = (shown, *conf.points[1:])
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
    assert "No decoded pictures: none were kept" in (tmp_path / "page.html").read_text()
    collect_pictures(tmp_path, results, store)
    sets = load_pictures(tmp_path, results)
    monkeypatch.setattr("ctc.report.html_data.MOST_PICTURE_BYTES", 10)
    write_html(data, tmp_path / "page.html", sets)
    text = (tmp_path / "page.html").read_text()
    assert "Pictures of 0 of 1 sequences" in text
    assert json.dumps(sets[0].decoded[0].picture.data_url()) not in text


def run_small(campaign: SmallCampaign, *options: str) -> CampaignResults:
    done = campaign.run(*options)
    assert done.returncode == 0, done.stderr + done.stdout
    return read_campaign(campaign.reports)


def test_a_campaign_keeps_a_picture_of_each_decoded_file_by_itself(tmp_path: Path) -> None:
    write_sequences(tmp_path)
    small = SmallCampaign(tmp_path, write_two(tmp_path))
    results = run_small(small)
    points = results.configurations[0].points
    stills = {point.still for point in points}
    assert len(stills) == len(points) and "" not in stills
    for point in points:
        assert point.still.startswith(point.record_keys["decode"])
        content = (small.reports / "logs" / point.still).read_bytes()
        assert hashlib.sha256(content).hexdigest() in point.still
    sets = load_pictures(small.reports, results)
    assert [(s.sequence, s.picture) for s in sets] == [("alpha", 2), ("beta", 2)]
    source = (tmp_path / "alpha.yuv").read_bytes()[2 * 384 : 3 * 384]
    original = VideoFormat(16, 16)
    (tmp_path / "one.yuv").write_bytes(source)
    shown = still_samples(tmp_path / "one.yuv", original, "raw", 1)
    assert shown is not None and sets[0].original is not None
    assert np.array_equal(read_png(sets[0].original.content), shown)
    page = (small.reports / "report.html").read_text()
    assert all(d.picture.data_url() in page for s in sets for d in s.decoded)
    assert small.ctc("check", "reports/small").returncode == 0
    assert not [p for p in (tmp_path / "home" / "store" / "artefacts").rglob("*") if is_yuv(p)]


def is_yuv(path: Path) -> bool:
    return path.is_file() and path.stat().st_size == 4 * 384


def test_pictures_are_kept_of_so_many_sequences(campaign_folder: SmallCampaign) -> None:
    results = run_small(campaign_folder, "--pictures", "1")
    kept = {p.sequence for p in results.configurations[0].points if p.still}
    assert kept == {"alpha"}
    without = run_small(campaign_folder, "--pictures", "0", "--force", "--name", "small")
    assert not any(p.still for p in without.configurations[0].points)


def test_an_altered_picture_is_named_and_one_that_is_gone_left_out(
    campaign_folder: SmallCampaign,
) -> None:
    results = run_small(campaign_folder)
    path = campaign_folder.reports / "logs" / results.configurations[0].points[0].still
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ReportError, match="cut or altered"):
        load_pictures(campaign_folder.reports, results)
    path.unlink()
    sets = load_pictures(campaign_folder.reports, results)
    assert sum(len(s.decoded) for s in sets) == len(results.configurations[0].points) - 1


@pytest.fixture
def campaign_folder(tmp_path: Path) -> SmallCampaign:
    write_sequences(tmp_path)
    return SmallCampaign(tmp_path, write_conditions(tmp_path, write_null_codec(tmp_path)))


def test_of_large_pictures_the_middle_is_kept(tmp_path: Path) -> None:
    video = VideoFormat(1024, 520, Fraction(25), 8, ChromaFormat.C444, ColourModel.RGB)
    picture = np.zeros((3, 520, 1024), np.uint8)
    picture[0, 4, 256], picture[1, 515, 767] = 200, 100
    (tmp_path / "x.rgb").write_bytes(picture.tobytes())
    shown = still_samples(tmp_path / "x.rgb", video, "raw", 1)
    assert shown is not None
    assert shown.shape == (512, 512, 3)
    assert shown[0, 0].tolist() == [200, 0, 0] and shown[511, 511].tolist() == [0, 100, 0]
    assert still_samples(tmp_path / "x.rgb", video, "raw", 9) is None
    assert still_samples(tmp_path / "none", video, "raw", 1) is None


def test_classes_take_turns() -> None:
    classes = [(f"a{k}", "A") for k in range(9)] + [("b1", "B"), ("c1", "C"), ("c2", "C")]
    assert sequences_shown(classes, 5) == {"a0", "b1", "c1", "a1", "c2"}
    assert sequences_shown(classes, 0) == set()
    assert len(sequences_shown(classes, 99)) == 12

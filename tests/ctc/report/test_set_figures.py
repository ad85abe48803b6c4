"""Figures of a whole set in reports: over all sequences together, or absent with the reason."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from openpyxl import load_workbook

from ctc.errors import MetricError
from ctc.measure_program import _plain
from ctc.metrics import Scores, metric_by_name
from ctc.metrics.set_features import SetFeatures, packed, unpacked
from ctc.metrics.set_figures import frechet_distance, kernel_distance, set_figures
from ctc.report.build import build_reports
from ctc.report.set_figures import set_rows
from ctc.results import CampaignResults
from ctc.results_reader import read_campaign
from reference_sw.video.format import VideoFormat
from tests.ctc.conftest import SmallCampaign
from tests.ctc.metrics.clips import noisy, smooth_planes, write
from tests.ctc.metrics.oracles import available
from tests.ctc.synthetic_results import Shape, synthetic_campaign

NAMES = ("frechet-squeezenet", "kernel-squeezenet", "frechet-video-squeezenet")
Array = np.typing.NDArray[np.float64]


def features(seed: int, pictures: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    first = rng.random((pictures, 512)).astype(np.float16).astype(np.float64)
    return first, (first + rng.random((pictures, 512)) * 0.5).astype(np.float16).astype(np.float64)


def campaign_of_sets(pictures: int, without: str = "") -> CampaignResults:
    """Two sequences, one codec and anchor at one rate point; one may lack its features."""
    shape = Shape(classes=(("A", 2),), cards=("vtm", "x265"), rate_points=("22",), metrics=1)
    results = synthetic_campaign(shape)
    points = [
        replace(point, no_features="weights squeezenet are missing")
        if point.sequence == without
        else replace(point, features=packed(*features(k, pictures)))
        for k, point in enumerate(results.configurations[0].points)
    ]
    conf = replace(
        results.configurations[0],
        points=tuple(points),
        set_figures=NAMES,
        set_signature=SetFeatures().signature(),
    )
    return replace(results, configurations=(conf,))


def test_features_come_back_and_what_is_none_is_refused() -> None:
    pair = features(1, 3)
    for found, expected in zip(unpacked(packed(*pair)), pair, strict=True):
        np.testing.assert_array_equal(found, expected)
    bad = packed(np.full((1, 512), np.nan), np.zeros((1, 512)))
    for text in ("", "AAAA", "?", bad, packed(*pair)[:-8]):
        with pytest.raises(MetricError, match=r"^features of the set: "):
            unpacked(text)


def test_a_figure_is_of_all_sequences_together() -> None:
    results = campaign_of_sets(1100)
    rows = {(row.card, row.rate_point, row.name): row for row in set_rows(results)}
    assert len(rows) == 2 * 3
    points = [
        p for p in results.configurations[0].points if (p.card, p.rate_point) == ("x265", "22")
    ]
    pairs = [unpacked(point.features) for point in points]
    first, second = (np.concatenate([pair[side] for pair in pairs]) for side in range(2))
    row = rows["x265", "22", "frechet-squeezenet"]
    assert row.value == pytest.approx(frechet_distance(first, second), rel=1e-12)
    assert (row.sequences, row.samples) == ((2, 2), 2200)
    apart = [frechet_distance(*pair) for pair in pairs]
    assert row.value is not None and abs(row.value - sum(apart) / 2) > 0.01
    kernel = rows["x265", "22", "kernel-squeezenet"]
    assert kernel.value == pytest.approx(kernel_distance(first, second), rel=1e-9)
    clips = rows["x265", "22", "frechet-video-squeezenet"]
    assert clips.value is None
    assert clips.reason == "136 clips of 16 pictures: needs at least 256"


def test_a_sequence_without_features_withholds_the_figure() -> None:
    rows = set_rows(campaign_of_sets(8, without="A_002"))
    assert {row.reason for row in rows} == {
        "1 of 2 sequences have no features (A_002: weights squeezenet are missing)"
    }
    assert {row.sequences for row in rows} == {(1, 2)} and {row.value for row in rows} == {None}


def test_every_report_shows_them_with_counts_warning_and_reason(tmp_path: Path) -> None:
    results = campaign_of_sets(1024)
    build_reports(results, tmp_path)
    rows = set_rows(results)
    shown = next(row for row in rows if row.name == "frechet-squeezenet")
    assert shown.value is not None and shown.samples == 2048
    text = (tmp_path / "report.md").read_text()
    assert "### Figures of the whole set" in text
    assert f"| {shown.name} | {shown.value:.6g} | 2 of 2 | 2048 |" in text
    assert "not available: 128 clips of 16 pictures: needs at least 256" in text
    assert "warning: a figure of the whole set on SqueezeNet features: not comparable" in text
    table = (tmp_path / "tables" / "set_figures.csv").read_text().splitlines()
    assert len(table) == 1 + len(rows) and repr(shown.value) in table[1]
    sheet = load_workbook(tmp_path / "report.xlsx")["Set figures"]
    assert sheet.cell(5, 5).value == pytest.approx(shown.value, rel=1e-15)
    assert f"{shown.value:.6g}" in (tmp_path / "report.html").read_text()
    for part in (text.replace("\\|", "|"), (tmp_path / "report.html").read_text()):
        assert "frechet-squeezenet|of set-features|layer:mean of layer 12 in float16|" in part


def test_reports_without_them_have_no_such_table(tmp_path: Path) -> None:
    build_reports(synthetic_campaign(Shape(classes=(("A", 1),), metrics=1)), tmp_path)
    assert "Figures of the whole set" not in (tmp_path / "report.md").read_text()
    assert not (tmp_path / "tables" / "set_figures.csv").exists()
    assert "Set figures" not in load_workbook(tmp_path / "report.xlsx").sheetnames


def test_features_of_files_give_the_figures_of_the_command(tmp_path: Path) -> None:
    available("lpips-squeeze")
    video = VideoFormat(64, 64)
    clip = smooth_planes(video, 3)
    pair = write(tmp_path / "o", clip, video), write(tmp_path / "d", noisy(clip, video, 9), video)
    scores = SetFeatures().measure(pair[0], [pair[1]])[0]
    plain = _plain(scores)
    assert plain["value"] is None and plain["pictures"] == [] and plain["reason"]
    first, second = unpacked(plain["features"])
    assert first.shape == second.shape == (3, 512)
    direct = set_figures([pair], least=(2, 1))[0]
    assert direct.value == frechet_distance(first, second)
    assert "features" not in _plain(Scores(1.0))


def listed(campaign: SmallCampaign, *names: str) -> Path:
    conditions = yaml.safe_load(campaign.conditions.read_text())
    conditions["configurations"][0]["metrics"] = list(names)
    campaign.conditions.write_text(yaml.safe_dump(conditions))
    return campaign.conditions


def test_conditions_name_them_and_the_campaign_says_why_there_are_none(
    campaign: SmallCampaign,
) -> None:
    """The sequences are of 16x16: too small for the network."""
    listed(campaign, "psnr-y", *NAMES[:2])
    done = campaign.run()
    assert "24 stages: 24 run, 0 finished before, 0 failed" in done.stdout, done.stderr
    rows = set_rows(read_campaign(campaign.reports))
    assert [row.name for row in rows[:2]] == list(NAMES[:2]) and len(rows) == 8
    assert rows[0].reason.startswith("2 of 2 sequences have no features (alpha: ")
    assert "at least 32x32" in rows[0].reason or "are missing" in rows[0].reason
    assert "not available: 2 of 2" in (campaign.reports / "report.md").read_text()
    assert campaign.ctc("check", str(campaign.reports)).returncode == 0


def test_figures_of_a_set_alone_are_no_campaign(campaign: SmallCampaign) -> None:
    listed(campaign, "kernel-squeezenet")
    done = campaign.run("--plan-only")
    assert done.returncode == 2
    assert "shall name one of single sequences beside kernel-squeezenet" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("fvd", "metric 'fvd' is not available: it is defined on the I3D network"),
        ("fid", "metric 'fid' is not available: it is defined on the Inception-v3 network"),
        ("kernel-squeezenet", "is a figure of a whole set: conditions may list it"),
    ],
)
def test_names_that_are_no_metric_of_a_sequence(name: str, message: str) -> None:
    with pytest.raises(MetricError, match=message):
        metric_by_name(name)

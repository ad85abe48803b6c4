"""The metric study: distortions by hand, equivalent QPs, a whole small study."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from ctc.__main__ import main
from ctc.errors import ReportError
from ctc.metrics import class_average, metric_by_name
from ctc.metrics.optical_flow import flow_between
from ctc.registry import find_card
from ctc.study import distortions
from ctc.study.equivalents import equivalent_qp
from ctc.study.findings import findings
from ctc.study.metric_study import Study, run_study
from ctc.study.score import Score
from ctc.study.study_report import write_report
from ctc.study.study_scores import Finished, read_scores
from reference_sw.video.format import VideoFormat
from tests.ctc.metrics.clips import smooth_planes, write

VIDEO = VideoFormat(64, 64)


def clip(frames: int = 6) -> distortions.Clip:
    return [[p.astype(np.float64) for p in planes] for planes in smooth_planes(VIDEO, frames)]


def test_held_and_frozen_pictures_by_hand() -> None:
    pictures = clip()
    twos = distortions.held(pictures, 2)
    assert [next(i for i, p in enumerate(pictures) if p is q) for q in twos] == [0, 0, 2, 2, 4, 4]
    assert all(q is pictures[0] for q in distortions.held(pictures, 0))


def test_drift_begins_at_nothing_and_ends_at_its_width() -> None:
    pictures = clip(5)
    out = distortions.drifting(pictures, 3.0)
    np.testing.assert_allclose(out[0][0], pictures[0][0], atol=1e-9)
    flow = flow_between(out[4][0][None], pictures[4][0][None])[0, 0]
    # one quarter across the picture samples come from 3 to the right, three quarters: from 3 left
    assert np.median(flow[28:36, 14:18]) == pytest.approx(3.0, abs=0.5)
    assert np.median(flow[28:36, 46:50]) == pytest.approx(-3.0, abs=0.5)
    assert out[4][1].shape == pictures[4][1].shape


def test_noise_and_jitter_have_their_strength_and_repeat() -> None:
    pictures = clip(8)
    errors = [a[0] - b[0] for a, b in zip(distortions.noisy(pictures, 4.0), pictures, strict=True)]
    assert np.std(errors) == pytest.approx(4.0, rel=0.02)
    again = distortions.noisy(pictures, 4.0)
    np.testing.assert_array_equal(again[3][0], distortions.noisy(pictures, 4.0)[3][0])
    moved = distortions.jittering(pictures, 1.0)
    shifts = [
        np.median(flow_between(a[0][None], b[0][None])[0][:, 16:48, 16:48], axis=(1, 2))
        for a, b in zip(moved, pictures, strict=True)
    ]
    assert 0.4 < np.std(shifts) < 1.6


def test_blur_halves_with_the_chroma_plane() -> None:
    """A single bright sample spreads with the stated deviation, in luma and in chroma samples."""
    planes = [np.zeros((64, 64)), np.zeros((32, 32))]
    planes[0][32, 32] = planes[1][16, 16] = 1.0
    out = distortions.blurred([planes], 2.0)[0]
    for plane, centre, sigma in ((out[0], 32, 2.0), (out[1], 16, 1.0)):
        offsets = np.arange(plane.shape[1]) - centre
        assert (plane.sum(axis=0) * offsets**2).sum() == pytest.approx(sigma**2, rel=0.02)


@pytest.mark.parametrize(
    ("ladder", "value", "better", "text"),
    [
        ([40.0, 35.0, 30.0], 36.0, True, "30.0"),
        ([0.1, 0.2, 0.4], 0.3, False, "37.0"),
        ([0.1, 0.2, 0.4], 0.05, False, "<22.0"),
        ([0.1, 0.2, 0.4], 0.5, False, ">42.0"),
        ([0.1, 0.3, 0.2], 0.2, False, "ladder not monotonic"),
        ([0.1, None, 0.2], 0.2, False, "undefined"),
        ([0.1, 0.15, 0.2], None, False, "undefined"),
    ],
)
def test_equivalent_qp(
    ladder: list[float | None], value: float | None, better: bool, text: str
) -> None:
    assert equivalent_qp([22, 32, 42], ladder, value, better).text == text


def test_a_small_study_from_pictures_to_report(tmp_path: Path) -> None:
    original = write(tmp_path / "o.yuv", smooth_planes(VIDEO, 6), VIDEO)
    done: list[str] = []
    metrics = ("apsnr-y", "temporal-difference", "lpips-vgg")
    study = run_study(
        {"moving": original}, find_card("vvenc-ld"), ("22", "42"), metrics, done.append
    )
    assert done == ["moving"]
    blur = [study.mean(f"blur {s}", "apsnr-y") for s in ("0.7", "1.5", "3")]
    assert blur == sorted(blur, key=lambda v: -(v or 0))
    assert (study.mean("QP 22", "apsnr-y") or 0) > (study.mean("QP 42", "apsnr-y") or 0) + 3
    frozen, held = (study.mean(n, "temporal-difference") or 0 for n in ("frozen", "held 2"))
    assert frozen > 0 and held > 0
    paths = write_report(study, tmp_path / "report")
    assert sorted(p.name for p in paths) == [
        "README.md",
        "equivalent_qp.csv",
        "equivalent_qp.png",
        "equivalent_qp.svg",
        "scores.csv",
        "signatures.csv",
    ]
    rows = list(csv.DictReader((tmp_path / "report" / "scores.csv").open()))
    assert len(rows) == 3 * (2 + len(study.distortions))
    assert {r["value"] for r in rows if r["metric"] == "lpips-vgg"} <= {""} or study.mean(
        "frozen", "lpips-vgg"
    ) is not None
    assert read_scores(tmp_path / "report" / "scores.csv") == study.scores
    text = (tmp_path / "report" / "README.md").read_text()
    assert "| apsnr-y |" in text and "frozen" in text
    first = [p.read_bytes() for p in paths]
    assert [p.read_bytes() for p in write_report(study, tmp_path / "report")] == first


def small_study(**figures: list[float]) -> Study:
    """A study by hand: QP 22, 32, 42, then frozen and noise 6, for metrics of one sequence."""
    variants = ("QP 22", "QP 32", "QP 42", "frozen", "noise 6")
    scores = [
        Score("head", variant, metric.replace("_", "-"), value)
        for metric, values in figures.items()
        for variant, value in zip(variants, values, strict=True)
    ]
    names = tuple(dict.fromkeys(s.metric for s in scores))
    better = dict.fromkeys(names, True)
    return Study(
        "card", 5, ("head",), names, dict.fromkeys(names, "s"), better, ("22", "32", "42"),
        ("frozen", "noise 6"), tuple(scores), {"head": "tier A"}, "ctc study metrics",
    )  # fmt: skip


def test_findings_name_the_metrics_that_do_not_see_a_fault() -> None:
    study = small_study(psnr_y=[40, 35, 30, 500.0, 31], vmaf=[90, 80, 70, 60, 85])
    lines = findings(study)
    assert lines[0] == "- Pay for doing nothing (`frozen`): psnr-y (<22.0)."
    assert lines[1].endswith("(`noise 6`): vmaf (27.0).") and len(lines) == 2


def test_the_report_marks_what_misleads_and_sets_aside_what_has_no_order(tmp_path: Path) -> None:
    study = small_study(psnr_y=[40, 35, 30, 500.0, 31], landmark=[3, 4, 2, 1, 1])
    write_report(study, tmp_path)
    text = (tmp_path / "README.md").read_text()
    assert "| psnr-y † | <22.0 | 40.0 |" in text and "\n† misled by pictures equal" in text
    assert "| landmark" not in text and "- landmark: 3, 4, 2" in text
    assert "| head | tier A |" in text and "```\nctc study metrics\n```" in text


def test_an_interrupted_study_goes_on(tmp_path: Path) -> None:
    finished = Finished(tmp_path / "finished", {"moving": "md5"}, ("settings",))
    original = write(tmp_path / "o.yuv", smooth_planes(VIDEO, 2), VIDEO)
    card = find_card("vvenc-ld")
    arguments = ({"moving": original}, card, ("22", "42"), ("apsnr-y",), lambda _: None)
    first = run_study(*arguments, finished)
    original.path.unlink()
    assert run_study(*arguments, finished) == first
    other = Finished(finished.folder, {"moving": "another md5"}, ("settings",))
    assert other.read("moving") is None
    finished.remove()
    assert not finished.folder.exists()


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "sequence,variant\nx,y\n"])
def test_what_is_not_a_table_of_scores_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "scores.csv"
    path.write_text(text)
    with pytest.raises(ReportError, match=r"scores\.csv: not the scores of a study"):
        read_scores(path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--frames", "1"], "--frames 1: shall be at least 2"),
        (["--points", "22,x"], "--points 22,x: shall be numbers"),
        (["--sequence", "demo_head_9"], "no sequence 'demo_head_9'; did you mean"),
        (["--metrics", "psnr_y"], "metric 'psnr_y' is unknown; did you mean 'psnr-y'?"),
        (["--codec", "vvenc-lx"], "codec 'vvenc-lx' is unknown; did you mean"),
    ],
)
def test_wrong_arguments_give_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(["study", "metrics", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error


@pytest.mark.parametrize("name", ["example-metric-study", "metric-study-public"])
def test_the_shipped_studies_are_what_their_scores_give(name: str) -> None:
    """The table of equivalent QPs, derived again from scores.csv, and no footage beside it."""
    folder = Path(__file__).parents[3] / "reports" / name
    scores = read_scores(folder / "scores.csv")
    expected = list(csv.DictReader((folder / "equivalent_qp.csv").open()))
    variants = list(dict.fromkeys(s.variant for s in scores))
    ladder = [variant for variant in variants if variant.startswith("QP ")]
    qps = [float(rung.removeprefix("QP ")) for rung in ladder]

    def mean(variant: str, metric: str) -> float | None:
        return class_average(s.value for s in scores if (s.variant, s.metric) == (variant, metric))

    for row in expected:
        metric = row.pop("metric")
        better = metric_by_name(metric).higher_is_better
        rungs = [mean(rung, metric) for rung in ladder]
        for variant, text in row.items():
            assert equivalent_qp(qps, rungs, mean(variant, metric), better).text == text
    assert {path.suffix for path in folder.iterdir()} <= {".csv", ".md", ".png", ".svg"}

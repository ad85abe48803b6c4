"""ctc compare on a campaign that really ran: figures from the bytes, formats, refusals."""

from __future__ import annotations

import csv
import io
import os
import shutil
import subprocess
import sys
from math import log10
from pathlib import Path

import pytest
from bjontegaard import bd_rate as peer_bd_rate

from ctc.results_reader import read_campaign
from tests.ctc.conftest import SmallCampaign
from tests.ctc.null_codec import environment, write_conditions, write_sequences
from tests.ctc.zlib_codec import STEPS, coded_size, write_two, write_zlib_codec


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> SmallCampaign:
    """The two codecs over two sequences of 12 pictures, run and reported."""
    folder = tmp_path_factory.mktemp("compare")
    write_sequences(folder, frames=12)
    campaign = SmallCampaign(folder, write_two(folder))
    done = campaign.run()
    assert done.returncode == 0, done.stderr + done.stdout
    return campaign


def psnr_y(data: bytes, step: int) -> float:
    """Mean luma PSNR of 16x16 4:2:0 pictures rounded down to multiples of the step."""
    figures = []
    for start in range(0, len(data), 384):
        luma = data[start : start + 256]
        figures.append(10 * log10(255**2 / (sum((v % step) ** 2 for v in luma) / 256)))
    return sum(figures) / len(figures)


def test_figures_are_those_of_the_bytes(finished: SmallCampaign) -> None:
    done = finished.ctc("compare", "reports/small", "--format", "csv", "--metrics", "psnr-y")
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    for name in ("alpha", "beta"):
        data = (finished.folder / f"{name}.yuv").read_bytes()
        quality = [psnr_y(data, step) for step in STEPS]
        rates = [[coded_size(data, step, pad) for step in STEPS] for pad in (100, 0)]
        peer = peer_bd_rate(rates[0], quality, rates[1], quality, "pchip") / 100
        row = next(r for r in rows if r["sequence"] == name and r["figure"] == "bd_rate")
        assert float(row["value"]) == pytest.approx(peer, abs=1e-9)
        assert (row["status"], row["card"], row["anchor"]) == ("ok", "lean", "large")
    overall = next(r for r in rows if r["class"] == "Overall" and r["figure"] == "bd_rate")
    values = [float(r["value"]) for r in rows if r["sequence"] and r["figure"] == "bd_rate"]
    assert float(overall["value"]) == pytest.approx(sum(values) / 2)
    assert (overall["sequences"], overall["of"]) == ("2", "2")
    times = [r for r in rows if r["figure"] == "encode_time" and r["class"] == "Overall"]
    assert float(times[0]["value"]) > 0


def test_text_markdown_and_latex_show_the_same_figures(finished: SmallCampaign) -> None:
    text = finished.ctc("compare", "reports/small", "--sequences", "--pictures").stdout
    assert text.startswith("main: BD-rate over large (pchip)\nCodec  Class")
    assert "\x1b" not in text  # not a terminal
    figure = next(
        line.split()[3] for line in text.splitlines() if line.startswith("lean   Overall")
    )
    assert figure.startswith("-")
    assert "uncertainty of the overall BD-rate" in text and "alpha" in text
    for form in ("markdown", "latex"):
        other = finished.ctc("compare", "reports/small", "--format", form, "--output", "t.txt")
        assert (other.returncode, other.stdout) == (0, "")
        written = (finished.folder / "t.txt").read_text()
        assert figure.removeprefix("-") in written


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("no_color", [False, True])
def test_colours_are_for_terminals_that_want_them(finished: SmallCampaign, no_color: bool) -> None:
    import pty

    ours, theirs = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "ctc", "compare", "reports/small"],
        cwd=finished.folder,
        env={**environment(finished.folder), **({"NO_COLOR": "1"} if no_color else {})},
        stdout=theirs,
        timeout=120,
        check=False,
    )
    os.close(theirs)
    shown = os.read(ours, 1 << 16)
    os.close(ours)
    assert done.returncode == 0
    assert (b"\x1b[32m" in shown) is not no_color


def test_named_codecs_anchor_hull_and_newest_campaign(finished: SmallCampaign) -> None:
    turned = finished.ctc("compare", "large", "--anchor", "lean")
    assert turned.returncode == 0, turned.stderr
    assert "BD-rate over lean" in turned.stdout and "\nlarge  TEST" in turned.stdout
    hull = finished.ctc("compare", "reports/small", "--hull", "best=lean,large")
    rows = {line.split()[0]: line.split() for line in hull.stdout.splitlines() if "Overall" in line}
    # The hull of both is of lean's points, and drops those below the chord of their neighbours.
    assert float(rows["best"][3]) <= float(rows["lean"][3]) < 0
    curves = finished.ctc("compare", "reports/small", "--average", "curves")
    assert curves.stdout.startswith("main: BD-rate of averaged curves over large (pchip)")
    every = finished.ctc("compare", "reports/small", "--matched", "all")
    assert "matched points over large" in every.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["reports/small", "laen"], "'laen' is not among its cards"),
        (["reports/none"], "reports/none: no such folder"),
        (["home", "lean"], "home: not a campaign: it has no campaign.lock.yaml"),
        (["reports/small", "--metrics", "psnr-x"], "no metric 'psnr-x'; did you mean 'psnr-y'?"),
        (["reports/small", "--hull", "x"], "--hull x: shall be NAME=CODEC,CODEC,..."),
        (["reports/small", "--plot", "a.png"], "--plot draws a history"),
        (["reports/small", "reports/small"], "2 campaigns are named 'small'"),
        (["reports/small", "--output", "none/x"], "none/x: cannot be written"),
    ],
)
def test_wrong_input_is_one_line(
    finished: SmallCampaign, arguments: list[str], message: str
) -> None:
    done = finished.ctc("compare", *arguments)
    assert done.returncode == 2 and done.stdout == ""
    assert message in done.stderr and len(done.stderr.splitlines()) == 1


def test_a_failed_point_withholds_the_mean_and_the_exit_code_says_so(
    finished: SmallCampaign, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(finished.reports, copy)
    key = next(
        p.record_keys["decode"]
        for p in read_campaign(copy).configurations[0].points
        if (p.card, p.sequence, p.rate_point) == ("lean", "beta", "16")
    )
    (copy / "records" / key[:2] / f"{key}.json").unlink()
    done = finished.ctc("compare", str(copy))
    assert done.returncode == 1
    assert "withheld: 1 of 2 sequences have no figure (missing-points 1): beta" in done.stdout
    detail = finished.ctc("compare", str(copy), "--sequences").stdout
    assert "lean: rate point 16: not-run: decode has not been run" in detail


@pytest.mark.slow
def test_two_campaigns_stand_in_one_table_and_make_a_history(finished: SmallCampaign) -> None:
    """The second release of `acme` makes smaller files than the first."""
    for release, pad in (("v1", 60), ("v2", 20)):
        card = write_zlib_codec(finished.folder, "acme", pad=pad)
        conditions = write_conditions(finished.folder, finished.folder / "large.yaml", (str(card),))
        done = finished.ctc("run", str(conditions), "--name", release, "--jobs", "2", "--no-report")
        assert done.returncode == 0, done.stderr
    both = finished.ctc("compare", "reports/v1", "reports/v2")
    assert both.returncode == 0, both.stderr
    figures = {
        line.split()[0]: float(line.split()[3])
        for line in both.stdout.splitlines()
        if " Overall " in line
    }
    assert set(figures) == {"acme@v1", "acme@v2"}
    assert figures["acme@v2"] < figures["acme@v1"] < 0
    history = finished.ctc(
        "compare", "reports/v1", "reports/v2", "--history", "acme", "--plot", "h.svg"
    )
    assert history.returncode == 0, history.stderr
    lines = [line.split() for line in history.stdout.splitlines() if line.startswith("v")]
    assert [float(line[2]) for line in lines] == [figures["acme@v1"], figures["acme@v2"]]
    assert "<svg" in (finished.folder / "h.svg").read_text()
    refused = finished.ctc("compare", "reports/small", "reports/v1", "--history", "acme")
    assert "campaign small: 'acme' is not among its cards" in refused.stderr

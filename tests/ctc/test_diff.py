"""ctc diff names each cause of a difference, and what it did to the figures."""

from __future__ import annotations

import csv
import dataclasses
import io
import shutil
from pathlib import Path

import pytest
import yaml

from ctc.campaign_diff import Change, diff_campaigns
from ctc.figure_diff import figure_changes
from tests.ctc.conftest import SmallCampaign
from tests.ctc.formula_results import campaign
from tests.ctc.null_codec import write_conditions, write_sequences
from tests.ctc.zlib_codec import write_two, write_zlib_codec


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> SmallCampaign:
    folder = tmp_path_factory.mktemp("diff")
    write_sequences(folder, names=("alpha",), frames=6)
    first = SmallCampaign(folder, write_two(folder))
    assert first.run("--no-report").returncode == 0
    return first


def lock_edited(source: Path, target: Path, *path: str, value: object) -> Path:
    """A copy of the campaign with one value of its lock replaced."""
    shutil.copytree(source, target)
    lock = target / "campaign.lock.yaml"
    data = yaml.safe_load(lock.read_text())
    inner = data
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    lock.chmod(0o644)
    lock.write_text(yaml.safe_dump(data))
    return target


def causes(first: Path, second: Path) -> list[tuple[str, str]]:
    kinds = ("status", "bytes", "bitstream", "pictures", "figure", "BD-rate", "BD-rate sign")
    return [(c.kind, c.where) for c in diff_campaigns(first, second) if c.kind not in kinds]


def test_a_campaign_does_not_differ_from_its_copy(finished: SmallCampaign, tmp_path: Path) -> None:
    shutil.copytree(finished.reports, tmp_path / "copy")
    done = finished.ctc("diff", "reports/small", str(tmp_path / "copy"))
    assert (done.returncode, done.stdout) == (0, "no difference\n")


def test_a_new_binary_and_new_arguments_are_told_apart(finished: SmallCampaign) -> None:
    """First only the program's bytes change, then only the card's arguments."""
    folder = finished.folder
    program = folder / "lean-enc"
    before = program.read_text()
    program.write_text(before + "# another build\n")
    run = ("run", str(finished.conditions), "--jobs", "2", "--no-report", "--name")
    assert finished.ctc(*run, "rebuilt").returncode == 0
    program.write_text(before)
    found = diff_campaigns(finished.reports, folder / "reports" / "rebuilt")
    assert [(c.kind, c.where) for c in found] == [("binary", "lean: encoder: program or its files")]
    write_zlib_codec(folder, "lean", level=1)
    assert finished.ctc(*run, "fast").returncode == 0
    write_zlib_codec(folder, "lean")
    done = finished.ctc("diff", "reports/small", "reports/fast", "--format", "csv")
    assert done.returncode == 1
    rows = list(csv.reader(io.StringIO(done.stdout)))[1:]
    assert rows[0] == ["configuration", "lean: encoder: arguments", "9", "1", ""]
    kinds = {row[0] for row in rows[1:]}
    assert "bytes" in kinds and "pictures" not in kinds and "figure" not in kinds
    moved = [row for row in rows if row[0] == "bytes"]
    assert all(float(row[4]) == float(row[3]) - float(row[2]) for row in moved)
    text = finished.ctc("diff", "reports/small", "reports/fast").stdout
    assert text.startswith("What changed\nKind") and "\x1b" not in text


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (("sequences", "alpha", "md5"), "0" * 32, ("sequence", "alpha: md5")),
        (("sequences", "alpha", "frame_rate"), "30000/1001", ("sequence", "alpha: frame_rate")),
        (
            ("metrics", "psnr-y", "signature"),
            "psnr|plane:y|peak:255<<(b-8)|weights:12345678|v:1",
            ("metric weights", "psnr-y: weights"),
        ),
        (("conditions", "version"), "2", ("conditions", "version")),
        (
            ("conditions", "bd_rate"),
            {"interpolation": "akima"},
            ("conditions", "bd_rate.interpolation"),
        ),
        (("cards", "lean", "version"), "2.0", ("binary", "lean: version")),
        (("ctc",), "9.9", ("harness", "version")),
    ],
)
def test_each_cause_is_named(
    finished: SmallCampaign,
    tmp_path: Path,
    path: tuple[str, ...],
    value: object,
    expected: tuple[str, str],
) -> None:
    edited = lock_edited(finished.reports, tmp_path / "edited", *path, value=value)
    assert expected in causes(finished.reports, edited)


def test_codecs_that_only_one_has_are_named(finished: SmallCampaign) -> None:
    folder = finished.folder
    alone = write_conditions(folder, folder / "large.yaml")
    done = finished.ctc(
        "run", str(alone), "--configuration", "main", "--no-report", "--name", "alone"
    )
    write_two(folder)
    assert done.returncode == 0, done.stderr
    found = diff_campaigns(finished.reports, folder / "reports" / "alone")
    assert Change("codec", "lean", "there", "absent") in found
    assert not any(change.kind in ("bytes", "figure") for change in found)


def test_changed_signs_of_bd_rates_are_named() -> None:
    """A codec that gained 10 % on every sequence now loses 10 %."""
    before, after = campaign("a", test=0.9), campaign("b", test=1.1)
    found = list(figure_changes(before, after))
    signs = [f for f in found if f[0] == "BD-rate sign"]
    assert len(signs) == 3 * 2
    assert signs[0][1] == "ldb/test: psnr_y: a1"
    assert signs[0][4] == pytest.approx(0.2)
    means = [f for f in found if f[0] == "BD-rate"]
    assert [f[1] for f in means] == ["ldb/test: psnr_y: overall", "ldb/test: lpips: overall"]
    turned = dataclasses.replace(
        after, configurations=(dataclasses.replace(after.configurations[0], anchor="test"),)
    )
    assert ("BD-rate", "ldb: anchor", "anchor", "test", None) in list(
        figure_changes(before, turned)
    )


def test_what_is_no_campaign_is_one_line(finished: SmallCampaign) -> None:
    done = finished.ctc("diff", "reports/small", "home")
    assert done.returncode == 2
    assert done.stderr == "ctc: home: not a campaign folder: it has no campaign.lock.yaml\n"

"""A submission packed, and cross-checked by another party: same, tampered, another decoder."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from ctc.package_archive import unpack_archive, write_archive
from ctc.package_manifest import MANIFEST
from ctc.results_reader import read_campaign
from tests.ctc.conftest import SmallCampaign
from tests.ctc.null_codec import write_sequences
from tests.ctc.zlib_codec import write_two, write_zlib_codec


@pytest.fixture(scope="module")
def author(tmp_path_factory: pytest.TempPathFactory) -> SmallCampaign:
    """The author's machine, with a finished campaign and its package."""
    folder = tmp_path_factory.mktemp("author")
    write_sequences(folder, names=("alpha",), frames=6)
    campaign = SmallCampaign(folder, write_two(folder))
    assert campaign.run().returncode == 0
    done = campaign.ctc("package", "reports/small")
    assert done.returncode == 0, done.stderr
    return campaign


@pytest.fixture
def checker(tmp_path: Path) -> SmallCampaign:
    """The cross-checker's machine: own programs, own original, an empty store."""
    write_sequences(tmp_path, names=("alpha",), frames=6)
    return SmallCampaign(tmp_path, write_two(tmp_path))


def cross_check(
    checker: SmallCampaign, package: Path, *arguments: str
) -> subprocess.CompletedProcess[str]:
    return checker.ctc("crosscheck", str(package), "--output", "x", "--quiet", *arguments)


def findings(checker: SmallCampaign) -> list[dict[str, str]]:
    with (checker.folder / "x" / "crosscheck.csv").open(newline="") as file:
        return list(csv.DictReader(file))


CARDS = ("--codec", "lean.yaml", "--codec", "large.yaml")


def test_a_package_holds_everything_and_is_the_same_bytes_again(
    author: SmallCampaign, tmp_path: Path
) -> None:
    first = (author.folder / "small.zip").read_bytes()
    assert author.ctc("package", "reports/small", "--output", "again.zip").returncode == 0
    assert (author.folder / "again.zip").read_bytes() == first
    names = unpack_archive(author.folder / "small.zip", tmp_path / "p")
    for wanted in ("campaign.lock.yaml", "bitstreams.md5", "decoded.sha256", MANIFEST):
        assert wanted in names
    folders = {name.split("/")[0] for name in names}
    assert {"records", "logs", "tables", "plots", "bitstreams", "cards"} <= folders
    manifest = json.loads((tmp_path / "p" / MANIFEST).read_bytes())
    assert len(manifest["bitstreams"]) == 8
    assert set(manifest["files"]) == set(names) - {MANIFEST}
    for line in (tmp_path / "p" / "bitstreams.md5").read_text().splitlines():
        digest, _, name = line.partition("  ")
        assert hashlib.md5((tmp_path / "p" / name).read_bytes()).hexdigest() == digest
    source = (author.folder / "alpha.yuv").read_bytes()
    coded = bytes(v // 4 * 4 for v in source[:384])
    listed = [p.read_text().split()[0] for p in (tmp_path / "p" / "logs").glob("*.md5")]
    assert len(listed) == 8 and listed.count(hashlib.md5(coded).hexdigest()) == 2
    decoded = {line[:64] for line in (tmp_path / "p" / "decoded.sha256").read_text().splitlines()}
    points = read_campaign(author.reports).configurations[0].points
    assert decoded == {p.decoded_sha256 for p in points}


def test_one_codec_alone_can_be_packed(author: SmallCampaign) -> None:
    done = author.ctc("package", "reports/small", "--codec", "lean", "--output", "lean.zip")
    assert done.returncode == 0 and "4 bitstreams" in done.stdout
    with zipfile.ZipFile(author.folder / "lean.zip") as archive:
        kept = [n for n in archive.namelist() if n.startswith("bitstreams/")]
    assert [n.split("/")[2] for n in kept] == ["lean"] * 4
    refused = author.ctc("package", "reports/small", "--codec", "laen")
    assert refused.returncode == 2 and "no codec 'laen'; did you mean 'lean'?" in refused.stderr


def test_what_is_wrong_or_missing_is_not_packed(author: SmallCampaign, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(author.reports, copy)
    done = author.ctc("package", str(copy), "--store", str(tmp_path / "none"))
    assert done.returncode == 2 and "bitstream is not under" in done.stderr
    table = copy / "tables" / "points.csv"
    table.write_text(table.read_text().replace("done", "DONE", 1))
    done = author.ctc("package", str(copy))
    assert done.returncode == 2 and "not packaged: tables/points.csv: line 2" in done.stderr
    for name in ("tables", "plots"):
        shutil.rmtree(copy / name)
    for path in copy.glob("report.*"):
        path.unlink()
    assert "no reports to submit" in author.ctc("package", str(copy)).stderr
    assert not list(author.folder.glob("copy*.zip"))


def test_the_same_decoder_elsewhere_agrees_in_everything(
    author: SmallCampaign, checker: SmallCampaign
) -> None:
    done = cross_check(checker, author.folder / "small.zip", *CARDS)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "pictures: 8 identical" in done.stdout and "psnr-y: 8 identical" in done.stdout
    rows = findings(checker)
    assert len(rows) == 8 * 3 and {row["Verdict"] for row in rows} == {"identical"}
    assert (
        (checker.folder / "x" / "crosscheck.md")
        .read_text()
        .startswith("# Cross-check of small: agrees\n")
    )
    # Every bitstream was decoded here and no encoder has run.
    stages = [
        json.loads(path.read_bytes())
        for path in (checker.folder / "x" / "store" / "records").glob("*/*.json")
    ]
    assert sum(record["stage"] == "decode" for record in stages) == 8
    assert not any(record["stage"] == "encode" for record in stages)
    assert all(
        str(checker.folder) in r["command"]["argv"][0] for r in stages if r["stage"] == "decode"
    )
    again = cross_check(checker, author.folder / "small.zip", *CARDS)
    assert again.returncode == 2 and "x: is not empty" in again.stderr


def test_another_decoder_differs_and_it_is_said_where_and_by_how_much(
    author: SmallCampaign, checker: SmallCampaign
) -> None:
    write_zlib_codec(checker.folder, "lean", change=64)
    done = cross_check(checker, author.folder / "small.zip", *CARDS)
    assert done.returncode == 1
    assert "pictures: 7 identical, 1 differs" in done.stdout
    assert "does not agree" in done.stdout
    bad = [row for row in findings(checker) if row["Verdict"] == "differs"]
    assert {(row["Codec"], row["Rate point"]) for row in bad} == {("lean", "8")}
    assert {row["What"] for row in bad} == {"pictures"}  # the changed sample is in the V plane
    assert bad[0]["Detail"] == "1 of 6 pictures, the first is picture 5"


def test_a_claimed_figure_that_is_not_true_is_found(
    author: SmallCampaign, checker: SmallCampaign, tmp_path: Path
) -> None:
    """The author adds 1 dB to a record and makes checksum, reports and manifest fit."""
    forged = tmp_path / "forged"
    shutil.copytree(author.folder, forged, ignore=shutil.ignore_patterns("*.zip"))
    other = SmallCampaign(forged, forged / "small.yaml")
    point = read_campaign(other.reports).configurations[0].points[5]
    key = point.record_keys["measure:psnr-y"]
    path = other.reports / "records" / key[:2] / f"{key}.json"
    text = path.read_bytes()
    value = json.loads(text)["scores"]["value"]
    body = text.rpartition(b',\n"checksum"')[0].replace(
        repr(value).encode(), repr(value + 1).encode(), 1
    )
    path.chmod(0o644)
    digest = hashlib.sha256(body).hexdigest().encode()
    path.write_bytes(body + b',\n"checksum": "' + digest + b'"\n}\n')
    assert other.ctc("report", "reports/small").returncode == 0
    packed = other.ctc("package", "reports/small")
    assert packed.returncode == 0, packed.stderr
    done = cross_check(checker, forged / "small.zip", *CARDS)
    assert done.returncode == 1
    bad = [row for row in findings(checker) if row["Verdict"] == "differs"]
    assert {row["What"] for row in bad} == {"psnr-y"}
    assert all(float(row["Difference"]) == pytest.approx(-1) for row in bad)
    assert "at most 1 apart" in done.stdout


@pytest.mark.parametrize("part", ["bitstream", "record", "added", "manifest"])
def test_a_tampered_package_is_refused_before_anything_runs(
    author: SmallCampaign, checker: SmallCampaign, tmp_path: Path, part: str
) -> None:
    unpacked = tmp_path / "u"
    names = unpack_archive(author.folder / "small.zip", unpacked)
    messages = {
        "bitstream": "not the bytes that manifest.json states",
        "record": "not the bitstream that its record names",
        "added": "extra.txt is there and not listed",
        "manifest": "manifest.json: cannot be read",
    }
    name = next(n for n in names if n.startswith("bitstreams/") and "lean" in n)
    if part in ("bitstream", "record"):
        path = unpacked / name
        path.write_bytes(path.read_bytes() + b"\x00")
    if part == "record":
        manifest = json.loads((unpacked / MANIFEST).read_bytes())
        content = (unpacked / name).read_bytes()
        manifest["files"][name] = {
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        (unpacked / MANIFEST).write_text(json.dumps(manifest))
    if part == "added":
        (unpacked / "extra.txt").write_text("hello")
    if part == "manifest":
        (unpacked / MANIFEST).write_text("{")
    files: dict[str, Path | bytes] = {
        str(p.relative_to(unpacked)): p for p in unpacked.rglob("*") if p.is_file()
    }
    write_archive(tmp_path / "tampered.zip", files)
    done = cross_check(checker, tmp_path / "tampered.zip", *CARDS)
    assert done.returncode == 2 and messages[part] in done.stderr
    assert not (checker.folder / "x").exists()
    assert len(done.stderr.splitlines()) == 1


def test_absent_codecs_and_originals_are_said_and_do_not_pass(
    author: SmallCampaign, checker: SmallCampaign
) -> None:
    done = checker.ctc("crosscheck", str(author.folder / "small.zip"), "--output", "y")
    assert done.returncode == 1
    assert "codec lean not decoded: codec 'lean' is unknown" in done.stdout
    write_sequences(checker.folder, names=("alpha",), frames=5)
    done = cross_check(checker, author.folder / "small.zip", "--codec", "lean.yaml")
    assert done.returncode == 1
    assert "codec large not decoded: not asked for" in done.stdout
    assert "pictures: 4 not checked" in done.stdout
    assert "the original here has md5" in findings(checker)[0]["Detail"]
    wrong = cross_check(checker, author.folder / "none.zip", "--codec", "lean.yaml")
    assert wrong.returncode == 2


def test_a_package_cannot_choose_what_is_run(
    author: SmallCampaign, checker: SmallCampaign, tmp_path: Path
) -> None:
    """A codec named like the path of a card inside the package, whose decoder is a script."""
    unpacked = tmp_path / "u"
    unpack_archive(author.folder / "small.zip", unpacked)
    evil = "x/package/cards/evil.yaml"
    lock = unpacked / "campaign.lock.yaml"
    lock.write_text(lock.read_text().replace("lean", evil))
    card = {
        "card": 1,
        "name": "evil",
        "title": "a card in the package",
        "rate_points": {"name": "step", "values": [4]},
        "encoder": {"program": "python", "arguments": ["-c", ""]},
        "decoder": {"program": "python", "arguments": ["-c", f"open('{tmp_path}/ran', 'w')"]},
    }
    (unpacked / "cards" / "evil.yaml").write_text(json.dumps(card))
    manifest = json.loads((unpacked / MANIFEST).read_bytes())
    for bitstream in manifest["bitstreams"]:
        bitstream["card"] = bitstream["card"].replace("lean", evil)
    for name in ("cards/evil.yaml", "campaign.lock.yaml"):
        content = (unpacked / name).read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        manifest["files"][name] = {"bytes": len(content), "sha256": digest}
    (unpacked / MANIFEST).write_text(json.dumps(manifest))
    files: dict[str, Path | bytes] = {
        str(p.relative_to(unpacked)): p for p in unpacked.rglob("*") if p.is_file()
    }
    write_archive(tmp_path / "evil.zip", files)
    done = cross_check(checker, tmp_path / "evil.zip")
    assert done.returncode == 1, done.stderr
    assert f"codec {evil} not decoded: not the name of a codec" in done.stdout
    assert not (tmp_path / "ran").exists()

"""What goes wrong in a campaign is one clear line, and the rest goes on."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ctc.results import PointResult, Status
from ctc.results_reader import read_campaign
from tests.ctc.conftest import SmallCampaign
from tests.ctc.null_codec import environment, write_null_codec, write_sequences

CODEC_FAULTS = [
    "crash",
    "exit",
    "hang",
    "none",
    "full",
    "decoder-hang",
    "decoder-crash",
    "short",
    "random",
]


def write_faulty_conditions(folder: Path) -> Path:
    """Conditions of two configurations: one sequence and faulty codecs; faulty sequences."""
    sequences = ("alpha", "missing", "cut", "long", "altered", "unknown-md5")
    write_sequences(folder, sequences)
    (folder / "missing.yuv").unlink()
    for name, change in (("cut", lambda d: d[:-100]), ("long", lambda d: d + b"x")):
        path = folder / f"{name}.yuv"
        path.write_bytes(change(path.read_bytes()))
    altered = bytearray((folder / "altered.yuv").read_bytes())
    altered[700] ^= 1
    (folder / "altered.yuv").write_bytes(altered)
    document = yaml.safe_load((folder / "sequences.yaml").read_text())
    del document["classes"]["TEST"]["sequences"]["unknown-md5"]["md5"]
    (folder / "sequences.yaml").write_text(yaml.safe_dump(document))
    anchor = write_null_codec(folder, rates=(4, 8))
    cards = [write_null_codec(folder, f, f, rates=(4, 8)) for f in CODEC_FAULTS]
    absent = write_null_codec(folder, "absent", rates=(4, 8))
    (folder / "absent-dec").unlink()
    misspelt = folder / "misspelt.yaml"
    misspelt.write_text(anchor.read_text().replace("title:", "titel:"))
    tests = [*map(str, [*cards, absent, misspelt]), "vvenc-slow"]
    codecs = {"name": "codecs", "sequences": {"names": ["alpha"]}, "tests": tests}
    inputs = {"name": "inputs", "sequences": {"names": list(sequences[1:])}}
    for configuration in (codecs, inputs):
        configuration |= {"anchor": str(anchor), "metrics": ["psnr-y"]}
    path = folder / "faulty.yaml"
    path.write_text(
        yaml.safe_dump(
            {
                "conditions": 1,
                "name": "faulty",
                "version": "1",
                "source": "a test",
                "configurations": [codecs, inputs],
            }
        )
    )
    return path


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """The folder of the one faulty campaign all tests below look at, and what it printed."""
    folder = tmp_path_factory.mktemp("faulty")
    conditions = write_faulty_conditions(folder)
    command = [sys.executable, "-m", "ctc", "run", str(conditions), "--jobs", "3"]
    command += ["--timeout", "6", "--decode-twice", "--file-limit-gib", "0.004", "--no-report"]
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    return folder, done.stdout, done.stderr


def points(folder: Path, card: str, sequence: str = "alpha") -> dict[str, PointResult]:
    results = read_campaign(folder / "reports" / "faulty")
    every = [p for c in results.configurations for p in c.points]
    return {p.rate_point: p for p in every if p.card == card and p.sequence == sequence}


def listed(text: str, *words: str) -> list[str]:
    return [line for line in text.splitlines() if all(word in line for word in words)]


@pytest.mark.parametrize(
    "card, status, stage, cause",
    [
        ("crash", Status.FAILED, "encode", "killed by signal 6 (SIGABRT): encoder: internal error"),
        ("exit", Status.FAILED, "encode", "exit code 1: encoder: cannot cope"),
        ("hang", Status.TIMEOUT, "encode", "no result within the timeout"),
        ("none", Status.FAILED, "encode", "exit code 0, but no output file"),
        ("full", Status.FAILED, "encode", "a file over the size limit"),
        ("decoder-hang", Status.TIMEOUT, "decode", "no result within the timeout"),
        ("decoder-crash", Status.FAILED, "decode", "killed by signal 6 (SIGABRT)"),
        ("short", Status.FAILED, "decode", "decoded 3 pictures, expected 4"),
        ("random", Status.MISMATCH, "decode", "two decodes of one bitstream differ"),
    ],
)
def test_a_codec_that_fails_costs_its_point_alone(
    faulty: tuple[Path, str, str], card: str, status: Status, stage: str, cause: str
) -> None:
    folder, printed, _ = faulty
    found = points(folder, card)
    assert found["4"].status is Status.DONE and found["4"].metrics["psnr-y"].value is not None
    assert found["8"].status is status and cause in found["8"].reason
    assert len(listed(printed, f"{stage}/codecs/{card}/alpha/8", cause)) == 1
    assert not listed(printed, f"codecs/{card}/alpha/4")
    published = {
        p.name for p in (folder / "home" / "store" / "artefacts").rglob("*") if p.is_file()
    }
    decoded = found["8"].decoded_sha256
    assert decoded == "" or decoded not in published


@pytest.mark.parametrize(
    "sequence, cause",
    [
        ("missing", "missing.yuv is in none of"),
        ("cut", "1436 bytes"),
        ("long", "1537 bytes"),
        ("altered", "md5"),
        ("unknown-md5", "no md5 is recorded"),
    ],
)
def test_a_faulty_sequence_costs_its_points_alone(
    faulty: tuple[Path, str, str], sequence: str, cause: str
) -> None:
    folder, printed, _ = faulty
    for label, point in points(folder, "null", sequence).items():
        assert point.status is Status.FAILED and cause in point.reason
        assert sequence in point.reason
        assert len(listed(printed, f"encode/inputs/null/{sequence}/{label}", cause)) == 1
    assert points(folder, "null")["8"].status is Status.DONE


@pytest.mark.parametrize(
    "card, causes",
    [
        ("absent", ["absent.yaml", "program './absent-dec' is not found"]),
        ("misspelt.yaml", ["misspelt.yaml", "unknown key 'titel'; did you mean 'title'?"]),
        ("vvenc-slow", ["codec 'vvenc-slow' is unknown", "did you mean"]),
    ],
)
def test_a_codec_that_cannot_be_used_is_said_once_and_left_out(
    faulty: tuple[Path, str, str], card: str, causes: list[str]
) -> None:
    folder, _, errors = faulty
    assert len(listed(errors, *causes)) == 1
    name = str(folder / card) if card.endswith(".yaml") else card
    found = points(folder, name)
    assert all(p.status is Status.NOT_SUPPORTED for p in found.values())
    assert card == "absent" or not found or causes[-1] in found["4"].reason


def test_a_failure_is_not_tried_again_unless_asked_or_mended(
    campaign: SmallCampaign,
) -> None:
    campaign.codec("exit")
    failed = campaign.run("--sequence", "alpha", "--no-report")
    assert failed.returncode == 1 and "12 run" in failed.stdout, failed.stdout
    runs = campaign.journal()
    resumed = campaign.ctc("resume", "reports/small", "--no-report")
    assert resumed.returncode == 1 and campaign.journal() == runs
    again = campaign.ctc("resume", "reports/small", "--no-report", "--retry-failed")
    assert again.returncode == 1 and campaign.journal() == [*runs, "begin alpha 8"]
    program = campaign.folder / "null-enc"
    program.write_text(program.read_text().replace('if fault == "exit"', 'if fault == "no"'))
    mended = campaign.ctc("resume", "reports/small", "--no-report")
    assert mended.returncode == 0 and "0 failed" in mended.stdout
    assert "program changed" in mended.stderr


def test_what_failed_outside_a_stage_is_tried_again_by_itself(campaign: SmallCampaign) -> None:
    sequence = campaign.folder / "alpha.yuv"
    away = sequence.rename(campaign.folder / "away")
    failed = campaign.run("--no-report", "--rate-points", "2")
    assert failed.returncode == 1 and "alpha.yuv is in none of" in failed.stdout
    away.rename(sequence)
    mended = campaign.ctc("resume", "reports/small", "--no-report")
    assert mended.returncode == 0 and "0 failed" in mended.stdout, mended.stdout


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty"])
def test_a_damaged_record_is_one_line_and_its_stage_runs_again(
    campaign: SmallCampaign, damage: str
) -> None:
    selection = ("--no-report", "--sequence", "alpha", "--rate-points", "2,4")
    assert campaign.run(*selection).returncode == 0
    before = read_campaign(campaign.reports)
    key = before.configurations[0].points[0].record_keys["encode"]
    folders = [campaign.reports / "records", campaign.folder / "home" / "store" / "records"]
    for folder in folders:
        path = folder / key[:2] / f"{key}.json"
        data = bytearray(path.read_bytes())
        if damage == "flipped":
            data[len(data) // 2] ^= 4
        path.write_bytes({"cut": data[:99], "flipped": data, "empty": b""}[damage])
    damaged = read_campaign(campaign.reports).configurations[0].points[0]
    assert damaged.status is Status.NOT_RUN and "record not used" in damaged.reason
    mended = campaign.run(*selection)
    assert mended.returncode == 0 and "1 run, 7 finished before" in mended.stdout
    for folder in folders:
        lines = listed(mended.stderr, str(folder), key, "record not used")
        assert len(lines) == 1
    after = read_campaign(campaign.reports).configurations[0].points[0]
    assert after.bitstream_sha256 == before.configurations[0].points[0].bitstream_sha256


@pytest.mark.parametrize("full, filled", [("store", 1020), ("campaign", 992)])
def test_a_full_disk_is_said_and_the_campaign_resumes(
    campaign: SmallCampaign, full: str, filled: int
) -> None:
    """The store or the campaign is on a file system of 1 MiB, full but for a few kilobytes."""
    small = campaign.folder / "small-disk"
    small.mkdir()
    output = "reports/small" if full == "store" else f"{small}/reports"
    ctc = f"{sys.executable} -m ctc"
    inside = (
        f"mount -t tmpfs -o size=1m tmpfs {small} && "
        f"head -c {filled << 10} /dev/zero > {small}/filler; "
        f"{ctc} run {campaign.conditions} --output {output} --jobs 2 --no-report; "
        f"echo first exit $?; rm {small}/filler; "
        f"{ctc} resume {output} --jobs 2 --no-report; echo second exit $?"
    )
    variables = environment(campaign.folder)
    variables |= {"CTC_HOME": str(small)} if full == "store" else {}
    probe = subprocess.run(
        ["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", str(small)],
        capture_output=True,
        check=False,
    )
    if probe.returncode != 0:
        pytest.skip("mounting a small file system is not permitted here")
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", inside],
        cwd=campaign.folder,
        env=variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "first exit 1" in done.stdout, done.stdout + done.stderr
    words = "disk full" if full == "store" else "records are in the store alone"
    assert listed(done.stdout, words, str(small)), done.stdout
    assert "Traceback" not in done.stderr
    assert "second exit 0" in done.stdout and "0 failed" in done.stdout.split("first exit")[1]


def test_an_orphaned_artefact_is_verified_before_it_is_used(campaign: SmallCampaign) -> None:
    selection = ("--no-report", "--sequence", "alpha", "--rate-points", "4")
    assert campaign.run(*selection, "--keep-decoded").returncode == 0
    store = campaign.folder / "home" / "store"
    point = read_campaign(campaign.reports).configurations[0].points[0]
    key = point.record_keys["measure:psnr-y"]
    for folder in (campaign.reports / "records", store / "records"):
        (folder / key[:2] / f"{key}.json").unlink()
    for digest in (point.decoded_sha256, point.bitstream_sha256):
        path = store / "artefacts" / digest[:2] / digest
        path.chmod(0o644)
        content = bytearray(path.read_bytes())
        content[40] ^= 1
        path.write_bytes(content)
    done = campaign.run(*selection)
    assert done.returncode == 0 and "3 run" in done.stdout, done.stdout + done.stderr
    assert len(listed(done.stderr, point.decoded_sha256, "damaged")) == 1
    assert len(listed(done.stderr, point.bitstream_sha256, "damaged")) == 1
    bitstream = store / "artefacts" / point.bitstream_sha256[:2] / point.bitstream_sha256
    assert hashlib.sha256(bitstream.read_bytes()).hexdigest() == point.bitstream_sha256

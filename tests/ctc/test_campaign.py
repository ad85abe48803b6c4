"""A campaign from end to end on the null codec: results, resume, selection, listings."""

from __future__ import annotations

import hashlib
import math
import shutil
import subprocess
from pathlib import Path

from ctc.results import Status
from ctc.results_reader import read_campaign
from tests.ctc.conftest import SmallCampaign
from tests.ctc.null_codec import write_null_codec

STAGES = 2 * 4 * (2 + 2)  # sequences x rate points x (encode, decode, two metrics)
ALPHA = ("--sequence", "alpha", "--no-report")


def test_every_figure_of_a_campaign_is_what_its_files_say(campaign: SmallCampaign) -> None:
    done = campaign.run("--no-report")
    assert done.returncode == 0, done.stderr
    assert f"{STAGES} stages: {STAGES} run, 0 finished before, 0 failed" in done.stdout
    results = read_campaign(campaign.reports)
    points = results.configurations[0].points
    assert [(p.sequence, p.rate_point) for p in points] == [
        (s, r) for s in ("alpha", "beta") for r in ("2", "4", "8", "16")
    ]
    for point in points:
        assert point.status is Status.DONE and point.frames == 4
        source = (campaign.folder / f"{point.sequence}.yuv").read_bytes()
        step = int(point.rate_point)
        coded = bytes(v // step * step for v in source)
        bitstream = b"%d %d\n" % (len(source), step) + coded
        assert point.bytes == len(bitstream)
        assert point.bitrate_kbps == len(bitstream) * 8 * 25 / 4 / 1000
        assert point.bitstream_sha256 == hashlib.sha256(bitstream).hexdigest()
        assert point.decoded_sha256 == hashlib.sha256(coded).hexdigest()
        assert point.component_bytes == {"bitstream": len(bitstream)}
        psnr = []
        for picture in range(4):
            luma = range(picture * 384, picture * 384 + 256)
            mse = sum((source[i] - coded[i]) ** 2 for i in luma) / 256
            psnr.append(10 * math.log10(255 * 255 / mse))
        measured = point.metrics["psnr-y"]
        assert measured.value is not None and math.isclose(measured.value, sum(psnr) / 4)
        assert all(math.isclose(a, b) for a, b in zip(measured.pictures, psnr, strict=True) if a)
        assert point.encode is not None and point.encode.concurrent_jobs == 2
        assert set(point.record_keys) == {"encode", "decode", "measure:psnr-y", "measure:psnr-u"}


def test_a_finished_campaign_runs_nothing_again_anywhere(campaign: SmallCampaign) -> None:
    assert campaign.run("--no-report").returncode == 0
    journal = campaign.journal()
    again = campaign.run("--no-report")
    assert f"0 run, {STAGES} finished before" in again.stdout and again.returncode == 0
    other = campaign.run("--name", "other", "--no-report")
    assert f"0 run, {STAGES} finished before" in other.stdout
    shutil.rmtree(campaign.folder / "home")  # the campaign alone is enough
    moved = campaign.folder / "moved"
    campaign.reports.rename(moved)
    resumed = campaign.ctc("resume", str(moved), "--no-report")
    assert f"0 run, {STAGES} finished before" in resumed.stdout and resumed.returncode == 0
    assert campaign.journal() == journal


def test_decoded_files_go_and_come_back_only_when_needed(campaign: SmallCampaign) -> None:
    assert campaign.run(*ALPHA).returncode == 0
    store = campaign.folder / "home" / "store"
    kept = [p for p in (store / "artefacts").rglob("*") if p.is_file()]
    assert len(kept) == 4  # the bitstreams
    assert list((store / "work").iterdir()) == []
    assert [p for p in (store / "claims").rglob("*") if p.is_file()] == []
    before = read_campaign(campaign.reports)
    for path in kept:
        path.unlink()
    shutil.rmtree(campaign.reports)
    records = store / "records"
    measured = [p for p in records.rglob("*.json") if b'"stage": "measure"' in p.read_bytes()]
    measured[0].unlink()
    again = campaign.run(*ALPHA)
    assert again.returncode == 0 and "3 run" in again.stdout, again.stdout + again.stderr
    keys = [p.record_keys for p in before.configurations[0].points]
    assert [p.record_keys for p in read_campaign(campaign.reports).configurations[0].points] == keys
    assert len([line for line in campaign.journal() if line.startswith("end")]) == 5


def test_force_runs_all_again_to_the_same_keys(campaign: SmallCampaign) -> None:
    assert campaign.run(*ALPHA).returncode == 0
    keys = [p.record_keys for p in read_campaign(campaign.reports).configurations[0].points]
    forced = campaign.run(*ALPHA, "--force")
    assert f"{STAGES // 2} run, 0 finished before" in forced.stdout, forced.stdout + forced.stderr
    assert len([line for line in campaign.journal() if line.startswith("end")]) == 8
    assert [p.record_keys for p in read_campaign(campaign.reports).configurations[0].points] == keys


def test_selection_and_dry_run(campaign: SmallCampaign) -> None:
    write_null_codec(campaign.folder / "mine", "mine", rates=(3, 5))
    chosen = ["--codec", "mine/mine.yaml", "--sequence", "beta", "--rate-points", "null=2,16"]
    dry = campaign.run(*chosen, "--dry-run")
    assert "24 jobs" not in dry.stdout and not campaign.reports.exists()
    names = [line for line in dry.stdout.splitlines() if "/" in line]
    assert names == [
        *(f"{s}/main/null/beta/{r}" for r in (2, 16) for s in ("encode", "decode")),
        "measure/main/null/beta",
        *(f"{s}/main/mine/beta/{r}" for r in (3, 5) for s in ("encode", "decode")),
        "measure/main/mine/beta",
    ]
    assert campaign.journal() == []
    assert campaign.run(*chosen, "--no-report").returncode == 0
    configuration = read_campaign(campaign.reports).configurations[0]
    assert configuration.cards == ("null", "mine")
    assert [(p.card, p.sequence, p.rate_point) for p in configuration.points] == [
        ("null", "beta", "2"),
        ("null", "beta", "16"),
        ("mine", "beta", "3"),
        ("mine", "beta", "5"),
    ]
    other = campaign.run("--no-report")
    assert other.returncode == 2 and "another selection" in other.stderr


def run_make(campaign: SmallCampaign, text: str) -> subprocess.CompletedProcess[str]:
    """Run a makefile with a `ctc` in its path."""
    return subprocess.run(
        ["make", "-f", "-", "-j", "2"],
        input=text,
        text=True,
        capture_output=True,
        cwd=campaign.folder,
        env=campaign.program(),
        timeout=120,
        check=False,
    )


def test_each_listed_job_is_a_command_that_runs_once(campaign: SmallCampaign) -> None:
    assert campaign.run("--sequence", "alpha", "--rate-points", "2,4", "--dry-run").returncode == 0
    stopped = campaign.run("--sequence", "alpha", "--rate-points", "2,4", "--stage", "encode/x")
    assert stopped.returncode == 2 and "no stage 'encode/x'" in stopped.stderr
    first = campaign.run(
        "--sequence", "alpha", "--rate-points", "2,4", "--stage", "encode/main/null/alpha/2"
    )
    assert first.returncode == 0 and "1 stages: 1 run" in first.stdout, first.stderr
    assert campaign.journal() == ["begin alpha 2", "end alpha 2"]
    listed = campaign.ctc("jobs", "reports/small").stdout.splitlines()
    assert [line.rsplit(" ", 1)[1] for line in listed] == [
        "decode/main/null/alpha/2",
        "encode/main/null/alpha/4",
        "decode/main/null/alpha/4",
        "measure/main/null/alpha",
    ]
    make = campaign.ctc("jobs", "reports/small", "--format", "make").stdout
    done = run_make(campaign, make)
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(campaign.journal()) == sorted(
        ["begin alpha 2", "end alpha 2", "begin alpha 4", "end alpha 4"]
    )
    status = campaign.ctc("status", "reports/small")
    assert status.returncode == 0 and "8 of 8 stages finished" in status.stdout
    array = campaign.ctc("jobs", "reports/small", "--format", "slurm-array").stdout
    assert "--array" not in array


def test_the_tasks_of_an_array_run_each_stage_once_however_often_they_run(
    campaign: SmallCampaign,
) -> None:
    planned = campaign.run("--sequence", "alpha", "--rate-points", "2,4", "--plan-only")
    assert planned.returncode == 0 and "reports/small: planned" in planned.stdout
    assert campaign.journal() == []
    script = campaign.folder / "array.sh"
    script.write_text(campaign.ctc("jobs", "reports/small", "--format", "slurm-array").stdout)
    assert "#SBATCH --array=0-2" in script.read_text()
    variables = campaign.program()
    for _ in range(2):
        tasks = [
            subprocess.Popen(
                ["bash", str(script)],
                cwd=campaign.folder,
                env=variables | {"SLURM_ARRAY_TASK_ID": str(task)},
            )
            for task in (2, 0, 1, 0)
        ]
        assert [task.wait(timeout=120) for task in tasks] == [0, 0, 0, 0]
    assert sorted(campaign.journal()) == [
        *("begin alpha 2", "begin alpha 4"),
        *("end alpha 2", "end alpha 4"),
    ]
    status = campaign.ctc("status", "reports/small")
    assert status.returncode == 0 and "8 of 8 stages finished" in status.stdout


def test_a_moved_folder_reports_from_its_records_alone(
    campaign: SmallCampaign, tmp_path: Path
) -> None:
    assert campaign.run().returncode == 0
    moved = tmp_path / "elsewhere"
    shutil.copytree(campaign.reports, moved)
    points = (moved / "tables" / "points.csv").read_bytes()
    shutil.rmtree(moved / "tables")
    shutil.rmtree(campaign.folder / "home")
    done = campaign.ctc("report", str(moved))
    assert done.returncode == 0, done.stderr
    assert (moved / "tables" / "points.csv").read_bytes() == points

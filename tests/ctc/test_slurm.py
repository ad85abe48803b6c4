"""Campaigns on a real Slurm, where `sinfo` answers: through Dask workers, and as a job array."""

from __future__ import annotations

import re
import shutil
import subprocess
import time

import pytest

from tests.ctc.conftest import SmallCampaign
from tests.ctc.processes import wait_until
from tests.ctc.test_cluster import begun, leftovers, programs, start, undisturbed
from tests.ctc.test_kill import outcome


def slurm(*command: str) -> str:
    """Run a program of Slurm and return what it prints."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    return done.stdout if done.returncode == 0 else ""


def answers() -> bool:
    """Whether a node of a Slurm cluster can take jobs."""
    if shutil.which("sinfo") is None:
        return False
    return bool(re.search("idle|mix|alloc", slurm("sinfo", "--noheader", "--format=%T")))


pytest.importorskip("dask_jobqueue", reason="dask-jobqueue is not installed")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not answers(), reason="no Slurm: sinfo does not answer"),
]
SLURM_S = 300.0
CONFIG = """cluster: 1
workers: 1
cores: 2
memory_gib: 4.0
walltime: "00:10:00"
dashboard_port: 0
"""


def jobs() -> list[str]:
    return slurm("squeue", "--noheader", "--name=ctc-worker", "--format=%i").split()


@pytest.fixture
def arguments(campaign: SmallCampaign) -> tuple[str, ...]:
    path = campaign.folder / "cluster.yaml"
    path.write_text(f"{CONFIG}local_directory: {campaign.folder}\nlog_directory: {campaign.folder}")
    return "--cluster-config", str(path)


def test_dask_workers_of_slurm_give_the_results_of_a_local_run(
    campaign: SmallCampaign, arguments: tuple[str, ...]
) -> None:
    campaign.codec(sleep_s=0.5)
    runner = start(campaign, "slurm", *arguments)
    printed, errors = runner.communicate(timeout=SLURM_S)
    assert runner.returncode == 0, printed + errors
    assert wait_until(lambda: jobs() == [], SLURM_S)
    journal = campaign.journal()
    assert len(journal) == len(set(journal)) == 16
    assert leftovers(campaign) == []
    assert outcome(campaign.reports) == undisturbed(campaign)


def test_a_worker_that_slurm_cancels_is_replaced_and_its_stages_run_again(
    campaign: SmallCampaign, arguments: tuple[str, ...]
) -> None:
    campaign.codec(sleep_s=8.0)
    options = ("--sequence", "alpha", "--rate-points", "2")
    runner = start(campaign, "slurm", *arguments, *options)
    assert wait_until(lambda: "begin alpha 2" in campaign.journal(), SLURM_S)
    before = jobs()
    assert len(before) == 1
    slurm("scancel", *before)
    printed, errors = runner.communicate(timeout=2 * SLURM_S)
    assert runner.returncode == 0, printed + errors
    assert "it runs again" in errors
    assert begun(campaign).count("begin alpha 2") == 2
    assert programs(campaign) == [] and leftovers(campaign) == []
    assert wait_until(lambda: jobs() == [], SLURM_S)


def test_a_job_array_submitted_twice_runs_each_stage_once(campaign: SmallCampaign) -> None:
    campaign.codec(sleep_s=0.5)
    assert campaign.run("--plan-only").returncode == 0
    script = campaign.folder / "array.sh"
    script.write_text(campaign.ctc("jobs", "reports/small", "--format", "slurm-array").stdout)
    submitted = [
        subprocess.run(
            ["sbatch", "--parsable", "--mem=500M", str(script)],
            cwd=campaign.folder,
            env=campaign.program(),
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for _ in range(2)
    ]
    listed = f"--jobs={','.join(submitted)}"
    until = time.monotonic() + 3 * SLURM_S
    while slurm("squeue", "--noheader", listed).strip() and time.monotonic() < until:
        time.sleep(1.0)
    journal = campaign.journal()
    assert len(journal) == len(set(journal)) == 16
    status = campaign.ctc("status", "reports/small")
    assert status.returncode == 0 and "32 of 32 stages finished" in status.stdout
    assert leftovers(campaign) == []
    assert outcome(campaign.reports) == undisturbed(campaign)

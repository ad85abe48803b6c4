"""Any concurrent.futures.Executor whose workers share the folders can run a campaign."""

from __future__ import annotations

import itertools
import multiprocessing
import pickle
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
import yaml

from ctc.campaign import Campaign
from ctc.campaign_folder import open_folder, plan_new
from ctc.campaign_lock import Selection
from ctc.campaign_tasks import RunOptions
from ctc.executor import threads_for
from ctc.machine import available_cores
from ctc.progress import RunProgress
from ctc.registry import find_conditions
from ctc.results import Status
from ctc.results_reader import read_campaign
from ctc.stage import Place
from tests.ctc.conftest import SmallCampaign
from tests.ctc.null_codec import environment, write_sequences


def test_one_thread_a_program_when_there_are_as_many_jobs_as_cores() -> None:
    cores = available_cores()
    assert threads_for(cores) == threads_for(4 * cores) == 1
    assert threads_for(1) == cores


def test_a_campaign_runs_on_worker_processes(
    campaign: SmallCampaign, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:

    for name, value in environment(campaign.folder).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("GVC_DATA", raising=False)
    monkeypatch.chdir(campaign.folder)
    conditions, path = find_conditions(str(campaign.conditions))
    folder = Path("reports/small")
    plan = plan_new(folder, conditions, path, Selection(sequences=["alpha"]), "small")
    open_folder(folder, plan)
    place = Place(campaign.folder / "store", folder.absolute(), "test", jobs=2)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        progress = RunProgress(sys.stderr, quiet=True)
        summary = Campaign(plan, place, RunOptions(), progress, executor=pool).run()
        assert pool.submit(len, "still open").result() == 10
    assert (summary.run, summary.failures) == (16, [])
    points = read_campaign(folder).configurations[0].points
    assert [p.status for p in points] == [Status.DONE] * 4
    assert len([line for line in campaign.journal() if line.startswith("end")]) == 4
    assert pickle.loads(pickle.dumps(place)) == place  # noqa: S301 - our own bytes


def most_at_once(journal: list[str]) -> int:
    """How many encodes were ever under way together."""
    steps = [1 if line.startswith("begin") else -1 for line in journal]
    return max(itertools.accumulate(steps))


def change_card(campaign: SmallCampaign, **values: object) -> None:
    path = campaign.folder / "null.yaml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **values}))


def test_stages_never_take_more_memory_than_there_is(campaign: SmallCampaign) -> None:
    campaign.codec(sleep_s=0.15)
    change_card(campaign, resources={"memory_gib": 3.0})
    options = ("--no-report", "--sequence", "alpha")
    done = campaign.run("--memory-gib", "6", "--name", "two", *options)
    assert done.returncode == 0, done.stderr
    assert most_at_once(campaign.journal()) == 2
    (campaign.folder / "journal").unlink()
    done = campaign.run("--memory-gib", "5.9", "--name", "one", "--force", *options)
    assert done.returncode == 0, done.stderr
    assert most_at_once(campaign.journal()) == 1


def test_a_stage_larger_than_the_machine_is_refused_in_one_line(campaign: SmallCampaign) -> None:
    change_card(campaign, resources={"gpus": 1})
    options = ("--no-report", "--sequence", "alpha", "--rate-points", "2,4")
    done = campaign.run("--gpus", "0", "--memory-gib", "8", "--jobs", "2", *options)
    assert done.returncode == 1
    refused = "needs 1 core, 1 GPU; there are 2 cores, 0 GPUs, 8 GiB"
    assert done.stdout.count(f"not-supported encode/main/null/alpha/2: {refused}") == 1
    assert campaign.journal() == []
    done = campaign.ctc("resume", "reports/small", "--no-report", "--gpus", "1")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_program_may_need_other_than_its_card_states(campaign: SmallCampaign) -> None:
    card = yaml.safe_load((campaign.folder / "null.yaml").read_text())
    encoder = {**card["encoder"], "resources": {"memory_gib": 1.0}}
    change_card(campaign, resources={"memory_gib": 9.0}, encoder=encoder)
    done = campaign.run("--memory-gib", "8", "--no-report", "--rate-points", "2")
    assert done.returncode == 1
    assert len(campaign.journal()) == 4
    assert done.stdout.count("needs 1 core, 9 GiB") == 2


def test_the_longest_encode_is_started_first(campaign: SmallCampaign) -> None:
    write_sequences(campaign.folder, ("alpha",), frames=4)
    short = yaml.safe_load((campaign.folder / "sequences.yaml").read_text())
    write_sequences(campaign.folder, ("beta",), frames=40)
    both = yaml.safe_load((campaign.folder / "sequences.yaml").read_text())
    sequences = both["classes"]["TEST"]["sequences"]
    sequences |= short["classes"]["TEST"]["sequences"]
    (campaign.folder / "sequences.yaml").write_text(yaml.safe_dump(both))
    done = campaign.run("--jobs", "1", "--no-report", "--rate-points", "2,4")
    assert done.returncode == 0, done.stderr
    begun = [line.split()[1] for line in campaign.journal() if line.startswith("begin")]
    assert begun == ["beta", "beta", "alpha", "alpha"]

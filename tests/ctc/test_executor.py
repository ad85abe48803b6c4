"""Any concurrent.futures.Executor whose workers share the folders can run a campaign."""

from __future__ import annotations

import multiprocessing
import pickle
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from ctc.campaign import Campaign
from ctc.campaign_folder import open_folder, plan_new
from ctc.campaign_lock import Selection
from ctc.campaign_tasks import RunOptions
from ctc.executor import available_cores, threads_for
from ctc.progress import RunProgress
from ctc.registry import find_conditions
from ctc.results import Status
from ctc.results_reader import read_campaign
from ctc.stage import Place
from tests.ctc.conftest import SmallCampaign
from tests.ctc.null_codec import environment


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

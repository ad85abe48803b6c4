"""Jobs handed to an executor that loses them."""

from __future__ import annotations

import sys
from concurrent.futures import Executor, Future

import pytest

from ctc.campaign import Campaign, Summary
from ctc.campaign_folder import open_folder, plan_new
from ctc.campaign_lock import Selection
from ctc.campaign_tasks import RunOptions
from ctc.errors import StageError
from ctc.executor import StageCall, WorkerLost
from ctc.progress import RunProgress
from ctc.registry import find_conditions
from ctc.stage import Outcome, Place
from tests.ctc.conftest import SmallCampaign
from tests.ctc.null_codec import environment


class Careless(Executor):
    """Runs a stage here and now, but loses the first so many of a name."""

    def __init__(self, name: str, times: int, problem: Exception | Outcome) -> None:
        self.name, self.left, self.problem = name, times, problem

    def submit(self, call: StageCall, /) -> Future[Outcome]:  # type: ignore[override]
        future: Future[Outcome] = Future()
        if call.name == self.name and self.left:
            self.left -= 1
            if isinstance(self.problem, Outcome):
                future.set_result(self.problem)
            else:
                future.set_exception(self.problem)
        else:
            future.set_result(call())
        return future


@pytest.fixture
def place(campaign: SmallCampaign, monkeypatch: pytest.MonkeyPatch) -> Place:
    for name, value in environment(campaign.folder).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("GVC_DATA", raising=False)
    monkeypatch.chdir(campaign.folder)
    return Place(campaign.folder / "store", campaign.reports, "test", jobs=1)


def run(campaign: SmallCampaign, place: Place, executor: Executor) -> Summary:
    conditions, path = find_conditions(str(campaign.conditions))
    selection = Selection(sequences=["alpha"], labels=["2", "4"])
    plan = plan_new(campaign.reports, conditions, path, selection, "small")
    open_folder(campaign.reports, plan)
    progress = RunProgress(sys.stderr, quiet=True)
    return Campaign(plan, place, RunOptions(), progress, executor=executor).run()


@pytest.mark.parametrize("loss", [WorkerLost("worker a has ended"), Outcome(cancelled=True)])
def test_a_stage_that_is_lost_runs_again(
    campaign: SmallCampaign,
    place: Place,
    loss: Exception | Outcome,
    capsys: pytest.CaptureFixture[str],
) -> None:
    summary = run(campaign, place, Careless("encode/main/null/alpha/2", 2, loss))
    assert (summary.run, summary.failures) == (8, [])
    lines = [line for line in capsys.readouterr().err.splitlines() if "it runs again" in line]
    assert len(lines) == 2 and all(line.startswith("encode/main/null/alpha/2: ") for line in lines)


@pytest.mark.parametrize("stage", ["encode/main/null/alpha/2", "measure/main/null/alpha"])
def test_a_stage_lost_three_times_is_reported_and_tried_by_the_next_resume(
    campaign: SmallCampaign, place: Place, stage: str
) -> None:
    lost = Careless(stage, 3, WorkerLost("worker a has ended"))
    summary = run(campaign, place, lost)
    reasons = {(f.status, f.reason) for f in summary.failures}
    assert reasons == {("failed", "lost 3 times: worker a has ended")}
    assert len(summary.failures) == (1 if stage.startswith("encode") else 4)
    summary = run(campaign, place, lost)
    assert summary.failures == [] and summary.run == summary.total - summary.cached > 0


def test_a_broken_executor_is_one_line(campaign: SmallCampaign, place: Place) -> None:
    from concurrent.futures.process import BrokenProcessPool

    broken = Careless("encode/main/null/alpha/2", 1, BrokenProcessPool("a process was killed"))
    with pytest.raises(StageError, match="alpha/2: cannot be run: a process was killed"):
        run(campaign, place, broken)

"""Jobs handed to an executor that loses them."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import Executor, Future

import pytest

import ctc.claim
from ctc.campaign import Campaign, Summary
from ctc.campaign_folder import open_folder, plan_new
from ctc.campaign_lock import Selection
from ctc.campaign_tasks import RunOptions
from ctc.cluster_worker import run_call
from ctc.errors import StageError
from ctc.executor import StageCall, WorkerLost
from ctc.progress import RunProgress
from ctc.registry import find_conditions
from ctc.results_reader import read_campaign
from ctc.stage import Outcome, Place
from tests.ctc.conftest import SmallCampaign
from tests.ctc.null_codec import environment
from tests.ctc.processes import wait_until
from tests.ctc.test_kill import outcome


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


class Fresh(Executor):
    """Runs each stage in a new process, as the workers of a cluster do."""

    def submit(self, call: StageCall, /) -> Future[Outcome]:  # type: ignore[override]
        future: Future[Outcome] = Future()
        future.set_result(run_call(call, "test", {}))
        return future


def test_a_claim_of_a_machine_that_died_is_recovered_though_each_stage_is_a_new_process(
    campaign: SmallCampaign, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ctc.claim, "SILENCE_S", 1.5)
    summary = run(campaign, place, Fresh())
    assert summary.failures == [] and summary.run == 8
    key = read_campaign(campaign.reports).configurations[0].points[0].record_keys["encode"]
    for folder in (place.campaign, place.store):
        (folder / "records" / key[:2] / f"{key}.json").unlink()
    left = place.store / "claims" / key[:2] / f"{key}.1"
    left.write_text('["node7.0a1b2c3d.4026531836", 77, "123456"]')
    before = len(campaign.journal())
    summary = run(campaign, place, Fresh())
    assert summary.failures == [] and summary.run == 1
    assert len(campaign.journal()) == before + 2
    assert not left.exists()


ELSEWHERE = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")
QUICK = (
    "import sys, ctc.claim; ctc.claim.HEARTBEAT_S, ctc.claim.SILENCE_S = 0.2, 6.0; "
    "from ctc.__main__ import main; sys.exit(main(sys.argv[1:]))"
)


def start(campaign: SmallCampaign, name: str, elsewhere: bool) -> subprocess.Popen[str]:
    """Start a runner; elsewhere: in a process namespace of its own.

    That makes it a machine whose processes the other runners cannot ask for.
    """
    command = [sys.executable, "-c", QUICK, "run", str(campaign.conditions), "--jobs", "2"]
    return subprocess.Popen(
        [*(ELSEWHERE if elsewhere else ()), *command, "--no-report", "--name", name],
        cwd=campaign.folder,
        env=environment(campaign.folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture
def namespaces() -> None:
    try:
        made = subprocess.run([*ELSEWHERE, "true"], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("no process namespace can be made here: unshare is absent")
    if made.returncode:
        pytest.skip("no process namespace can be made here: not permitted")


@pytest.mark.usefixtures("namespaces")
def test_two_runners_that_seem_two_machines_do_nothing_twice(campaign: SmallCampaign) -> None:
    campaign.codec(sleep_s=0.4)
    runners = [start(campaign, "one", False), start(campaign, "two", True)]
    printed = [runner.communicate(timeout=100)[0] for runner in runners]
    assert [runner.returncode for runner in runners] == [0, 0], printed
    journal = campaign.journal()
    assert len(journal) == len(set(journal)) == 16
    one, two = (outcome(campaign.folder / "reports" / name) for name in ("one", "two"))
    assert one == two


@pytest.mark.slow
@pytest.mark.usefixtures("namespaces")
def test_the_claims_of_a_machine_that_dies_are_recovered_by_another(
    campaign: SmallCampaign,
) -> None:
    campaign.codec(sleep_s=6.0, rates=(2, 4))
    dies = start(campaign, "dies", True)
    assert wait_until(lambda: len(campaign.journal()) == 2, 60.0)
    lives = start(campaign, "lives", False)
    dies.kill()
    dies.communicate()
    printed, _ = lives.communicate(timeout=100)
    assert lives.returncode == 0, printed
    journal = campaign.journal()
    begun = [line for line in journal if line.startswith("begin")]
    ended = [line for line in journal if line.startswith("end")]
    assert len(ended) == len(set(ended)) == 4
    assert len(begun) == 6 and set(begun[:2]) <= set(begun[2:])
    store = campaign.folder / "home" / "store"
    assert [path for path in (store / "claims").rglob("*") if path.is_file()] == []

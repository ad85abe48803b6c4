"""Runners that are stopped, or run beside one another; tests/faults kills them."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from tests.ctc.conftest import SmallCampaign
from tests.ctc.null_codec import environment
from tests.ctc.processes import running, wait_until
from tests.faults.bench import outcome

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


def start(campaign: SmallCampaign, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "ctc", "run", str(campaign.conditions), "--jobs", "2"]
    return subprocess.Popen(
        [*command, "--no-report", *arguments],
        cwd=campaign.folder,
        env=environment(campaign.folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_interrupts,
    )


def heed_interrupts() -> None:
    """Undo what the shell does to a command in the background: SIGINT ignored, and inherited."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_runner_ends_its_programs_and_says_how_to_go_on(
    campaign: SmallCampaign, number: signal.Signals
) -> None:
    campaign.codec("hang", fault_at=2)
    runner = start(campaign)
    assert wait_until(lambda: "begin alpha 2" in campaign.journal())
    runner.send_signal(number)
    printed, errors = runner.communicate(timeout=30)
    assert runner.returncode == 130, printed + errors
    assert "ctc resume reports/small" in printed and "Traceback" not in errors
    assert not running(str(campaign.folder))
    store = campaign.folder / "home" / "store"
    assert [p for p in (store / "claims").rglob("*") if p.is_file()] == []
    assert list((store / "work").iterdir()) == []
    campaign.codec()
    resumed = campaign.ctc("resume", "reports/small", "--no-report")
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr


def test_two_runners_share_a_store_and_do_nothing_twice(campaign: SmallCampaign) -> None:
    campaign.codec(sleep_s=0.2)
    runners = [start(campaign, "--name", name) for name in ("one", "two")]
    printed = [runner.communicate(timeout=100) for runner in runners]
    assert [runner.returncode for runner in runners] == [0, 0], printed
    journal = campaign.journal()
    assert len(journal) == len(set(journal)) == 16
    one, two = (outcome(campaign.folder / "reports" / name) for name in ("one", "two"))
    assert one == two


def test_two_runners_may_share_a_campaign_folder(campaign: SmallCampaign) -> None:
    campaign.codec(sleep_s=0.2)
    runners = [start(campaign) for _ in range(2)]
    printed = [runner.communicate(timeout=100) for runner in runners]
    assert [runner.returncode for runner in runners] == [0, 0], printed
    journal = campaign.journal()
    assert len(journal) == len(set(journal)) == 16

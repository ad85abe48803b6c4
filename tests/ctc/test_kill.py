"""Runners that are killed, stopped, or run beside one another."""

from __future__ import annotations

import hashlib
import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ctc.results_reader import read_campaign
from tests.ctc.conftest import SmallCampaign
from tests.ctc.null_codec import environment
from tests.ctc.processes import running, wait_until

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


def finished_encodes(campaign: SmallCampaign) -> set[tuple[str, str]]:
    """Sequence and rate point of every encode whose record is in the store."""
    md5s = {
        name: digest
        for name, digest in (
            (p.stem, hashlib.md5(p.read_bytes()).hexdigest()) for p in campaign.folder.glob("*.yuv")
        )
    }
    names = {digest: name for name, digest in md5s.items()}
    found = set()
    for path in (campaign.folder / "home" / "store" / "records").glob("??/*.json"):
        record = json.loads(path.read_bytes())
        if record["stage"] == "encode" and record["status"] == "done":
            inputs = record["inputs"]
            found.add((names[inputs["sequence_md5"]], inputs["arguments"][2]))
    return found


def outcome(folder: Path) -> list[tuple[object, ...]]:
    """Keys, bytes and figures of every point: all that an undisturbed run gives."""
    points = read_campaign(folder).configurations[0].points
    return [
        (p.sequence, p.rate_point, p.status, p.bytes, p.bitstream_sha256, p.decoded_sha256)
        + (p.record_keys, {n: (m.value, m.pictures) for n, m in p.metrics.items()})
        for p in points
    ]


@pytest.mark.parametrize("rounds", [3, pytest.param(25, marks=pytest.mark.slow)])
def test_a_runner_killed_at_any_instant_loses_and_repeats_nothing(
    campaign: SmallCampaign, tmp_path_factory: pytest.TempPathFactory, rounds: int
) -> None:
    rng = random.Random(rounds)
    campaign.codec(sleep_s=0.3)
    marker = str(campaign.folder)
    settled: set[tuple[str, str]] = set()
    for _ in range(rounds):
        before = len(campaign.journal())
        runner = start(campaign)
        wait_until(lambda: len(campaign.journal()) > before or runner.poll() is not None)  # noqa: B023
        time.sleep(rng.uniform(0, 0.7))
        runner.kill()
        runner.communicate()
        assert wait_until(lambda: not running(marker)), "orphans"
        begun = {tuple(line.split()[1:]) for line in campaign.journal()[before:]}
        assert not begun & settled, "a finished encode ran again"
        now = finished_encodes(campaign)
        assert settled <= now, "a finished encode was lost"
        settled = now
    before = len(campaign.journal())
    done = campaign.run("--no-report")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not {tuple(line.split()[1:]) for line in campaign.journal()[before:]} & settled
    store = campaign.folder / "home" / "store"
    assert list((store / "work").iterdir()) == []
    assert [p for p in (store / "claims").rglob("*") if p.is_file()] == []
    disturbed = outcome(campaign.reports)
    (campaign.folder / "home").rename(campaign.folder / "away")
    undisturbed = campaign.run("--no-report", "--name", "undisturbed")
    assert undisturbed.returncode == 0
    assert outcome(campaign.folder / "reports" / "undisturbed") == disturbed


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

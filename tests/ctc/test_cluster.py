"""Campaigns on real Dask clusters of this machine: same results, whatever dies."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.ctc.conftest import SmallCampaign
from tests.ctc.null_codec import environment
from tests.ctc.processes import running, wait_until
from tests.ctc.test_kill import heed_interrupts
from tests.faults.bench import outcome

pytest.importorskip("distributed", reason="distributed is not installed")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc"),
]
SCHEDULER_S = 60.0


@dataclass
class Cluster:
    """A scheduler and workers of one slot, each a process of its own, started by others."""

    folder: Path
    address: str = ""
    scheduler: subprocess.Popen[bytes] | None = None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, workers: int) -> None:
        address = self.folder / "scheduler.json"
        self.scheduler = self._process(
            "scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", str(address)
        )
        assert wait_until(address.exists, SCHEDULER_S)
        assert wait_until(lambda: address.read_text().rstrip().endswith("}"), SCHEDULER_S)
        self.address = json.loads(address.read_text())["address"]
        for _ in range(workers):
            self.add_worker()

    def add_worker(self) -> None:
        self.workers.append(
            self._process("worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard")
        )

    def _process(self, *arguments: str) -> subprocess.Popen[bytes]:
        log = (self.folder / "dask.log").open("ab")
        with log:
            return subprocess.Popen(
                [sys.executable, "-m", "dask", *arguments],
                cwd=self.folder,
                env=environment(self.folder),
                stdout=log,
                stderr=log,
            )

    def end(self) -> None:
        for process in [*self.workers, self.scheduler]:
            if process is not None:
                process.kill()
                process.wait()


@pytest.fixture
def cluster(campaign: SmallCampaign) -> Iterator[Cluster]:
    made = Cluster(campaign.folder)
    try:
        made.start(2)
        yield made
    finally:
        made.end()


def start(campaign: SmallCampaign, cluster: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "ctc", "run", str(campaign.conditions), "--cluster", cluster]
    return subprocess.Popen(
        [*command, "--no-report", *arguments],
        cwd=campaign.folder,
        env=environment(campaign.folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_interrupts,
    )


def programs(campaign: SmallCampaign) -> list[int]:
    """Encoders and decoders that run now."""
    return running(str(campaign.folder / "null-"))


def undisturbed(campaign: SmallCampaign) -> list[tuple[object, ...]]:
    """What a local run with a store of its own gives."""
    (campaign.folder / "home").rename(campaign.folder / "away")
    done = campaign.run("--no-report", "--name", "undisturbed")
    assert done.returncode == 0, done.stdout + done.stderr
    return outcome(campaign.folder / "reports" / "undisturbed")


def begun(campaign: SmallCampaign) -> list[str]:
    return [line for line in campaign.journal() if line.startswith("begin")]


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


def leftovers(campaign: SmallCampaign) -> list[Path]:
    store = campaign.folder / "home" / "store"
    claims = [path for path in (store / "claims").rglob("*") if path.is_file()]
    return [*(store / "work").iterdir(), *claims, *store.glob(".tmp-*")]


def test_a_local_cluster_gives_the_results_of_a_local_run(campaign: SmallCampaign) -> None:
    config = campaign.folder / "cluster.yaml"
    config.write_text("cluster: 1\nworkers: 3\ncores: 2\nmemory_gib: 4.0\ndashboard_port: 0\n")
    campaign.codec(sleep_s=0.5)
    done = campaign.run("--no-report", "--cluster", "local", "--cluster-config", str(config))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "cluster local: dashboard http://127.0.0.1:" in done.stderr
    journal = campaign.journal()
    assert len(journal) == len(set(journal)) == 16
    assert leftovers(campaign) == []
    assert outcome(campaign.reports) == undisturbed(campaign)


def test_a_killed_workers_stage_runs_again_elsewhere_and_its_encoder_dies(
    campaign: SmallCampaign, cluster: Cluster
) -> None:
    campaign.codec("hang", fault_at=2)
    runner = start(campaign, cluster.address, "--sequence", "alpha")
    assert wait_until(lambda: "begin alpha 2" in campaign.journal(), SCHEDULER_S)
    (encoder,) = [pid for pid in programs(campaign) if b"\x002\x00" in command_line(pid)]
    holder = next(w for w in cluster.workers if w.pid in ancestors(encoder))
    holder.kill()
    assert wait_until(lambda: not Path(f"/proc/{encoder}").exists()), "an encoder lives on"
    assert wait_until(lambda: begun(campaign).count("begin alpha 2") == 2, SCHEDULER_S)
    runner.send_signal(signal.SIGINT)
    printed, errors = runner.communicate(timeout=SCHEDULER_S)
    assert runner.returncode == 130, printed + errors
    assert "has ended; it runs again" in errors and "Traceback" not in errors
    assert programs(campaign) == [] and leftovers(campaign) == []
    campaign.codec()
    resumed = campaign.ctc("resume", "reports/small", "--no-report", "--cluster", cluster.address)
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    options = ("--no-report", "--name", "undisturbed", "--sequence", "alpha")
    (campaign.folder / "home").rename(campaign.folder / "away")
    assert campaign.run(*options).returncode == 0
    assert outcome(campaign.reports) == outcome(campaign.folder / "reports" / "undisturbed")


def command_line(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def ancestors(pid: int) -> list[int]:
    found = []
    while pid > 1:
        pid = int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[1])
        found.append(pid)
    return found


def test_a_runner_killed_with_its_local_cluster_leaves_nothing(campaign: SmallCampaign) -> None:
    campaign.codec("hang", fault_at=2)
    runner = start(campaign, "local", "--jobs", "2")
    assert wait_until(lambda: "begin alpha 2" in campaign.journal(), SCHEDULER_S)
    runner.kill()
    runner.communicate()
    assert wait_until(lambda: not running(str(campaign.folder)), 30.0), "orphans"
    campaign.codec()
    done = campaign.run("--no-report")
    assert done.returncode == 0, done.stdout + done.stderr
    assert leftovers(campaign) == []
    assert outcome(campaign.reports) == undisturbed(campaign)


def test_a_scheduler_that_dies_ends_the_run_in_one_line_and_nothing_is_lost(
    campaign: SmallCampaign, cluster: Cluster
) -> None:
    campaign.codec(sleep_s=1.5)
    runner = start(campaign, cluster.address)
    assert wait_until(lambda: len(finished_encodes(campaign)) >= 2, SCHEDULER_S)
    assert cluster.scheduler is not None
    cluster.scheduler.kill()
    printed, errors = runner.communicate(timeout=2 * SCHEDULER_S)
    assert runner.returncode == 1, printed + errors
    assert errors.splitlines()[-1] == (
        f"ctc: the scheduler of {cluster.address} has gone; nothing finished is lost: "
        "ctc resume reports/small"
    )
    assert "Traceback" not in errors
    assert wait_until(lambda: programs(campaign) == [], SCHEDULER_S), "orphans"
    finished, before = finished_encodes(campaign), len(begun(campaign))
    resumed = campaign.ctc("resume", "reports/small", "--no-report")
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    again = {tuple(line.split()[1:]) for line in begun(campaign)[before:]}
    assert len(finished) >= 2 and not again & finished
    assert outcome(campaign.reports) == undisturbed(campaign)

"""Parts of a Dask cluster that die: scheduler, worker, and the runner that uses it."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.faults.trial import PATIENCE_S, Trial

WORKERS = 2


def cluster_possible() -> bool:
    """Whether Dask is installed."""
    return importlib.util.find_spec("distributed") is not None


@dataclass
class Cluster:
    """A scheduler and workers of one slot each, every one a process of its own."""

    address: str
    scheduler: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)


def scheduler_killed(trial: Trial) -> bool:
    """The scheduler dies: the run ends in one line."""
    with _cluster(trial) as cluster:
        runner = _started(trial, cluster)
        struck = trial.moment(runner)
        cluster.scheduler.kill()
        trial.finish(runner)
    return struck


def cluster_worker_killed(trial: Trial) -> bool:
    """One of two workers dies: the other does the rest."""
    with _cluster(trial) as cluster:
        runner = _started(trial, cluster)
        struck = trial.moment(runner)
        trial.rng.choice(cluster.workers).kill()
        code = trial.finish(runner)
    return struck and code == 0


def cluster_runner_killed(trial: Trial) -> bool:
    """The runner dies: the workers, which live on, drop its stages."""
    with _cluster(trial) as cluster:
        runner = _started(trial, cluster)
        struck = trial.moment(runner)
        runner.kill()
        trial.finish(runner)
        trial.count_orphans("other")  # scheduler and workers stay
    return struck


def _started(trial: Trial, cluster: Cluster) -> subprocess.Popen[str]:
    """Start a runner on the cluster; returns when it has begun its first encode."""
    runner = trial.start("--cluster", cluster.address)
    while not trial.encodes() and runner.poll() is None:
        time.sleep(0.01)
    return runner


@contextmanager
def _cluster(trial: Trial) -> Iterator[Cluster]:
    """A cluster that ends with the block."""
    told = trial.home / "scheduler.json"
    told_in = ("--scheduler-file", str(told))
    cluster = Cluster("", _dask(trial, "scheduler", "--port", "0", "--no-dashboard", *told_in))
    try:
        end = time.monotonic() + PATIENCE_S
        while not cluster.address and time.monotonic() < end:
            time.sleep(0.05)
            text = told.read_text() if told.exists() else ""
            if text.rstrip().endswith("}"):
                cluster.address = json.loads(text)["address"]
        options = ("--nthreads", "1", "--no-nanny", "--no-dashboard")
        for _ in range(WORKERS):
            cluster.workers.append(_dask(trial, "worker", cluster.address, *options))
        yield cluster
    finally:
        for process in (*cluster.workers, cluster.scheduler):
            process.kill()
            process.wait()


def _dask(trial: Trial, *arguments: str) -> subprocess.Popen[bytes]:
    with (trial.home / "dask.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *arguments],
            cwd=trial.home,
            env=trial.bench.environment(trial.home),
            stdout=log,
            stderr=log,
        )

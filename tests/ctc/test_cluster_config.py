"""What a cluster is asked for: every wrong key is one line; each engine's script holds the rest."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import ctc.cluster_worker
from ctc.cluster import check_name, open_cluster
from ctc.cluster_config import (
    CLUSTER_CLASSES,
    ENGINES,
    SUBMIT_PROGRAMS,
    engine_arguments,
    load_cluster_config,
)
from ctc.cluster_worker import harness_digest, offer
from ctc.errors import ClusterError
from ctc.machine import Machine
from tests.ctc.conftest import SmallCampaign
from tests.ctc.null_codec import environment

SMALLEST: dict[str, Any] = {"cluster": 1, "workers": 2, "cores": 4, "memory_gib": 7.5}


def written(folder: Path, **values: object) -> Path:
    path = folder / "cluster.yaml"
    path.write_text(yaml.safe_dump({**SMALLEST, **values}))
    return path


@pytest.mark.parametrize(
    "engine, values, words",
    [
        ("slurm", {"wall_time": "01:00:00"}, "unknown key 'wall_time'; did you mean 'walltime'?"),
        ("slurm", {"walltime": "soon"}, "walltime = 'soon': "),
        ("slurm", {"walltime": 3600}, "walltime = 3600: "),
        ("slurm", {"workers": 0}, "workers = 0: "),
        ("slurm", {"memory_gib": -1.0}, "memory_gib = -1.0: "),
        ("slurm", {"cores": "4"}, "cores = '4': "),
        ("slurm", {"disk_gib": 4.0}, "key 'disk_gib' has no use with --cluster slurm"),
        ("htcondor", {}, "key 'disk_gib' is missing"),
        ("htcondor", {"disk_gib": 4.0, "queue": "q"}, "key 'queue' has no use"),
        ("local", {"walltime": "01:00"}, "key 'walltime' has no use with --cluster local"),
    ],
)
def test_a_wrong_configuration_is_one_line(
    tmp_path: Path, engine: str, values: dict[str, object], words: str
) -> None:
    path = written(tmp_path, **values)
    with pytest.raises(ClusterError, match=re.escape(words)) as caught:
        load_cluster_config(path, engine)
    assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "options, words",
    [
        (["--cluster", "slrum"], "did you mean 'slurm'?"),
        (["--cluster", "host:8786"], "such as tcp://host:8786"),
        (["--cluster", "pbs"], "give --cluster-config FILE"),
        (["--cluster-config", "c.yaml"], "give --cluster too"),
        (["--cluster", "tcp://h:1", "--cluster-config", "c.yaml"], "has its workers already"),
        (["--cluster", "local", "--gpus", "1"], "--cluster-config has them"),
        (["--cluster", "local", "--cluster-config", "none.yaml"], "none.yaml: cannot be read"),
    ],
)
def test_wrong_options_are_one_line(
    campaign: SmallCampaign, options: list[str], words: str
) -> None:
    done = campaign.run(*options)
    assert done.returncode == 2 and words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_without_dask_the_command_that_installs_it_is_named(campaign: SmallCampaign) -> None:
    text = (
        "import sys; sys.modules['distributed'] = None; from ctc.__main__ import main; "
        f"sys.exit(main(['run', {str(campaign.conditions)!r}, '--cluster', 'local']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", text],
        cwd=campaign.folder,
        env=environment(campaign.folder),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "dask is not installed; pip install 'gvc-reference-software[cluster]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_engine_that_is_not_here_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed", reason="distributed is not installed")
    monkeypatch.setenv("PATH", str(tmp_path))
    with (
        pytest.raises(ClusterError, match="--cluster lsf: bsub is not found on this machine"),
        open_cluster("lsf", written(tmp_path), 1, tmp_path / "store", lambda line: None),
    ):
        pass
    assert list((tmp_path / "store" / "work").iterdir()) == []


def test_a_scheduler_that_does_not_answer_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed", reason="distributed is not installed")
    monkeypatch.setattr("ctc.cluster.CONNECT_S", 0.5)
    with (
        pytest.raises(
            ClusterError, match=r"tcp://127\.0\.0\.1:9: no scheduler answers within 0\.5 s"
        ),
        open_cluster("tcp://127.0.0.1:9", None, 1, tmp_path / "store", lambda line: None),
    ):
        pass


@pytest.mark.parametrize("engine", ENGINES)
def test_the_job_script_of_each_engine_holds_what_was_asked_for(
    tmp_path: Path, engine: str
) -> None:
    jobqueue = pytest.importorskip("dask_jobqueue", reason="dask-jobqueue is not installed")
    values: dict[str, object] = {"python": "/opt/own/python", "dashboard_port": 0}
    if engine == "htcondor":
        values |= {"disk_gib": 9.0, "attributes": {"+Group": "video"}}
    else:
        values |= {"queue": "long", "walltime": "12:00:00", "directives": ["--special"]}
        values |= {"account": "codecs", "prologue": ["module load python"]}
    config = load_cluster_config(written(tmp_path, **values), engine)
    with getattr(jobqueue, CLUSTER_CLASSES[engine])(
        n_workers=0, silence_logs="critical", **engine_arguments(config, engine)
    ) as cluster:
        script = cluster.job_script()
        assert cluster.job_cls.submit_command.split()[0] == SUBMIT_PROGRAMS[engine]
    assert "/opt/own/python" in script and "--nthreads 4" in script
    assert "--memory-limit 7.50GiB" in script
    if engine == "htcondor":
        assert "+Group = video" in script and "RequestCpus = MY.DaskWorkerCores" in script
    else:
        for wanted in ("long", "12:00", "--special", "codecs", "module load python"):
            assert wanted in script, wanted


def test_a_name_is_an_address_or_an_engine() -> None:
    for good in ("tcp://h:8786", "tls://h:8786", "local", *ENGINES):
        check_name(good)
    with pytest.raises(ClusterError):
        check_name("kubernetes")


class FakeWorker:
    """What `offer` looks at of a worker."""

    def __init__(self, declared: dict[str, float]) -> None:
        self.state = type("S", (), {"nthreads": 3, "total_resources": declared})()
        self.memory_manager = type("M", (), {"memory_limit": 6 << 30})()
        self.resources: dict[str, float] = {}

    async def set_resources(self, **resources: float) -> None:
        self.resources = resources


def test_a_worker_offers_what_it_has_or_what_it_was_asked_for(tmp_path: Path) -> None:
    worker = FakeWorker({"GPU": 2})
    found = asyncio.run(offer(harness_digest(), tmp_path, None, worker))
    assert found == Machine(3, 6.0, 2)
    assert worker.resources == {"ctc_cores": 3.0, "ctc_memory_gib": 6.0, "ctc_gpus": 2.0}
    wanted = Machine(1, 4.0, 0)
    assert asyncio.run(offer(harness_digest(), tmp_path, wanted, worker)) == wanted


def test_a_worker_that_sees_another_store_or_has_another_harness_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ctc.cluster_worker, "SEEN_WITHIN_S", 0.0)
    with pytest.raises(ClusterError, match="does not see the runner's store"):
        asyncio.run(offer(harness_digest(), tmp_path / "mark", None, FakeWorker({})))
    with pytest.raises(ClusterError, match="are not the runner's"):
        asyncio.run(offer("0" * 64, tmp_path, None, FakeWorker({})))

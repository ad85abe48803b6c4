"""What to ask of a cluster: one YAML file, checked key by key, in the words of no one engine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator

from ctc.errors import ClusterError
from ctc.strict_yaml import StrictModel, load_model

ENGINES = ("slurm", "pbs", "lsf", "sge", "htcondor")
CLUSTER_CLASSES = {
    "slurm": "SLURMCluster",
    "pbs": "PBSCluster",
    "lsf": "LSFCluster",
    "sge": "SGECluster",
    "htcondor": "HTCondorCluster",
}
SUBMIT_PROGRAMS = {
    "slurm": "sbatch",
    "pbs": "qsub",
    "lsf": "bsub",
    "sge": "qsub",
    "htcondor": "condor_submit",
}
ACCOUNT_ARGUMENT = {"slurm": "account", "pbs": "account", "lsf": "project", "sge": "project"}
WITHOUT_QUEUE = ("htcondor", "local")
WALLTIME = re.compile(r"^(\d+-)?\d{1,3}:\d{2}(:\d{2})?$")
DEATH_TIMEOUT_S = 60


class ClusterConfig(StrictModel):
    """Workers of a cluster: each is one batch job on one machine, which runs stages side by side.

    workers: how many are asked for; one that ends is asked for again. cores, memory_gib, gpus: of
    one worker, all of which stages may take. walltime: of one worker, as the engine writes it; it
    has to be longer than the longest stage. directives: further lines for the engine, such as
    `--gres=gpu:1`; attributes: the same for HTCondor, by name. prologue: lines of shell before the
    worker starts, such as `module load`. interface: network interface that scheduler and workers
    share. python: interpreter of the workers (this one). local_directory: for the worker's own
    files, on a local disk. dashboard_port: of the page that shows the cluster at work.
    """

    cluster: Literal[1]
    workers: int = Field(ge=1)
    cores: int = Field(ge=1)
    memory_gib: float = Field(gt=0)
    gpus: int = Field(default=0, ge=0)
    walltime: str | None = None
    queue: str | None = None
    account: str | None = None
    directives: list[str] = Field(default_factory=list)
    attributes: dict[str, str] = Field(default_factory=dict)
    disk_gib: float | None = Field(default=None, gt=0)
    prologue: list[str] = Field(default_factory=list)
    interface: str | None = None
    python: str | None = None
    local_directory: str | None = None
    log_directory: str | None = None
    dashboard_port: int = Field(default=8787, ge=0, le=65535)

    @field_validator("walltime")
    @classmethod
    def _a_time(cls, text: str | None) -> str | None:
        if text is not None and not WALLTIME.match(text):
            raise ValueError('shall be "[days-]hours:minutes[:seconds]", in quotes')
        return text


def load_cluster_config(path: Path, engine: str) -> ClusterConfig:
    """Return the configuration in a file.

    Raises:
        ClusterError: unreadable, an unknown key, or one that the engine has no use for.
    """
    config = load_model(path, ClusterConfig, ClusterError)
    unused = sorted(_given(config) & _without_use(engine))
    if unused:
        raise ClusterError(f"{path}: key '{unused[0]}' has no use with --cluster {engine}")
    if engine == "htcondor" and config.disk_gib is None:
        raise ClusterError(f"{path}: key 'disk_gib' is missing: htcondor asks for disk")
    return config


def _given(config: ClusterConfig) -> set[str]:
    return {name for name in config.model_fields_set if getattr(config, name)}


def _without_use(engine: str) -> set[str]:
    unused = {"attributes", "disk_gib"} if engine != "htcondor" else {"directives", "walltime"}
    if engine in WITHOUT_QUEUE:
        unused |= {"queue", "account"}
    if engine == "local":
        unused |= {"walltime", "directives", "prologue", "python", "log_directory"}
    return unused


def engine_arguments(config: ClusterConfig, engine: str) -> dict[str, Any]:
    """Return the arguments of the engine's class in dask-jobqueue."""
    arguments: dict[str, Any] = {
        "cores": config.cores,
        "processes": 1,
        "memory": f"{round(config.memory_gib * 1024)}MiB",
        "job_name": "ctc-worker",
        "job_extra_directives": config.attributes if engine == "htcondor" else config.directives,
        "job_script_prologue": config.prologue,
        "death_timeout": DEATH_TIMEOUT_S,
        "scheduler_options": {"dashboard_address": f":{config.dashboard_port}"},
        "interface": config.interface,
        "python": config.python,
        "local_directory": config.local_directory,
        "log_directory": config.log_directory,
    }
    if engine == "htcondor":
        arguments["disk"] = f"{config.disk_gib} GiB"
    else:
        arguments |= {"queue": config.queue, "walltime": config.walltime}
        arguments[ACCOUNT_ARGUMENT[engine]] = config.account
    return {name: value for name, value in arguments.items() if value is not None}

"""Starting or reaching a Dask cluster, and leaving it."""

from __future__ import annotations

import logging
import os
import shutil
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctc.cluster_config import (
    CLUSTER_CLASSES,
    ENGINES,
    SUBMIT_PROGRAMS,
    ClusterConfig,
    engine_arguments,
    load_cluster_config,
)
from ctc.errors import ClusterError, near_miss
from ctc.machine import Machine, available_cores, total_memory_gib
from ctc.stage import open_store

if TYPE_CHECKING:
    from ctc.dask_executor import DaskExecutor

INSTALL = "pip install 'gvc-reference-software[cluster]'"
SCHEMES = ("tcp://", "tls://", "ucx://", "ws://", "wss://")
CONNECT_S = 20.0
WAIT_S = 1.0
LOST_WORKERS = 3  # of each one asked for, without a single stage finished
PATH_VARIABLES = ("GVC_SEQUENCES", "GVC_DATA", "CTC_WEIGHTS", "CTC_FFMPEG", "CTC_HOME")


@contextmanager
def open_cluster(
    named: str, config: Path | None, jobs: int, store: Path, say: Callable[[str], None]
) -> Iterator[DaskExecutor]:
    """An executor over the cluster, with one worker at least; ends its stages when left.

    named: address of a scheduler, `local`, or an engine; jobs: workers of `local` without a
    configuration; say: is told where the dashboard is, and what happens to workers.

    Raises:
        ClusterError: what is missing, wrong or not to be reached, in one line.
        StoreError: the store cannot be written.
    """
    check_name(named)
    settings = _settings(named, config, jobs)
    try:
        import distributed
    except ImportError:
        raise ClusterError(f"--cluster {named}: dask is not installed; {INSTALL}") from None
    from ctc.dask_executor import DaskExecutor

    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # we say ourselves what matters
    with ExitStack() as closing:
        mark = closing.enter_context(open_store(store).work_folder())
        cluster = None if settings is None else _started(named, settings)
        if cluster is not None:
            closing.callback(cluster.close, timeout=CONNECT_S)
        client = _client(distributed, named if cluster is None else cluster, named)
        closing.callback(client.close, timeout=CONNECT_S)
        wanted = None if settings is None else _machine(settings)
        respawn = _Respawn(cluster, settings, named).look if named in ENGINES else _nothing
        environment = _environment(store)
        executor = DaskExecutor(client, named, mark, environment, wanted, say, respawn)
        closing.callback(executor.shutdown)
        say(f"cluster {named}: dashboard {client.dashboard_link}")
        _wait(executor, named, say)
        yield executor


def check_name(named: str) -> None:
    """Check what was given as a cluster.

    Raises:
        ClusterError: neither an address nor an engine.
    """
    known = ("local", *ENGINES)
    if named not in known and not named.startswith(SCHEMES):
        raise ClusterError(
            f"--cluster {named}: shall be the address of a scheduler, such as tcp://host:8786, "
            f"or one of {', '.join(known)}{near_miss(named, known)}"
        )


def _settings(named: str, config: Path | None, jobs: int) -> ClusterConfig | None:
    if named.startswith(SCHEMES):
        if config is not None:
            raise ClusterError(f"--cluster-config {config}: {named} has its workers already")
        return None
    if config is not None:
        return load_cluster_config(config, named)
    if named == "local":
        memory_gib = total_memory_gib() / jobs
        return ClusterConfig(cluster=1, workers=jobs, cores=1, memory_gib=memory_gib)
    raise ClusterError(f"--cluster {named}: give --cluster-config FILE; see docs/running.md")


def _machine(settings: ClusterConfig) -> Machine:
    return Machine(settings.cores, settings.memory_gib, settings.gpus)


def _environment(store: Path) -> dict[str, str]:
    """The variables that the harness reads, with absolute paths."""
    passed = {n: v for n, v in os.environ.items() if n.startswith(("CTC_", "GVC_", "IMAGEIO_"))}
    for name in PATH_VARIABLES:
        if passed.get(name):
            parts = passed[name].split(os.pathsep)
            passed[name] = os.pathsep.join(str(Path(p).expanduser().absolute()) for p in parts if p)
    return {**passed, "CTC_HOME": str(store.parent)}


def _started(named: str, settings: ClusterConfig) -> Any:
    if named == "local":
        return _local(settings)
    program = SUBMIT_PROGRAMS[named]
    if shutil.which(program) is None:
        raise ClusterError(f"--cluster {named}: {program} is not found on this machine")
    try:
        import dask_jobqueue
    except ImportError:
        raise ClusterError(
            f"--cluster {named}: dask-jobqueue is not installed; {INSTALL}"
        ) from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # another page has the dashboard's port
        try:
            kind = getattr(dask_jobqueue, CLUSTER_CLASSES[named])
            cluster = kind(silence_logs="critical", **engine_arguments(settings, named))
        except (OSError, ValueError, TypeError, RuntimeError) as problem:
            raise ClusterError(f"--cluster {named}: {_one_line(problem)}") from problem
    try:
        cluster.scale(settings.workers)
        cluster.sync(cluster._correct_state)  # so that a refusal is told to us, not to a log
    except (OSError, RuntimeError) as problem:
        cluster.close(timeout=CONNECT_S)
        raise ClusterError(f"--cluster {named}: {_one_line(problem)}") from problem
    return cluster


def _local(settings: ClusterConfig) -> Any:
    import distributed

    kind: Any = distributed.LocalCluster
    if settings.workers * settings.cores > 4 * available_cores():
        raise ClusterError(
            f"--cluster local: {settings.workers} workers of {settings.cores} cores: this machine "
            f"has {available_cores()}"
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return kind(
                n_workers=settings.workers,
                threads_per_worker=settings.cores,
                memory_limit=f"{round(settings.memory_gib * 1024)}MiB",
                local_directory=settings.local_directory,
                host="127.0.0.1",  # whoever reaches a worker can run programs
                dashboard_address=f"127.0.0.1:{settings.dashboard_port}",
                silence_logs=logging.CRITICAL,
            )
        except (OSError, ValueError, RuntimeError) as problem:
            raise ClusterError(f"--cluster local: {_one_line(problem)}") from problem


def _client(distributed: Any, target: Any, named: str) -> Any:
    try:
        return distributed.Client(target, timeout=CONNECT_S, set_as_default=False, name="ctc")
    except (OSError, ValueError) as problem:
        raise ClusterError(
            f"--cluster {named}: no scheduler answers within {CONNECT_S:g} s: {_one_line(problem)}"
        ) from problem


def _wait(executor: DaskExecutor, named: str, say: Callable[[str], None]) -> None:
    """Wait for the first worker, which a batch system may start hours later."""
    told = False
    while not executor.start():
        if not told:
            say(f"cluster {named}: waiting for its first worker")
            told = True
        time.sleep(WAIT_S)


class _Respawn:
    """Asks the batch system for workers in place of those that have ended, as by their wall time.

    Workers that end again and again before a stage has finished are not asked for for ever.
    """

    def __init__(self, cluster: Any, settings: ClusterConfig | None, named: str) -> None:
        self._cluster, self._named = cluster, named
        self._workers = settings.workers if settings else 0
        self._lost = 0

    def look(self, progress: bool) -> None:
        self._lost = 0 if progress else self._lost
        missing = self._workers - len(self._cluster.workers)
        if missing <= 0 or self._lost >= LOST_WORKERS * self._workers:
            return
        self._lost += missing
        self._cluster.scale(self._workers)


def _nothing(progress: bool) -> None:
    return


def _one_line(problem: Exception) -> str:
    return " ".join(str(problem).split())[:300] or type(problem).__name__

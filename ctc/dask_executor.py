"""A concurrent.futures.Executor over a Dask cluster: each stage is given to one worker with room.

Stages are placed here, by what each worker has left of cores, memory and GPUs, and pinned to it:
so the longest goes first wherever room appears, and a worker that ends is noticed with the stages
that it ended. The workers declare the same resources to Dask, which keeps two campaigns on one
cluster from taking them twice.
"""

from __future__ import annotations

import threading
import uuid
from collections import deque
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from distributed.client import ClosedClientError

from ctc.cluster_worker import RESOURCES, end_calls, harness_digest, offer, run_call
from ctc.errors import ClusterError
from ctc.executor import StageCall, WorkerLost
from ctc.machine import Machine, Needs
from ctc.stage import Outcome

LOOK_S = 1.0


@dataclass
class Worker:
    """One worker: what it has, and what the stages given to it take."""

    address: str
    machine: Machine
    taken: dict[Future[Outcome], Needs] = field(default_factory=dict)

    def lacking(self, needs: Needs) -> str:
        """What there is not enough of just now; empty when the stage fits."""
        return self.machine.refusal(needs) or self.machine.lacking(needs, self.taken.values())


class DaskExecutor(Executor):
    """Runs StageCalls on the workers of a client's cluster, one stage to a slot.

    label: the cluster in words; mark: a folder in the store by which workers show that they see it;
    environment: the runner's variables that the harness reads; wanted: what each worker was asked
    for with, None when others started them; respawn: is called every second, with whether a stage
    has ended since, and starts workers in place of those that have ended.
    """

    def __init__(
        self,
        client: Any,
        label: str,
        mark: Path,
        environment: Mapping[str, str],
        wanted: Machine | None,
        warn: Callable[[str], None],
        respawn: Callable[[bool], None] = lambda progress: None,
    ) -> None:
        self._client, self._label, self._mark = client, label, mark
        self._environment, self._wanted = dict(environment), wanted
        self._warn, self._respawn = warn, respawn
        self._run = uuid.uuid4().hex
        self._digest = harness_digest()
        self._lock = threading.RLock()
        self._workers: dict[str, Worker] = {}
        self._refused: dict[str, str] = {}
        self._queue: deque[tuple[StageCall, Future[Outcome]]] = deque()
        self._sent: dict[Future[Outcome], Any] = {}
        self._progress = False
        self._gone = ""
        self._closing = threading.Event()
        self._watch = threading.Thread(target=self._look, name="workers", daemon=True)

    @property
    def jobs(self) -> int:
        """Cores of all workers that are here now, at least 1."""
        with self._lock:
            return sum(worker.machine.jobs for worker in self._workers.values()) or 1

    def start(self) -> bool:
        """Look for workers once; returns whether there is one, and then keeps watching them.

        Raises:
            ClusterError: there are workers and none can be used.
        """
        self._update()
        if self._refused and not self._workers:
            address, reason = next(iter(self._refused.items()))
            raise ClusterError(f"{self._label}: worker {address} cannot be used: {reason}")
        if self._workers:
            self._watch.start()
        return bool(self._workers)

    def lacking(self, needs: Needs, running: Collection[Needs]) -> str:
        """What no worker has enough of just now; empty when one has room.

        Raises:
            ClusterError: the scheduler has gone.
        """
        with self._lock:
            if self._gone:
                raise ClusterError(self._gone)
            found = {worker.lacking(needs) for worker in self._reachable()}
        if "" in found:
            return ""
        return "gpus" if "gpus" in found else "cores"

    def refusal(self, needs: Needs) -> str:
        """Why no worker could ever run this; empty when one could, or when none is here yet."""
        with self._lock:
            machines = [worker.machine for worker in self._workers.values()]
        if self._wanted is not None:
            machines.append(self._wanted)
        refusals = {machine.refusal(needs) for machine in machines}
        if not refusals or "" in refusals:
            return ""
        largest = max(machines, key=lambda m: (m.gpus, m.memory_gib, m.jobs))
        return f"{self._label}: {largest.refusal(needs)} on its largest worker"

    def submit(  # type: ignore[override]  # stages alone are run
        self, call: StageCall, /
    ) -> Future[Outcome]:
        """Give the stage to the worker with most room, or keep it until one has room."""
        future: Future[Outcome] = Future()
        with self._lock:
            if self._closing.is_set():
                raise RuntimeError("the executor is closed")
            self._queue.append((call, future))
            self._place()
        return future

    def _place(self) -> None:
        """Give away what is waiting, as far as there is room."""
        for _ in range(len(self._queue)):
            call, future = self._queue.popleft()
            fitting = [w for w in self._reachable() if not w.lacking(call.needs)]
            if not fitting:
                self._queue.append((call, future))
                continue
            self._send(call, future, min(fitting, key=_preference))

    def _reachable(self) -> list[Worker]:
        """Workers that stages can be sent to; none while the scheduler does not answer."""
        return list(self._workers.values()) if self._client.status == "running" else []

    def _send(self, call: StageCall, future: Future[Outcome], worker: Worker) -> None:
        machine = worker.machine
        cores = min(call.needs.cpus, machine.jobs)
        place = replace(call.place, jobs=machine.jobs, threads=cores)
        taken = (cores, machine.memory_of(call.needs), call.needs.gpus)
        try:
            sent = self._client.submit(
                run_call,
                replace(call, place=place),
                self._run,
                self._environment,
                key=f"{call.task.stage}-{uuid.uuid4().hex}",
                workers=[worker.address],
                resources=dict(zip(RESOURCES, map(float, taken), strict=True)),
                pure=False,
            )
        except Exception as problem:  # a connection may break in ways that have no common base
            future.set_exception(WorkerLost(self._reason(problem, worker)))
            return
        worker.taken[future] = call.needs
        self._sent[future] = sent
        sent.add_done_callback(lambda done: self._finished(future, done, worker))

    def _finished(self, future: Future[Outcome], sent: Any, worker: Worker) -> None:
        status = sent.status
        problem: BaseException | None = None
        outcome: Outcome | None = None
        if status == "finished":
            try:
                outcome = sent.result()
            except Exception as lost:
                problem = lost
        elif status == "error":
            problem = sent.exception()
        with self._lock:
            worker.taken.pop(future, None)
            self._sent.pop(future, None)
            self._progress = self._progress or outcome is not None
            if not future.done():
                if outcome is not None:
                    future.set_result(outcome)
                else:
                    future.set_exception(WorkerLost(self._reason(problem, worker)))
            self._place()

    def _reason(self, problem: BaseException | None, worker: Worker) -> str:
        if isinstance(problem, WorkerLost):
            return str(problem)
        if problem is None:
            return f"the scheduler of {self._label} has lost it"
        first = " ".join(str(problem).split())[:200]
        return f"worker {worker.address}: {type(problem).__name__}: {first}"

    def _look(self) -> None:
        while not self._closing.wait(LOOK_S):
            if self._client.status == "closed":
                with self._lock:
                    self._gone = f"the scheduler of {self._label} has gone"
                    self._forget(list(self._workers))
                return
            with suppress(OSError, ClusterError):  # it may come back: the client tries again
                self._update()
                self._respawn(self._progress)
                self._progress = False

    def _update(self) -> None:
        """Take note of workers that have come and gone."""
        here = set(self._client.nthreads())
        with self._lock:
            gone = [address for address in self._workers if address not in here]
            new = [a for a in here if a not in self._workers and a not in self._refused]
            self._forget(gone)
        if not new:
            return
        replies = self._client.run(
            offer, self._digest, self._mark, self._wanted, workers=new, on_error="return"
        )
        with self._lock:
            for address, reply in replies.items():
                if isinstance(reply, Machine):
                    self._workers[address] = Worker(address, reply)
                else:
                    self._refused[address] = _one_line(reply)
                    if self._watch.is_alive():
                        self._warn(f"worker {address} is not used: {_one_line(reply)}")
            self._place()

    def _forget(self, gone: list[str]) -> None:
        """Tell those who wait for the stages of workers that have ended."""
        for address in gone:
            worker = self._workers.pop(address)
            for future in list(worker.taken):
                sent = self._sent.pop(future, None)
                if not future.done():
                    future.set_exception(WorkerLost(f"worker {address} has ended"))
                if sent is not None:
                    with suppress(OSError, RuntimeError, ClosedClientError):
                        sent.cancel()
            worker.taken.clear()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End every stage that runs, on all workers, and wait until they have gone."""
        if self._closing.is_set():
            return
        self._closing.set()
        if self._watch.is_alive():
            self._watch.join()
        with self._lock:
            self._queue.clear()
            workers = list(self._workers)
        if workers and self._client.status == "running":
            self._client.run(end_calls, self._run, workers=workers, on_error="ignore")


def _preference(worker: Worker) -> tuple[int, float]:
    """Keep workers with GPUs for those that need them; then spread by the part taken."""
    cores = sum(min(needs.cpus, worker.machine.jobs) for needs in worker.taken.values())
    return worker.machine.gpus, cores / worker.machine.jobs


def _one_line(reply: object) -> str:
    text = " ".join(str(reply).split())[:300]
    return text if isinstance(reply, ClusterError) else f"{type(reply).__name__}: {text}"

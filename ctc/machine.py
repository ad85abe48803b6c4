"""What a stage needs of a machine, and how much of that this machine has."""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from ctc.gpu import visible_gpus

DEFAULT_MEMORY_GIB = 2.0
CGROUP_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


class Needs(NamedTuple):
    """Cores, GPUs and memory of one stage; memory_gib: None when nobody has stated it.

    What is not stated counts as 2 GiB, or as the whole machine where it has less.
    """

    cpus: int = 1
    gpus: int = 0
    memory_gib: float | None = None

    def __str__(self) -> str:
        """The needs in words.

        >>> str(Needs(2, 1, 12.0))
        '2 cores, 1 GPU, 12 GiB'
        """
        parts = [_count(self.cpus, "core")]
        if self.gpus:
            parts.append(_count(self.gpus, "GPU"))
        if self.memory_gib is not None:
            parts.append(f"{self.memory_gib:g} GiB")
        return ", ".join(parts)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


class Slots(Protocol):
    """Room for stages: of this machine, or of the workers of a cluster.

    jobs: how many stages of one core run at once now.
    """

    @property
    def jobs(self) -> int:
        """Cores that stages may take."""

    def lacking(self, needs: Needs, running: Collection[Needs]) -> str:
        """What there is not enough of just now: `gpus`, `cores`, `memory`, or nothing."""

    def refusal(self, needs: Needs) -> str:
        """Why there can never be room for this; empty when there can."""


@dataclass(frozen=True)
class Machine:
    """A machine: at most so many cores, GiB of memory and GPUs are given to stages at once.

    A stage that asks for more cores than there are takes them all; one that asks for more memory or
    GPUs than there are is refused.
    """

    jobs: int
    memory_gib: float
    gpus: int = 0

    def lacking(self, needs: Needs, running: Collection[Needs]) -> str:
        """What there is not enough of beside what is running; empty when the stage fits."""
        if min(needs.cpus, self.jobs) + sum(min(n.cpus, self.jobs) for n in running) > self.jobs:
            return "cores"
        if self.memory_of(needs) + sum(map(self.memory_of, running)) > self.memory_gib:
            return "memory"
        return "gpus" if needs.gpus + sum(n.gpus for n in running) > self.gpus else ""

    def refusal(self, needs: Needs) -> str:
        """Why this machine can never run the stage; empty when it can.

        >>> Machine(2, 8.0).refusal(Needs(gpus=1))
        'needs 1 core, 1 GPU; there are 2 cores, 0 GPUs, 8 GiB'
        """
        if self.memory_of(needs) <= self.memory_gib and needs.gpus <= self.gpus:
            return ""
        return f"needs {needs}; there are {self}"

    def memory_of(self, needs: Needs) -> float:
        """The memory set aside for a stage, in GiB."""
        return min(DEFAULT_MEMORY_GIB, self.memory_gib) if needs[2] is None else needs[2]

    def __str__(self) -> str:
        """The machine in words."""
        gpus = _count(self.gpus, "GPU")
        return f"{_count(self.jobs, 'core')}, {gpus}, {round(self.memory_gib, 1):g} GiB"


def available_cores() -> int:
    """Return the cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def this_machine(jobs: int, memory_gib: float | None = None, gpus: int | None = None) -> Machine:
    """Return this machine with so many jobs, and all of its memory and GPUs unless stated."""
    return Machine(
        jobs,
        total_memory_gib() if memory_gib is None else memory_gib,
        len(visible_gpus()) if gpus is None else gpus,
    )


def total_memory_gib() -> float:
    """Return the memory that processes here may use, in GiB: the machine's, or a cgroup's limit."""
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for name in CGROUP_LIMITS:
        with suppress(OSError, ValueError):  # `max` is no number: no limit
            limits.append(int(Path(name).read_text(encoding="ascii")))
    return min(limits) / (1 << 30)

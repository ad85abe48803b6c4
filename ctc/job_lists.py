"""Pending stages as text for other schedulers."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

MAX_ARRAY = 1000  # Slurm refuses more than its MaxArraySize, 1001 unless set otherwise
Pending = Sequence[tuple[str, tuple[str, ...]]]


def shell_lines(pending: Pending, command: str) -> list[str]:
    """Return one command to a stage, each after those it waits for.

    >>> shell_lines([("encode/a", ()), ("decode/a", ("encode/a",))], "ctc resume r --stage")
    ['ctc resume r --stage encode/a', 'ctc resume r --stage decode/a']
    """
    return [f"{command} {shlex.quote(name)}" for name, _ in pending]


def make_file(pending: Pending, command: str) -> list[str]:
    """Return a makefile with one phony target to a stage."""
    targets = {name: f"stage-{index}" for index, (name, _) in enumerate(pending)}
    lines = [".PHONY: all " + " ".join(targets.values()), "all: " + " ".join(targets.values())]
    for name, needed in pending:
        lines.append(f"{targets[name]}: {' '.join(targets[n] for n in needed)}".rstrip())
        lines.append(f"\t{command} {shlex.quote(name).replace('$', '$$')}")
    return lines


def slurm_array(pending: Pending, command: str) -> list[str]:
    """Return a batch script with one array task to a point, then one to each curve's metrics.

    Each task runs what its stage needs. A metrics task that starts early waits for the points that
    other tasks have claimed. With more than MAX_ARRAY stages a task runs several, one by one.

    >>> todo = [("encode/a", ()), ("decode/a", ("encode/a",)), ("measure/c", ("decode/a",))]
    >>> slurm_array(todo, "ctc resume r --stage")[1]
    '#SBATCH --array=0-1'
    """
    measures = [name for name, _ in pending if name.startswith("measure/")]
    points = {name: before for name, before in pending if not name.startswith("measure/")}
    included = {needed for before in points.values() for needed in before}
    names = [*(name for name in points if name not in included), *measures]
    if not names:
        return ["#!/bin/bash", "# every stage is finished: nothing to run"]
    tasks = min(len(names), MAX_ARRAY)
    return [
        "#!/bin/bash",
        f"#SBATCH --array=0-{tasks - 1}",
        "#SBATCH --cpus-per-task=1",
        f"stages=({' '.join(shlex.quote(name) for name in names)})",
        "failed=0",
        f"for ((i = SLURM_ARRAY_TASK_ID; i < ${{#stages[@]}}; i += {tasks})); do",
        f'    {command} "${{stages[$i]}}" || failed=1',
        "done",
        "exit $failed",
    ]

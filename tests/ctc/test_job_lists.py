"""Lists of pending stages are what the shell, make and Slurm's bash make of them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from ctc.job_lists import MAX_ARRAY, make_file, shell_lines, slurm_array

PENDING = [
    ("encode/m/c d/s/2", ()),
    ("decode/m/c d/s/2", ("encode/m/c d/s/2",)),
    ("decode/m/c d/s/$4", ()),
    ("measure/m/c d/s", ("decode/m/c d/s/2", "decode/m/c d/s/$4")),
]


def program(folder: Path) -> str:
    """A command that appends its last argument to a file."""
    path = folder / "note"
    path.write_text(f'#!/bin/sh\nprintf "%s\\n" "$1" >> {folder}/noted\n')
    path.chmod(0o755)
    return str(path)


def noted(folder: Path) -> list[str]:
    return (folder / "noted").read_text().splitlines()


def test_the_shell_sees_each_name_in_order(tmp_path: Path) -> None:
    lines = shell_lines(PENDING, program(tmp_path))
    subprocess.run(["sh", "-e"], input="\n".join(lines), text=True, check=True)
    assert noted(tmp_path) == [name for name, _ in PENDING]


def test_make_runs_a_stage_after_those_it_waits_for(tmp_path: Path) -> None:
    text = "\n".join(make_file(PENDING, program(tmp_path))) + "\n"
    subprocess.run(["make", "-sf", "-", "-j", "4"], input=text, text=True, check=True)
    order = noted(tmp_path)
    assert sorted(order) == sorted(name for name, _ in PENDING)
    for name, needed in PENDING:
        assert all(order.index(before) < order.index(name) for before in needed)


def test_an_array_task_is_a_point_or_the_metrics_of_a_curve(tmp_path: Path) -> None:
    lines = slurm_array(PENDING, program(tmp_path))
    assert "#SBATCH --array=0-2" in lines
    for task in range(3):
        variables = {**os.environ, "SLURM_ARRAY_TASK_ID": str(task)}
        subprocess.run(["bash", "-e"], input="\n".join(lines), text=True, check=True, env=variables)
    assert noted(tmp_path) == ["decode/m/c d/s/2", "decode/m/c d/s/$4", "measure/m/c d/s"]


def test_more_stages_than_an_array_may_have_are_shared_out(tmp_path: Path) -> None:
    pending = [(f"encode/m/c/s/{rate}", ()) for rate in range(2 * MAX_ARRAY + 5)]
    lines = slurm_array(pending, program(tmp_path))
    assert f"#SBATCH --array=0-{MAX_ARRAY - 1}" in lines
    for task in (0, 4, 5):
        variables = {**os.environ, "SLURM_ARRAY_TASK_ID": str(task)}
        subprocess.run(["bash", "-e"], input="\n".join(lines), text=True, check=True, env=variables)
    rates = [int(line.rsplit("/", 1)[1]) for line in noted(tmp_path)]
    assert rates == [0, 1000, 2000, 4, 1004, 2004, 5, 1005]


def test_a_task_whose_stage_fails_runs_the_others_and_fails(tmp_path: Path) -> None:
    pending = [(f"encode/m/c/s/{rate}", ()) for rate in range(MAX_ARRAY + 1)]
    lines = slurm_array(pending, "false")
    variables = {**os.environ, "SLURM_ARRAY_TASK_ID": "0"}
    done = subprocess.run(["bash"], input="\n".join(lines), text=True, check=False, env=variables)
    assert done.returncode == 1


def test_with_nothing_left_the_script_does_nothing(tmp_path: Path) -> None:
    lines = slurm_array([], program(tmp_path))
    assert not any("--array" in line for line in lines)
    subprocess.run(["bash", "-e"], input="\n".join(lines), text=True, check=True)
    assert not (tmp_path / "noted").exists()

"""ctc jobs: one command for each pending stage, for another scheduler."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

HELP = "print one command for each stage still to run, for make, a shell or a Slurm job array"
EXAMPLES = """examples:
  ctc run demo --plan-only                                 make the folder, run nothing
  ctc jobs reports/demo > todo.sh                          one command a line, in order
  ctc jobs reports/demo --format make | make -f - -j 8
  ctc jobs reports/demo --format slurm-array > array.sh && sbatch --mem=4G array.sh

Each command runs its stage and whatever that needs, once: two of them at the same time, also on
machines that share the folders, never do the same work twice. Run again, it does nothing."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ctc jobs."""
    parser.add_argument("folder", type=Path, help="folder of the campaign")
    parser.add_argument("--format", choices=["sh", "make", "slurm-array"], default="sh")


def run(args: argparse.Namespace) -> int:
    """Print the commands; return 0."""
    from ctc.campaign_lock import read_lock
    from ctc.campaign_state import CampaignState
    from ctc.job_lists import make_file, shell_lines, slurm_array
    from ctc.stage import Place
    from ctc.store import default_store_root

    lock = read_lock(args.folder)
    place = Place(default_store_root(), args.folder.absolute(), lock.ctc)
    pending = list(CampaignState(lock, place, copy=False).pending())
    command = ["ctc", "resume", str(args.folder), "--jobs", "1", "--quiet", "--stage"]
    writers = {"sh": shell_lines, "make": make_file, "slurm-array": slurm_array}
    for line in writers[args.format](pending, shlex.join(command)):
        print(line)
    return 0

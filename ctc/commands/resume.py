"""ctc resume: run what is left of a campaign."""

from __future__ import annotations

import argparse
from pathlib import Path

from ctc.commands.run import run_plan
from ctc.run_arguments import add_run_arguments

HELP = "run what is left of a campaign, and its reports"
EXAMPLES = """examples:
  ctc resume reports/demo                  after an interruption
  ctc resume reports/demo --retry-failed   and what failed, once its cause is mended"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ctc resume."""
    parser.add_argument("folder", type=Path, help="folder of the campaign")
    add_run_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Plan again what the folder's lock says, and run; return the exit code."""
    from ctc.campaign_folder import plan_again

    return run_plan(plan_again(args.folder), args.folder, args)

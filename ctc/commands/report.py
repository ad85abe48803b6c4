"""ctc report: tables, plots and workbook from records alone."""

from __future__ import annotations

import argparse
from pathlib import Path

from ctc.commands.run import report

HELP = "write the tables, plots and workbook of a campaign again, from its records alone"
EXAMPLES = """examples:
  ctc report reports/demo"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ctc report."""
    parser.add_argument("folder", type=Path, help="folder of the campaign")


def run(args: argparse.Namespace) -> int:
    """Write the reports; return the exit code."""
    report(args.folder, anew=True)
    return 0

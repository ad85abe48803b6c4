"""ctc diff: what changed between two campaigns."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ctc.campaign_diff import Change
    from ctc.report.tables import Table

HELP = "name what changed between two campaigns: binary, configuration, sequence, metric, figures"
EXAMPLES = """examples:
  ctc diff reports/may reports/june
  ctc diff reports/may reports/june --all --format csv

exit code: 0 no difference, 1 something differs, 2 wrong input"""
SHOWN = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument("first", type=Path, help="folder of a campaign")
    parser.add_argument("second", type=Path, help="folder of another")
    parser.add_argument("--all", action="store_true", help=f"not only the first {SHOWN} of a kind")
    parser.add_argument("--format", choices=["text", "markdown", "csv"], default="text")


def run(args: argparse.Namespace) -> int:
    """Print the differences; return the exit code."""
    from ctc.campaign_diff import diff_campaigns
    from ctc.report.tables import RENDERERS, terminal

    changes = diff_campaigns(args.first, args.second)
    if not changes:
        print("no difference")
        return 0
    table = _table(args, changes)
    if args.format == "text":
        sys.stdout.write(terminal(table, sys.stdout.isatty()))
    else:
        sys.stdout.write(RENDERERS[args.format](table))
    return 1


def _table(args: argparse.Namespace, changes: list[Change]) -> Table:
    from ctc.report.tables import Cell, Table

    rows, notes = [], []
    for kind in dict.fromkeys(change.kind for change in changes):
        own = [change for change in changes if change.kind == kind]
        shown = own if args.all or args.format == "csv" else own[:SHOWN]
        for change in shown:
            apart = change.difference
            cells = (change.kind, change.where, change.first, change.second)
            last = Cell("" if apart is None else f"{apart:+.6g}", apart)
            rows.append((*map(Cell, cells), last))
        if len(shown) < len(own):
            notes.append(f"{kind}: {len(own) - len(shown)} more differ; --all shows them")
        apart_by = [abs(c.difference) for c in own if c.difference is not None]
        if len(apart_by) > 1:
            notes.append(f"{kind}: {len(own)} differ, by at most {max(apart_by):.6g}")
    header = ("Kind", "Where", str(args.first), str(args.second), "Difference")
    return Table("What changed", header, tuple(rows), tuple(notes), names=4)

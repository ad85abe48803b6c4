"""ctc check: is every number of a campaign what its records give?"""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = "derive every number of a campaign again, from records and artefacts"
EXAMPLES = """examples:
  ctc check reports/demo
  ctc check reports/demo --store /disk/store     artefacts of another store
  ctc check reports/demo --complete              missing records, bitstreams or reports are faults

Checks checksum and key of every record, size and hash of every artefact at hand, and every cell of
tables, workbook, page and plots. The first difference of each file is named by its cell.

exit code: 0 nothing wrong, 1 something differs, 2 wrong input"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument("folder", type=Path, help="folder of the campaign")
    parser.add_argument("--store", type=Path, help="folder of the store (default: $CTC_HOME/store)")
    parser.add_argument(
        "--complete", action="store_true", help="count what could not be checked as wrong"
    )


def run(args: argparse.Namespace) -> int:
    """Check; return the exit code."""
    from ctc.check import check_campaign
    from ctc.store import default_store_root

    store = args.store or default_store_root()
    result = check_campaign(args.folder, store / "artefacts")
    print(
        f"{args.folder}: {result.records} records, {result.artefacts} artefacts and "
        f"{result.cells} cells of reports checked"
    )
    for line in result.unchecked:
        print(f"  not checked: {line}")
    for line in result.faults:
        print(f"  wrong: {line}")
    if result.faults or (args.complete and result.unchecked):
        return 1
    print("nothing wrong")
    return 0

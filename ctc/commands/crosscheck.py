"""ctc crosscheck: decode and measure somebody's submission."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ctc.crosscheck import Crosscheck
    from ctc.crosscheck_report import Finding

HELP = "decode the bitstreams of a submission with your own decoder and compare every figure"
EXAMPLES = """examples:
  ctc crosscheck demo.zip                      every codec of which a card is found here
  ctc crosscheck JVET-X0001.zip --codec cards/acme.yaml --jobs 2
  ctc crosscheck demo.zip --output reports/mine

Nothing of the submission is run: decoders come from the cards of this machine, and originals from
its sequence folders. Writes crosscheck.md and crosscheck.csv beside the records of what was run.

exit code: 0 everything checked agrees, 1 something differs, 2 wrong input"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument("package", type=Path, help="archive made by 'ctc package'")
    parser.add_argument("--codec", action="append", default=[], metavar="CARD", help="repeatable")
    parser.add_argument("--output", type=Path, help="new folder (default: reports/crosscheck-NAME)")
    parser.add_argument("--jobs", type=int, default=0, metavar="N", help="stages at once (cores)")
    parser.add_argument(
        "--limit-gib", type=float, default=64.0, metavar="G", help="size once unpacked (64)"
    )
    parser.add_argument("--quiet", action="store_true", help="only the result")


def run(args: argparse.Namespace) -> int:
    """Cross-check; return the exit code."""
    from ctc.crosscheck import crosscheck
    from ctc.crosscheck_report import findings, passed, summary_lines
    from ctc.errors import ReportError
    from ctc.executor import threads_for
    from ctc.machine import available_cores
    from ctc.package_archive import Limits
    from ctc.progress import RunProgress

    if args.jobs < 0 or args.limit_gib <= 0:
        raise ReportError("--jobs and --limit-gib shall be above 0")
    folder = args.output or Path("reports") / f"crosscheck-{args.package.stem}"
    jobs = args.jobs or available_cores()
    check = crosscheck(
        args.package,
        folder,
        RunProgress(sys.stderr, args.quiet),
        cards=args.codec,
        jobs=jobs,
        threads=threads_for(jobs),
        limits=Limits(total_bytes=int(args.limit_gib * (1 << 30))),
    )
    found = findings(check)
    _write(check, found, folder)
    for line in summary_lines(check, found):
        print(line)
    outcome = passed(check, found)
    print(f"{'agrees' if outcome else 'does not agree'}: {folder / 'crosscheck.md'}")
    return 0 if outcome else 1


def _write(check: Crosscheck, found: list[Finding], folder: Path) -> None:
    from ctc.atomic_file import write_atomic
    from ctc.crosscheck_report import crosscheck_table, passed, summary_lines
    from ctc.report.tables import csv_text, markdown

    table = crosscheck_table(found)
    outcome = "agrees" if passed(check, found) else "does not agree"
    lines = [f"# Cross-check of {check.theirs.name}: {outcome}", ""]
    lines += [f"- {line}" for line in summary_lines(check, found)]
    text = "\n".join(lines) + "\n\n" + markdown(table)
    write_atomic(folder / "crosscheck.md", text.encode("utf-8"))
    full = csv_text(crosscheck_table(found, full=True))
    write_atomic(folder / "crosscheck.csv", full.encode("utf-8"))

"""ctc doctor: what this machine lacks for a campaign, and what to do."""

from __future__ import annotations

import argparse

HELP = "say what is missing on this machine and what to do about it"
EXAMPLES = """examples:
  ctc doctor
  CTC_VTM_DIR=/opt/vtm ctc doctor

exit code: 0 when all that is needed is there (notes are optional), 1 otherwise"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ctc doctor."""
    parser.add_argument("--quiet", action="store_true", help="print only what is missing")


def run(args: argparse.Namespace) -> int:
    """Print the findings; 1 if something needed is missing."""
    from ctc.doctor import Verdict, examine

    findings = examine()
    shown = [f for f in findings if not args.quiet or f.verdict is not Verdict.OK]
    width = max((len(finding.subject) for finding in shown), default=0)
    for finding in shown:
        print(f"{finding.verdict.value:<7}  {finding.subject:<{width}}  {finding.detail}")
    missing = sum(finding.verdict is Verdict.MISSING for finding in findings)
    print(f"{missing} missing" if missing else "all that is needed is here")
    return 1 if missing else 0

"""ctc agree: make a finished campaign the agreed anchors of its conditions."""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = "make a finished campaign the agreed anchors of its conditions, in anchors/results"
EXAMPLES = """examples:
  ctc run demo && ctc agree reports/demo
  ctc run demo --codec mine.yaml --name mine --agreed-anchors   uses them"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ctc agree."""
    parser.add_argument("folder", type=Path, help="a whole, finished campaign")


def run(args: argparse.Namespace) -> int:
    """Write the agreed records."""
    from ctc.agreed_anchors import publish

    print(publish(args.folder))
    return 0

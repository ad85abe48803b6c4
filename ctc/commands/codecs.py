"""ctc codecs: every card, with what is found of it on this machine."""

from __future__ import annotations

import argparse
import json

HELP = "list all codec cards with what is found, version and digest"
EXAMPLES = """examples:
  ctc codecs
  ctc codecs --json
  ctc codecs vvenc-ld my/codec.yaml"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ctc codecs."""
    parser.add_argument("codec", nargs="*", help="names or paths of cards (default: all)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def run(args: argparse.Namespace) -> int:
    """Print one line a codec; 1 if a named codec cannot run here."""
    from ctc.inventory import inspect_card
    from ctc.registry import all_cards, find_card

    cards = [find_card(name) for name in args.codec] or all_cards()
    found = [inspect_card(card) for card in cards]
    if args.json:
        print(json.dumps([entry.as_dict() for entry in found], indent=2))
    else:
        width = max(len(entry.name) for entry in found)
        for entry in found:
            state = "found  " if entry.usable else "missing"
            detail = f"{entry.digest[:12]}  {entry.version}" if entry.usable else entry.problem
            print(f"{entry.name:<{width}}  {state}  {detail}")
            if args.codec:
                print(f"{'':<{width}}  {entry.title}; rate points {', '.join(entry.rate_points)}")
    return 1 if args.codec and not all(entry.usable for entry in found) else 0

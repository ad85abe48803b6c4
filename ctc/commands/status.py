"""ctc status: how far a campaign is."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

HELP = "say how far a campaign is and what failed"
EXAMPLES = """examples:
  ctc status reports/demo

exit code: 0 complete, 1 stages are missing or failed"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ctc status."""
    parser.add_argument("folder", type=Path, help="folder of the campaign")


def run(args: argparse.Namespace) -> int:
    """Print the state of each codec and every failure; return the exit code."""
    from ctc.campaign_lock import read_lock
    from ctc.campaign_state import CampaignState
    from ctc.stage import Place, open_store
    from ctc.store import default_store_root

    lock = read_lock(args.folder)
    place = Place(default_store_root(), args.folder.absolute(), lock.ctc)
    state = CampaignState(lock, place, copy=False)
    left = sum(1 for _ in state.pending())
    state.keep_index()
    print(f"{lock.name}: {lock.conditions.name} {lock.conditions.version}, begun {lock.created}")
    by_codec: dict[str, Counter[str]] = {}
    for (_, card, _), curve in state.curves.items():
        tally = by_codec.setdefault(card, Counter())
        tally.update({name: curve.tally[name] for name in ("done", "failed", "blocked")})
    for card, tally in by_codec.items():
        print(f"  {card:20} {tally['done']} done, {tally['failed']} failed")
    failures = [failure for curve in state.curves.values() for failure in curve.failures]
    for failure in failures:
        print(f"  {failure.status:13} {failure.name}: {failure.reason}")
    for line in [*state.told_again(), *open_store(place.store).drain_warnings()]:
        print(f"  {line}")
    done = sum(tally["done"] for tally in by_codec.values())
    print(f"{done} of {state.total} stages finished, {len(failures)} failed, {left} jobs to run")
    return 1 if left or failures else 0

"""ctc weights: the weights of learned metrics: list, import a file, fetch from the network."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

HELP = "list, import or fetch the weights of learned metrics"
EXAMPLES = """examples:
  ctc weights list                          what is there, missing or mismatched
  ctc weights import vgg16-397923af.pth     convert an official file, verified, never unpickled
  ctc weights fetch                         fetch all that is missing, from the official addresses
  ctc weights fetch vgg16

Files are searched in the folders of CTC_WEIGHTS, in $CTC_HOME/weights and in $GVC_DATA/weights.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions.add_parser("list", help="what is there, missing or mismatched; exit code 1 if any is")
    importing = actions.add_parser("import", help="convert official files to .safetensors")
    importing.add_argument("files", nargs="+", type=Path, metavar="FILE")
    importing.add_argument("--name", default="", help="the set to take from the file")
    fetching = actions.add_parser("fetch", help="fetch official files and convert them")
    fetching.add_argument("names", nargs="*", metavar="NAME", help="sets; all missing by default")


def run(args: argparse.Namespace) -> int:
    """Run one action; 1 when weights are still missing or mismatched, 0 otherwise."""
    if args.action == "list":
        return _list()
    if args.action == "import":
        return _import(args.files, args.name)
    return _fetch(args.names)


def _list() -> int:
    from ctc.metrics.weights_users import users_of
    from ctc.weights import State, find
    from ctc.weights_sets import SETS

    states = {name: find(name) for name in SETS}
    width = max(map(len, SETS))
    for name, found in states.items():
        print(
            f"{name:<{width}}  {found.state.value:<10}  {found.digest[:8]:<8}  {SETS[name].title}"
        )
        print(f"{'':<{width}}  {found.path or found.problem}")
        if found.state is State.MISMATCHED:
            print(f"{'':<{width}}  {found.problem}")
        print(f"{'':<{width}}  licence {SETS[name].licence}; for {', '.join(users_of(name))}")
    return 0 if all(found.state is State.PRESENT for found in states.values()) else 1


def _import(files: list[Path], name: str) -> int:
    from ctc.weights_import import import_weights

    for file in files:
        for path in import_weights(file, name):
            print(f"{file} -> {path}")
    return 0


def _fetch(names: list[str]) -> int:
    from tqdm import tqdm

    from ctc.weights import State, find, weights_set
    from ctc.weights_fetch import fetch_weights
    from ctc.weights_sets import SETS

    wanted = names or [name for name in SETS if find(name).state is not State.PRESENT]
    for entry in [weights_set(name) for name in wanted]:
        with tqdm(unit="B", unit_scale=True, desc=entry.name, file=sys.stderr) as bar:

            def show(had: int, expected: int, bar: Any = bar) -> None:
                bar.total = expected or None
                bar.update(had - bar.n)

            path = fetch_weights(entry, show)
        print(f"{entry.address} -> {path}")
    if not wanted:
        print("nothing to fetch: all weights are present")
    return 0

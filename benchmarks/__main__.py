"""Speed against peers, as ratios taken in one run: `python -m benchmarks [NAME ...]`."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
from collections.abc import Sequence

import benchmarks

Row = tuple[str, float, float, float, float]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmarks named, or all; return 1 when a ratio is below its target."""
    modules = pkgutil.iter_modules(benchmarks.__path__)
    known = [m.name for m in modules if m.name != "__main__" and not m.ispkg]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(known)}")
    parser.add_argument(
        "--pictures",
        type=int,
        metavar="N",
        help="benchmark `metrics`: time one pair of N pictures, and that time is linear in them",
    )
    args = parser.parse_args(arguments)
    if args.pictures is not None and args.pictures < 5:
        parser.error(f"--pictures {args.pictures}: shall be at least 5")
    names = args.names or known
    for name in names:
        if name not in known:
            parser.error(f"no benchmark '{name}'; there are {', '.join(known)}")
    print(f"{'benchmark':56} {'ours s':>10} {'peer s':>10} {'ratio':>9} {'target':>8}")
    missed = 0
    for name in names:
        module = importlib.import_module(f"benchmarks.{name}")
        long = args.pictures is not None and name == "metrics"
        for row in module.run(args.pictures) if long else module.run():
            missed += not show(row)
    return 1 if missed else 0


def show(row: Row) -> bool:
    """Print one row; return whether its ratio (peer / ours) reaches the target."""
    name, ours, peer, ratio, target = row
    reached = ratio >= target
    mark = "" if reached else "  below target"
    print(f"{name:56} {ours:10.4g} {peer:10.4g} {ratio:9.3f} {target:8.3f}{mark}", flush=True)
    return reached


if __name__ == "__main__":
    sys.exit(main())

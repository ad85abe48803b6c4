"""ctc metrics: the metrics known here, their signatures, and what is missing for them."""

from __future__ import annotations

import argparse

from ctc.errors import MetricError, near_miss

HELP = "list the metrics, their signatures, and what is missing"
EXAMPLES = """examples:
  ctc metrics                list every metric
  ctc metrics psnr-y lpips-alex
  ctc metrics --set gfvc-v2-rgb
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the names to show."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="metrics to show; all by default")
    parser.add_argument("--set", metavar="SET", help="show a named set, such as gfvc-v2-rgb")


def run(args: argparse.Namespace) -> int:
    """Print one line a metric: name, title, signature or why it is not available."""
    from ctc.metrics import metric_by_name, metric_names

    names = _set(args.set) if args.set else args.names or metric_names()
    width = max(len(name) for name in names)
    for name in names:
        metric = metric_by_name(name)
        missing = metric.unavailable()
        arrow = "+" if metric.higher_is_better else "-"
        state = f"not available: {missing}" if missing else metric.signature()
        print(f"{name:<{width}}  {arrow}  {metric.title:<28}  {state}")
    if not (args.set or args.names):
        _whole_sets(width)
    return 0


def _whole_sets(width: int) -> None:
    """Print the figures of whole sets, and those that cannot be given."""
    from ctc.set_names import NOT_AVAILABLE, SET_FIGURES, SET_WARNING

    for name in SET_FIGURES:
        print(f"{name:<{width}}  -  {'(whole set)':<28}  {SET_WARNING}")
    for name, reason in NOT_AVAILABLE.items():
        print(f"{name:<{width}}  -  {'(whole set)':<28}  not available: {reason}")


def _set(name: str) -> tuple[str, ...]:
    from ctc.metrics import metric_sets

    sets = metric_sets()
    if name not in sets:
        raise MetricError(
            f"set '{name}' is unknown{near_miss(name, sets)}; known are {', '.join(sets)}"
        )
    return sets[name]

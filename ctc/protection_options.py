"""Options of the command line that protect the machine from the programs of cards."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ctc.isolation import Isolation, Limits

GIB = 1 << 30


def add_protection_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare how far programs of cards are isolated and limited."""
    group = parser.add_argument_group(
        "protection", "of this machine from the programs of cards; see docs/security.md"
    )
    group.add_argument(
        "--isolate",
        choices=["auto", "none", "network", "full"],
        help="none; no network; or full: besides, only what it needs of the files and processes "
        "(default: $CTC_ISOLATE, else auto: the strongest that this machine offers)",
    )
    for name, what in (("readable", "see"), ("writable", "see and change")):
        group.add_argument(
            f"--{name}",
            action="append",
            default=[],
            metavar="PATH",
            help=f"also let isolated programs {what} this file or folder",
        )
    group.add_argument(
        "--disk-limit-gib",
        type=above_zero,
        metavar="G",
        help="all files of a program together (default: 4, and 16 times its raw pictures)",
    )
    group.add_argument(
        "--memory-limit-gib", type=above_zero, metavar="G", help="all processes of a program"
    )
    group.add_argument(
        "--cpu-limit", type=above_zero, metavar="S", help="processor seconds of a program"
    )


def above_zero(text: str) -> float:
    """Return the number in `text`.

    Raises:
        ArgumentTypeError: not a finite number above 0.
    """
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text}: shall be above 0")
    return value


def isolation_of(args: argparse.Namespace) -> Isolation:
    """Return the isolation that was asked for.

    Raises:
        IsolationError: not offered by this machine, or a path that does not exist.
    """
    from ctc.isolation import isolation_from

    return isolation_from(args.isolate, args.readable, args.writable)


def limits_of(args: argparse.Namespace) -> Limits:
    """Return the limits that were asked for."""
    from ctc.isolation import Limits

    return Limits(_bytes(args.disk_limit_gib), _bytes(args.memory_limit_gib), args.cpu_limit)


def _bytes(gib: float | None) -> int | None:
    return None if gib is None else int(gib * GIB)

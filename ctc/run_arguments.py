"""How stages run: the arguments that ctc run and ctc resume share, and what they stand for."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ctc.errors import ClusterError
from ctc.protection_options import above_zero, add_protection_arguments, isolation_of, limits_of
from ctc.still_picture import MOST_SEQUENCES

if TYPE_CHECKING:
    from ctc.campaign_tasks import RunOptions
    from ctc.machine import Slots
    from ctc.plan import Plan
    from ctc.stage import Place


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    group = parser.add_argument_group("running")
    _add_where(group)
    _add_what(group)
    group.add_argument("--stage", action="append", default=[], help=argparse.SUPPRESS)
    group.add_argument("--no-report", action="store_true", help="leave the reports as they are")
    group.add_argument("--quiet", action="store_true", help="only failures and the summary")
    add_protection_arguments(parser)


def _add_where(group: argparse._ArgumentGroup) -> None:
    """Where stages run, and how many at once."""
    group.add_argument("--jobs", type=_positive, metavar="N", help="stages at once (cores)")
    group.add_argument(
        "--memory-gib", type=above_zero, metavar="G", help="for all stages together (the machine's)"
    )
    group.add_argument("--gpus", type=_not_negative, metavar="N", help="to use (the machine's)")
    group.add_argument(
        "--cluster",
        metavar="WHERE",
        help="run on a Dask cluster: tcp://host:port of its scheduler, or local, slurm, pbs, lsf, "
        "sge or htcondor",
    )
    group.add_argument(
        "--cluster-config", type=Path, metavar="FILE", help="YAML: what to ask the cluster for"
    )
    group.add_argument(
        "--segments",
        type=_positive,
        default=1,
        metavar="N",
        help="intra-period segments of one encode at once, for codecs whose bytes that leaves "
        "as they are (1: code in one run)",
    )


def _add_what(group: argparse._ArgumentGroup) -> None:
    """Which stages run, and what becomes of them."""
    group.add_argument("--dry-run", action="store_true", help="print what would run; run nothing")
    group.add_argument(
        "--plan-only", action="store_true", help="write the campaign's folder, for ctc jobs"
    )
    group.add_argument("--force", action="store_true", help="run again what is finished")
    group.add_argument("--retry-failed", action="store_true", help="run again what has failed")
    group.add_argument("--timeout", type=above_zero, metavar="S", help="seconds allowed to a stage")
    group.add_argument(
        "--decode-twice", action="store_true", help="decode each bitstream twice and compare"
    )
    group.add_argument(
        "--pictures",
        type=_not_negative,
        default=MOST_SEQUENCES,
        metavar="N",
        help="sequences of a configuration of which one picture of each decoded file is kept for "
        f"the report ({MOST_SEQUENCES})",
    )
    group.add_argument(
        "--keep-decoded", action="store_true", help="keep decoded files after measuring"
    )
    group.add_argument(
        "--file-limit-gib",
        type=above_zero,
        metavar="G",
        help="largest file that a program may write",
    )


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value}: shall be at least 1")
    return value


def _not_negative(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{value}: shall be at least 0")
    return value


def place_of(plan: Plan, folder: Path, args: argparse.Namespace) -> Place:
    """Return where the stages of a plan run and leave their results."""
    from ctc.executor import threads_for
    from ctc.machine import available_cores
    from ctc.stage import Place
    from ctc.store import default_store_root

    jobs = args.jobs or available_cores()
    limit = args.file_limit_gib
    return Place(
        store=default_store_root(),
        campaign=folder.absolute(),
        ctc=plan.lock.ctc,
        threads=threads_for(jobs),
        jobs=jobs,
        file_limit_bytes=None if limit is None else int(limit * (1 << 30)),
        isolation=isolation_of(args),
        limits=limits_of(args),
    )


def options_of(args: argparse.Namespace) -> RunOptions:
    """Return how the stages run."""
    from ctc.campaign_tasks import RunOptions

    return RunOptions(
        force=args.force,
        retry_failed=args.retry_failed,
        keep_decoded=args.keep_decoded,
        decode_twice=args.decode_twice,
        timeout_s=args.timeout,
        segments=args.segments,
        pictures=args.pictures,
    )


@contextmanager
def executor_of(
    place: Place, args: argparse.Namespace, say: Callable[[str], None]
) -> Iterator[tuple[Executor | None, Slots]]:
    """Where stages are sent, None for this process, and what there is room for.

    say: is told where a cluster's dashboard is, and what happens to its workers.

    Raises:
        ClusterError: the cluster cannot be had.
    """
    from ctc.machine import this_machine

    if args.cluster is None:
        if args.cluster_config is not None:
            raise ClusterError(f"--cluster-config {args.cluster_config}: give --cluster too")
        yield None, this_machine(place.jobs, args.memory_gib, args.gpus)
        return
    if args.memory_gib is not None or args.gpus is not None:
        raise ClusterError("--memory-gib and --gpus are this machine's; --cluster-config has them")
    from ctc.cluster import open_cluster

    with open_cluster(args.cluster, args.cluster_config, place.jobs, place.store, say) as executor:
        yield executor, executor

"""Injects faults into running campaigns and prints what came of them.

python -m tests.faults --rounds 200 --seed 1 --output table.md
python -m tests.faults --fault runner_killed --codec x265 --rounds 10
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from tqdm import tqdm

from tests.faults import clocks, clusters, damage, disks, kills, pairs, stuck
from tests.faults.bench import CODECS, Bench
from tests.faults.table import Row, comma_separated, markdown
from tests.faults.trial import Trial

MORE_TRIES = 3
Fault = Callable[[Trial], bool]
ANY_CODEC: tuple[Fault, ...] = (
    kills.runner_killed,
    kills.worker_killed,
    kills.encoder_killed,
    kills.decoder_killed,
    kills.measuring_killed,
    kills.all_killed,
    stuck.encoder_stopped,
    damage.records_bit_flipped,
    damage.bitstream_bit_flipped,
    damage.bitstream_truncated,
)
NULL_CODEC: tuple[Fault, ...] = (
    kills.session_left,
    kills.session_left_by_all,
    pairs.two_runners,
    pairs.one_of_two_killed,
    stuck.encoder_hangs,
    stuck.memory_refused,
    stuck.out_of_memory,
    clocks.clock_jumps,
    clocks.claims_of_any_age,
    clocks.claim_of_the_living,
    damage.records_truncated,
    damage.records_half_written,
    damage.bitstream_half_written,
    damage.decoded_bit_flipped,
    damage.temporaries_left,
)
MOUNTS: tuple[Fault, ...] = (
    disks.store_full,
    disks.campaign_full,
    disks.store_read_only,
    disks.store_vanishes,
    disks.campaign_vanishes,
)
CLUSTER: tuple[Fault, ...] = (
    clusters.scheduler_killed,
    clusters.cluster_worker_killed,
    clusters.cluster_runner_killed,
)
FAULTS = {fault.__name__: fault for fault in (*ANY_CODEC, *NULL_CODEC, *MOUNTS, *CLUSTER)}
ON_REAL_ENCODERS = frozenset(fault.__name__ for fault in ANY_CODEC)


def main(arguments: list[str]) -> int:
    """Run the rounds; return 1 when any of them went wrong."""
    args = _parser().parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="ctc-faults-", dir=args.folder))
    rows = []
    try:
        plan = _plan(args)
        with tqdm(total=sum(plan.values()), unit="round", disable=args.quiet) as bar:
            benches: dict[str, Bench] = {}
            for (name, codec), rounds in plan.items():
                if codec not in benches:
                    benches[codec] = Bench(folder / codec, codec)
                rows.append(_rounds(benches[codec], name, rounds, args.seed, bar))
                _save(args, rows)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.stdout.write(markdown(rows))
    return 1 if any(verdict.bad for row in rows for verdict in row.verdicts) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults",
        description="inject faults into running campaigns and count what is lost",
        epilog="exit code: 0 nothing was lost, 1 something was",
    )
    parser.add_argument(
        "--rounds", type=int, default=200, help="rounds that strike, in all (default 200)"
    )
    parser.add_argument("--seed", type=int, default=1, help="of moments, victims and damage")
    parser.add_argument(
        "--fault", action="append", choices=sorted(FAULTS), help="only these (repeat)"
    )
    parser.add_argument("--codec", action="append", choices=CODECS, help="only these (repeat)")
    parser.add_argument("--output", type=Path, help="write the table to this .md or .csv file")
    parser.add_argument("--folder", type=Path, help="where to work (default: the system's)")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    return parser


def _plan(args: argparse.Namespace) -> dict[tuple[str, str], int]:
    """Share the rounds among faults and codecs, evenly."""
    pairs = [
        (name, codec)
        for codec in args.codec or CODECS
        for name in args.fault or FAULTS
        if codec == "null" or name in ON_REAL_ENCODERS
    ]
    each, more = divmod(args.rounds, len(pairs))
    return {pair: each + (index < more) for index, pair in enumerate(pairs)}


def _rounds(bench: Bench, name: str, rounds: int, seed: int, bar: tqdm[NoReturn]) -> Row:
    row = Row(name, bench.codec)
    row.skipped = _impossible(FAULTS[name])
    if row.skipped:
        bar.update(rounds)
        return row
    started = time.monotonic()
    struck = number = 0
    while struck < rounds and number < 2 * rounds + MORE_TRIES:  # some come when all is over
        home = bench.folder / f"{name}-{number}"
        trial = Trial(bench, home, random.Random(f"{seed} {name} {bench.codec} {number}"))
        try:
            verdict = trial.verdict(FAULTS[name](trial))
        finally:
            trial.close()
        number += 1
        struck += verdict.struck
        row.verdicts.append(verdict)
        if verdict.bad:
            tqdm.write(f"{name} {bench.codec} {number - 1}: {verdict}", file=sys.stderr)
            tqdm.write("\n".join(f"    {line}" for line in trial.said[-40:]), file=sys.stderr)
        shutil.rmtree(home, ignore_errors=True)
        bar.update(verdict.struck)
    row.seconds = time.monotonic() - started
    return row


def _impossible(fault: Fault) -> str:
    """Why a fault cannot be injected on this machine; empty when it can."""
    if fault in MOUNTS and not disks.mounts_possible():
        return "skipped: no mount namespace here"
    if fault in CLUSTER and not clusters.cluster_possible():
        return "skipped: dask is not installed"
    return ""


def _save(args: argparse.Namespace, rows: list[Row]) -> None:
    if args.output is not None:
        form = comma_separated if args.output.suffix == ".csv" else markdown
        args.output.write_text(form(rows), encoding="utf-8")


def _in_own_mount_namespace() -> None:
    """Start again where mounting is allowed and nobody else sees it, if the system lets us."""
    if disks.IN_NAMESPACE in os.environ or not sys.platform.startswith("linux"):
        return
    unshare = shutil.which("unshare")
    if unshare is None or os.spawnv(os.P_WAIT, unshare, ["unshare", "-rm", "true"]) != 0:
        return
    command = ["unshare", "-rm", sys.executable, "-m", "tests.faults", *sys.argv[1:]]
    os.execve(unshare, command, {**os.environ, disks.IN_NAMESPACE: "1"})


if __name__ == "__main__":
    _in_own_mount_namespace()
    sys.exit(main(sys.argv[1:]))

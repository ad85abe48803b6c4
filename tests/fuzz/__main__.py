"""Fuzz one target: `python -m tests.fuzz TARGET --runs N`."""

from __future__ import annotations

import argparse
import importlib.util
import random
import resource
import sys
import time
from pathlib import Path

from tests.fuzz import TARGET_NAMES

EXAMPLES = """examples:
  python -m tests.fuzz sei-vvc --runs 100000
  python -m tests.fuzz parameters --runs 100000 --corpus corpus/parameters
  python -m tests.fuzz trace --runs 20000 --without-atheris --seed 7

With atheris (pip install '.[fuzz]') the run is guided by coverage, and an input that crashes, takes
more than 10 s or more than the memory limit is written to a file; without it, inputs are mutated at
random from the same starting inputs.
"""
TIMEOUT_S = 10


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz",
        description="Give a reader mutated bytes and see that it answers with its own errors only.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("target", help="name of a target, or list")
    parser.add_argument("--runs", type=int, default=100_000, help="inputs to try (100000)")
    parser.add_argument("--seed", type=int, default=1, help="of the random choices (1)")
    parser.add_argument("--memory-mib", type=int, default=1024, help="limit of the process (1024)")
    parser.add_argument("--corpus", type=Path, help="folder that keeps inputs with new coverage")
    parser.add_argument("--without-atheris", action="store_true", help="mutate at random only")
    return parser.parse_args()


def guided(args: argparse.Namespace) -> None:
    """Run under atheris; it ends the process."""
    import atheris

    # Instrumented functions cannot be compiled, so the kernels stay as they are.
    kernels = [f"reference_sw.entropy.{name}_kernels" for name in ("engine", "symbol", "parameter")]
    with atheris.instrument_imports(include=["reference_sw"], exclude=kernels):
        from tests.fuzz.targets import TARGETS, run_one
    folder = args.corpus or Path(".fuzz") / args.target
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(TARGETS[args.target].seeds()):
        (folder / f"seed-{number}").write_bytes(seed)
        run_one(args.target, seed)  # compiles what is compiled: no input shall be timed with that
    options = [
        f"-runs={args.runs}",
        f"-seed={args.seed}",
        f"-rss_limit_mb={args.memory_mib}",
        f"-timeout={TIMEOUT_S}",
        "-max_len=4096",
        f"-artifact_prefix={folder}/",
        str(folder),
    ]

    def test_one_input(data: bytes) -> None:
        run_one(args.target, data)

    atheris.Setup([sys.argv[0], *options], test_one_input)
    atheris.Fuzz()


def unguided(args: argparse.Namespace) -> int:
    """Mutate at random; stops at the first fault and says which input caused it."""
    from tests.fuzz.mutation import mutated
    from tests.fuzz.targets import TARGETS, run_one

    seeds, source, accepted = TARGETS[args.target].seeds(), random.Random(args.seed), 0
    slowest = 0.0
    for number in range(args.runs):
        data = mutated(seeds, source)
        start = time.monotonic()
        try:
            accepted += run_one(args.target, data)
        except Exception:
            print(f"input {number}: {data.hex()}", file=sys.stderr)
            raise
        slowest = max(slowest, time.monotonic() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"{args.target}: {args.runs} inputs, {accepted} accepted, slowest {slowest:.3f} s, "
        f"peak {peak} MiB"
    )
    return 1 if slowest > TIMEOUT_S or peak > args.memory_mib else 0


def main() -> int:
    args = arguments()
    if args.target == "list":
        print("\n".join(TARGET_NAMES))
        return 0
    if args.target not in TARGET_NAMES:
        print(f"unknown target '{args.target}': known are {', '.join(TARGET_NAMES)}")
        return 2
    if args.without_atheris:
        return unguided(args)
    if importlib.util.find_spec("atheris") is None:
        print("atheris is not installed: inputs are mutated at random", file=sys.stderr)
        return unguided(args)
    guided(args)
    return 0


if __name__ == "__main__":
    sys.exit(main())

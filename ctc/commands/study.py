"""ctc study: how metrics rank distortions whose kind and strength are known."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ctc.registry import LoadedCard
    from ctc.sequences import Sequence
    from ctc.study.study_scores import Finished

HELP = "study metrics: which QP each takes blur, drift, jitter or frozen pictures for"
EXAMPLES = """examples:
  ctc study metrics                                   the demo class, first 50 pictures
  ctc study metrics --class TALKING-HEAD --frames 125
  ctc study metrics --metrics psnr-y,lpips-alex,flow-error --output reports/my-study

Some ten minutes a sequence of 50 pictures on a slow core. A study that was interrupted goes on with
the sequences that are not finished.
"""
_FRAMES = 50
_POINTS = "22,27,32,37,42,47,52"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument("subject", choices=["metrics"], help="what is studied")
    parser.add_argument("--class", dest="classes", action="append", default=[], metavar="CLASS")
    parser.add_argument("--sequence", action="append", default=[], metavar="NAME")
    parser.add_argument("--frames", type=int, default=_FRAMES, help=f"default {_FRAMES}")
    parser.add_argument("--codec", default="vvenc-ld", help="the ladder's codec; default vvenc-ld")
    parser.add_argument("--points", default=_POINTS, metavar="A,B", help=f"default {_POINTS}")
    parser.add_argument(
        "--metrics", default="", metavar="A,B", help="default: the study's own list"
    )
    parser.add_argument(
        "--output", type=Path, default=Path("reports/metric-study"), metavar="FOLDER"
    )


def run(args: argparse.Namespace) -> int:
    """Run the study and write its report."""
    from dataclasses import replace

    from tqdm import tqdm

    from ctc.metrics import metric_by_name
    from ctc.registry import find_card
    from ctc.sequence_folders import home_folder
    from ctc.sequence_list import load_sequences
    from ctc.sources import original_file
    from ctc.study.metric_study import DEFAULT_METRICS, run_study
    from ctc.study.study_report import write_report

    _check(args)
    points = tuple(args.points.split(","))
    card = find_card(args.codec)
    metrics = tuple(args.metrics.split(",")) if args.metrics else DEFAULT_METRICS
    for name in metrics:
        metric_by_name(name)
    known = load_sequences()
    chosen = known.select(args.classes or ([] if args.sequence else ["DEMO"]), args.sequence)
    cache = home_folder().parent / "originals"
    originals = {s.name: original_file(s, min(args.frames, s.frames), cache) for s in chosen}
    with tqdm(total=len(originals), unit="sequence", file=sys.stderr) as bar:

        def show(name: str) -> None:
            bar.set_postfix_str(name)
            bar.update(1)

        finished = _finished(args, card, chosen, metrics)
        study = run_study(originals, card, points, metrics, show, finished)
    rights = {s.name: s.licence for s in chosen}
    for path in write_report(replace(study, rights=rights, command=_command(args)), args.output):
        print(path)
    finished.remove()
    return 0


def _check(args: argparse.Namespace) -> None:
    """Refuse options out of range.

    Raises:
        ConditionsError: a single picture, or rate points that are no numbers.
    """
    from ctc.errors import ConditionsError

    if args.frames < 2:
        raise ConditionsError(f"--frames {args.frames}: shall be at least 2")
    if not all(_is_number(point) for point in args.points.split(",")):
        raise ConditionsError(f"--points {args.points}: shall be numbers divided by commas")


def _finished(
    args: argparse.Namespace,
    card: LoadedCard,
    chosen: tuple[Sequence, ...],
    metrics: tuple[str, ...],
) -> Finished:
    """Where finished sequences are kept, by all that decides their scores."""
    from ctc.metrics import metric_by_name
    from ctc.study.distortions import all_distortions
    from ctc.study.study_scores import Finished

    signatures = [metric_by_name(name).signature() for name in metrics]
    labels = [distortion.label for distortion in all_distortions()]
    settings = (args.frames, args.points, card.path.read_bytes(), metrics, signatures, labels)
    digests = {s.name: s.md5 for s in chosen}
    return Finished(args.output / "finished", digests, settings)


def _command(args: argparse.Namespace) -> str:
    """The command that makes the same study."""
    parts = ["ctc", "study", args.subject]
    for option, values in (("--class", args.classes), ("--sequence", args.sequence)):
        parts += [part for value in values for part in (option, value)]
    parts += ["--frames", str(args.frames), "--codec", args.codec, "--points", args.points]
    return shlex.join([*parts, *(["--metrics", args.metrics] if args.metrics else [])])


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True

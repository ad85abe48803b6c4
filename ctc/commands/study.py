"""ctc study: how metrics rank distortions whose kind and strength are known."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

HELP = "study metrics: which QP each takes blur, drift, jitter or frozen pictures for"
EXAMPLES = """examples:
  ctc study metrics                                   the demo class, first 50 pictures
  ctc study metrics --class TALKING-HEAD --frames 125
  ctc study metrics --metrics psnr-y,lpips-alex,flow-error --output reports/my-study
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
    from tqdm import tqdm

    from ctc.errors import ConditionsError
    from ctc.metrics import metric_by_name
    from ctc.registry import find_card
    from ctc.sequence_folders import home_folder
    from ctc.sequence_list import load_sequences
    from ctc.sources import original_file
    from ctc.study.metric_study import DEFAULT_METRICS, run_study
    from ctc.study.study_report import write_report

    if args.frames < 2:
        raise ConditionsError(f"--frames {args.frames}: shall be at least 2")
    points = tuple(args.points.split(","))
    if not all(_is_number(point) for point in points):
        raise ConditionsError(f"--points {args.points}: shall be numbers divided by commas")
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

        study = run_study(originals, card, points, metrics, show)
    for path in write_report(study, args.output):
        print(path)
    return 0


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True

"""ctc run: plan a campaign, run it, report it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ctc.errors import ClusterError
from ctc.run_arguments import add_run_arguments, executor_of, options_of, place_of

if TYPE_CHECKING:
    from ctc.campaign import Summary
    from ctc.campaign_lock import Selection
    from ctc.plan import Plan
    from ctc.results import CampaignResults
    from ctc.stage import Place

HELP = "encode, decode, measure and report everything that test conditions ask for"
EXAMPLES = """examples:
  ctc run demo                                    the demonstration, into reports/demo
  ctc run talking-head --class TALKING-HEAD --frames 16 --name quick
  ctc run demo --add-codec my_codec.yaml          the listed tests and one more
  ctc run demo --codec my_codec.yaml --name mine  my codec alone against the anchor
  ctc run demo --codec my_codec.yaml --name mine --agreed-anchors   without running the anchor
  ctc run jvet-ldb --dry-run                      what would run and what is finished
  ctc run jvet-ldb --cluster tcp://head:8786      on the workers of a Dask scheduler
  ctc run jvet-ldb --cluster slurm --cluster-config cluster.yaml   on workers run by Slurm
  ctc run jvet-ra --segments 8                    eight intra periods of an encode at once
  ctc run jvet-ldb --plan-only && ctc jobs reports/jvet-ldb --format slurm-array > array.sh

exit code: 0 all done, 1 some stages have no result, 2 wrong input, 130 interrupted"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ctc run."""
    parser.add_argument("conditions", help="name of test conditions, or path of their YAML")
    parser.add_argument("--name", help="name of the campaign (default: that of the conditions)")
    parser.add_argument("--output", type=Path, help="its folder (default: reports/NAME)")
    chosen = parser.add_argument_group("selection")
    chosen.add_argument("--configuration", action="append", default=[], metavar="NAME")
    chosen.add_argument("--class", dest="classes", action="append", default=[], metavar="CLASS")
    chosen.add_argument("--sequence", action="append", default=[], metavar="NAME")
    chosen.add_argument(
        "--codec",
        action="append",
        default=[],
        metavar="CARD",
        help="test codec, by name or path of its card, in place of those the conditions list",
    )
    chosen.add_argument(
        "--add-codec", action="append", default=[], metavar="CARD", help="a further test codec"
    )
    chosen.add_argument(
        "--rate-points",
        action="append",
        default=[],
        metavar="[CARD=]V,V",
        help="keep these rate points; with CARD=, use these values for that card",
    )
    chosen.add_argument("--frames", type=int, metavar="N", help="code the first N pictures only")
    chosen.add_argument(
        "--agreed-anchors",
        action="store_true",
        help="take the anchors' agreed results (anchors/results) instead of running them",
    )
    add_run_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Plan, run and report; return the exit code."""
    from ctc.campaign_folder import plan_new
    from ctc.registry import find_conditions

    conditions, path = find_conditions(args.conditions)
    name = args.name or conditions.name
    folder = args.output or Path("reports") / name
    plan = plan_new(folder, conditions, path, _selection(args), name)
    if plan.before is None and not args.dry_run:
        _require_sequences(plan, name)
    if args.agreed_anchors:
        plan = _with_agreed_anchors(plan)
    return run_plan(plan, folder, args)


def _require_sequences(plan: Plan, name: str) -> None:
    """Refuse a new campaign of which this machine holds no sequence, before every stage fails.

    Raises:
        SequenceError: there is none; says how to obtain the first.
    """
    from ctc.errors import SequenceError
    from ctc.sequence_folders import find_file

    sequences = list(plan.sequences.values())
    if any(s.storage == "generated" or find_file(s) is not None for s in sequences):
        return
    names = [s.name for s in sequences]
    which = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
    obtain = next((s.obtain for s in sequences if s.obtain), "import them first")
    raise SequenceError(
        f"{name}: no sequence of this campaign is on this machine ({which}): {obtain}"
    )


def _with_agreed_anchors(plan: Plan) -> Plan:
    from ctc.agreed_anchors import use_agreed
    from ctc.store import Store, default_store_root

    plan, lines = use_agreed(plan, Store(default_store_root()))
    for line in lines:
        print(line, file=sys.stderr)
    return plan


def _selection(args: argparse.Namespace) -> Selection:
    from ctc.campaign_lock import Selection

    labels: list[str] = []
    rate_points: dict[str, list[str]] = {}
    for given in args.rate_points:
        card, equals, values = given.rpartition("=")
        parts = [part for part in values.split(",") if part]
        if equals:
            rate_points[card] = parts
        else:
            labels += parts
    return Selection(
        configurations=args.configuration,
        classes=args.classes,
        sequences=args.sequence,
        tests=[_card(given) for given in args.codec],
        more_tests=[_card(given) for given in args.add_codec],
        labels=labels,
        rate_points=rate_points,
        frames=args.frames,
    )


def _card(given: str) -> str:
    """A path stays good wherever the campaign is resumed from."""
    return str(Path(given).absolute()) if given.endswith((".yaml", ".yml")) else given


def run_plan(plan: Plan, folder: Path, args: argparse.Namespace) -> int:
    """Run a planned campaign in its folder, print what came of it, return the exit code."""
    from ctc.campaign import Campaign
    from ctc.campaign_folder import changed_programs, open_folder
    from ctc.progress import RunProgress
    from ctc.segments import refused

    for line in [*plan.faults, *changed_programs(plan)]:
        print(line, file=sys.stderr)
    if args.segments > 1:
        for line in refused(plan):
            print(line, file=sys.stderr)
    place = place_of(plan, folder, args)
    if args.dry_run:
        return _dry_run(plan, place, args)
    open_folder(folder, plan)
    if args.plan_only:
        print(f"{folder}: planned; 'ctc jobs {folder}' lists what is to run")
        return 1 if plan.faults else 0
    progress = RunProgress(sys.stderr, args.quiet)
    with executor_of(place, args, progress.warn) as (executor, slots):
        only = tuple(args.stage)
        campaign = Campaign(plan, place, options_of(args), progress, only, executor, slots)
        try:
            summary = campaign.run()
        except ClusterError as problem:
            print(f"ctc: {problem}; nothing finished is lost: ctc resume {folder}", file=sys.stderr)
            return 1
    return _conclude(plan, folder, summary, args)


def _conclude(plan: Plan, folder: Path, summary: Summary, args: argparse.Namespace) -> int:
    """Print what came of a run and write its reports; return the exit code."""
    print(
        f"{folder}: {summary.total} stages: {summary.run} run, {summary.cached} finished before, "
        f"{len(summary.failures)} failed"
    )
    for failure in summary.failures:
        print(f"  {failure.status:13} {failure.name}: {failure.reason}")
    if summary.logs:
        print(f"{summary.logs} codec logs compared with the figures, {len(summary.notes)} differ")
    for note in summary.notes:
        print(f"  {note}")
    if summary.interrupted:
        print(f"interrupted; nothing finished is lost: ctc resume {folder}")
        return 130
    if not args.no_report and not args.stage:
        report(folder)
    return 1 if summary.failures or plan.faults else 0


def report(folder: Path, anew: bool = False) -> None:
    """Write the reports of a campaign from its records, unless they are up to date."""
    from ctc.campaign_folder import note_reported, reported

    if reported(folder) and not anew:
        print(f"reports in {folder} are up to date")
        return
    from ctc.campaign_pictures import collect_pictures, load_pictures
    from ctc.report import write_reports
    from ctc.results_reader import read_campaign
    from ctc.store import Store, default_store_root

    results = read_campaign(folder)
    collect_pictures(folder, results, Store(default_store_root()))
    for path in write_reports(results, folder, pictures=load_pictures(folder, results)):
        if path.parent == folder:
            print(path)
    _print_summary(folder, results)
    note_reported(folder)


def _print_summary(folder: Path, results: CampaignResults) -> None:
    """Print the table of means, and how the anchors compare with the agreed ones."""
    from ctc.agreed_anchors import agreed_folder, agreement
    from ctc.campaign_lock import read_lock
    from ctc.comparison import BdSettings, compare_configuration
    from ctc.comparison_tables import summary_table
    from ctc.report.tables import terminal
    from ctc.results_reader import read_campaign

    settings = BdSettings.from_conditions(results.bd_rate)
    for configuration in results.configurations:
        if len(configuration.cards) > 1:
            table = summary_table(compare_configuration(configuration, settings), ())
            print("\n" + terminal(table, sys.stdout.isatty()), end="")
    lock = read_lock(folder)
    agreed = agreed_folder(lock.conditions)
    if agreed is not None and lock.selection.frames is None:
        print("\n".join(agreement(results, read_campaign(agreed))))


def _dry_run(plan: Plan, place: Place, args: argparse.Namespace) -> int:
    """Print every stage that would run."""
    from ctc.campaign_state import CampaignState

    state = CampaignState(
        plan.lock, place, tuple(args.stage), args.force, args.retry_failed, copy=False
    )
    names = [name for name, _ in state.pending()]
    for name in names:
        print(name)
    for line in state.told_again():
        print(line)
    done = sum(curve.tally["done"] for curve in state.curves.values())
    print(f"{state.total} stages in all: {done} finished, {len(names)} jobs would run")
    for failure in (f for curve in state.curves.values() for f in curve.failures):
        print(f"  {failure.status:13} {failure.name}: {failure.reason}")
    return 0

"""ctc compare: codecs of one or more campaigns against an anchor."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ctc.errors import ReportError

if TYPE_CHECKING:
    from ctc.comparison import Comparison
    from ctc.report.tables import Table
    from ctc.results import CampaignResults

HELP = "compare codecs of one or more campaigns: BD-rate, error bars, matched points"
EXAMPLES = """examples:
  ctc compare reports/demo                                 all codecs over the campaign's anchor
  ctc compare reports/demo x265-ld vvenc-ld --anchor vtm-ldb
  ctc compare reports/may reports/june --sequences         two campaigns of the same conditions
  ctc compare reports/demo --format latex --output table.tex
  ctc compare reports/demo --hull best=acme-fast,acme-slow convex hull over parameters
  ctc compare reports/v1 reports/v2 reports/v3 --history acme --plot history.svg

A name that is not a campaign folder is a codec; without a folder, the newest of reports/ is used.
In tables, * marks a mean that holds figures of low overlap. Intervals are of 95 %.

exit code: 0 every overall mean is there, 1 one is withheld, 2 wrong input
"""
MATCHED_ROWS = 24  # on the screen; curves that never meet would fill pages


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument("items", nargs="*", metavar="FOLDER|CODEC", help="campaigns and codecs")
    parser.add_argument("--anchor", default="", help="codec to compare against")
    parser.add_argument(
        "--format",
        choices=["text", "markdown", "csv", "latex"],
        default="text",
        help="default text",
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="write there, not to the screen"
    )
    parser.add_argument("--configuration", action="append", default=[], help="only this one")
    parser.add_argument("--metrics", metavar="A,B", default="", help="only these metrics")
    parser.add_argument("--sequences", action="store_true", help="add figures of each sequence")
    parser.add_argument("--pictures", action="store_true", help="add error bars over pictures")
    parser.add_argument(
        "--matched", choices=["auto", "all", "none"], default="auto",
        help="pairs at one rate and at one quality: where BD is undefined (auto), all or none",
    )  # fmt: skip
    parser.add_argument(
        "--hull", action="append", default=[], metavar="NAME=A,B",
        help="compare the convex hull of the points of these codecs as one; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--average", choices=["figures", "curves"], default="figures",
        help="mean of the sequences' BD-rates, or BD-rate of averaged curves (another figure)",
    )  # fmt: skip
    parser.add_argument(
        "--interpolation", choices=["pchip", "akima", "cubic"], default="",
        help="instead of what the conditions name",
    )  # fmt: skip
    parser.add_argument("--history", metavar="CODEC", default="", help="releases of one codec")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="of --history, PNG or SVG")


def run(args: argparse.Namespace) -> int:
    """Compare; return 0, or 1 when a mean is withheld."""
    from ctc.campaign_merge import merge_campaigns
    from ctc.campaign_selection import select_campaigns

    campaigns, cards = select_campaigns(args.items)
    if args.plot and not args.history:
        raise ReportError("--plot draws a history: name the codec with --history")
    if args.history:
        return _history(args, campaigns)
    merged = _selected(args, merge_campaigns(campaigns), cards)
    comparisons = list(_comparisons(args, merged, cards))
    if args.format == "csv":
        _emit(args, _long_csv(args, merged, comparisons))
    else:
        _emit(args, _rendered(args, list(_tables(args, merged, comparisons))))
    means = [m.overall for c in comparisons for card in c.cards for m in card.metrics]
    return 0 if all(mean.value is not None for mean in means) else 1


def _history(args: argparse.Namespace, campaigns: Sequence[CampaignResults]) -> int:
    from ctc.release_history import history_table, release_history
    from ctc.report.history_chart import write_history
    from ctc.results_selection import select_results

    metrics = _names(args.metrics)
    selected = [
        select_results(c, configurations=args.configuration, metrics=metrics)[0] for c in campaigns
    ]
    histories = release_history(selected, args.history, args.anchor)
    if args.plot and len(histories) > 1:
        names = [history.configuration for history in histories]
        raise ReportError(f"--plot draws one configuration of {names}: --configuration")
    if args.plot:
        write_history(histories[0], args.plot)
    _emit(args, _rendered(args, [history_table(history) for history in histories]))
    return 0


def _selected(
    args: argparse.Namespace, results: CampaignResults, cards: Sequence[str]
) -> CampaignResults:
    """The results asked for; what is left out is said on standard error."""
    from ctc.results_selection import select_results

    members = [card for _, cards_of in map(_hull, args.hull) for card in cards_of]
    hulls = [name for name, _ in map(_hull, args.hull)]
    needed = [*([args.anchor] if args.anchor else []), *cards, *members]
    selected, left_out = select_results(
        results,
        configurations=args.configuration,
        cards=[card for card in needed if card not in hulls],
        metrics=_names(args.metrics),
    )
    for line in left_out:
        print(f"left out: {line}", file=sys.stderr)
    return selected


def _comparisons(
    args: argparse.Namespace, results: CampaignResults, cards: Sequence[str]
) -> Iterator[Comparison]:
    import dataclasses

    from ctc.comparison import BdSettings, compare_configuration
    from ctc.curve_average_comparison import averaged

    settings = BdSettings.from_conditions(results.bd_rate)
    if args.interpolation:
        settings = dataclasses.replace(settings, interpolation=args.interpolation)
    hulls = dict(map(_hull, args.hull))
    for configuration in results.configurations:
        tests = [*cards, *hulls] if cards else []
        comparison = compare_configuration(
            configuration, settings, anchor=args.anchor, tests=tests, hulls=hulls
        )
        if args.average == "curves":
            comparison = averaged(comparison, configuration.outside_overall)
        yield comparison


def _hull(text: str) -> tuple[str, tuple[str, ...]]:
    name, equals, members = text.partition("=")
    cards = _names(members)
    if not (name and equals and cards):
        raise ReportError(f"--hull {text}: shall be NAME=CODEC,CODEC,...")
    return name, cards


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in text.split(",") if name)


def _tables(
    args: argparse.Namespace, results: CampaignResults, comparisons: Sequence[Comparison]
) -> Iterator[Table]:
    from ctc.comparison_tables import (
        matched_table,
        sequence_table,
        summary_table,
        uncertainty_table,
    )
    from ctc.comparison_uncertainty import uncertainty_of

    for configuration, comparison in zip(results.configurations, comparisons, strict=True):
        yield summary_table(comparison)
        if args.sequences:
            yield sequence_table(comparison)
        if args.average == "figures":
            known = uncertainty_of(configuration, comparison, pictures=args.pictures)
            yield uncertainty_table(comparison, known, pictures=args.pictures)
        if args.matched != "none":
            few = args.format == "text" and args.matched == "auto"
            matched = matched_table(
                comparison, everywhere=args.matched == "all", most=MATCHED_ROWS if few else None
            )
            if matched is not None:
                yield matched


def _long_csv(
    args: argparse.Namespace, results: CampaignResults, comparisons: Sequence[Comparison]
) -> str:
    from itertools import chain

    from ctc.comparison_rows import comparison_rows, rows_csv
    from ctc.comparison_uncertainty import uncertainty_of

    parts = []
    for configuration, comparison in zip(results.configurations, comparisons, strict=True):
        known = uncertainty_of(configuration, comparison, pictures=args.pictures)
        parts.append(comparison_rows(comparison, known))
    return rows_csv(chain.from_iterable(parts))


def _rendered(args: argparse.Namespace, tables: Sequence[Table]) -> str:
    from ctc.report.tables import RENDERERS, terminal

    if args.format == "text":
        wanted = "NO_COLOR" not in os.environ
        colours = args.output is None and sys.stdout.isatty() and wanted
        return "\n".join(terminal(table, colours) for table in tables)
    return "\n".join(RENDERERS[args.format](table) for table in tables)


def _emit(args: argparse.Namespace, text: str) -> None:
    if args.output is None:
        sys.stdout.write(text)
        return
    try:
        args.output.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise ReportError(f"{args.output}: cannot be written: {problem.strerror}") from problem

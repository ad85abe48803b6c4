"""What a cross-check found: identical or not, where, and by how much."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from math import isclose
from pathlib import Path

from ctc.crosscheck import Crosscheck
from ctc.picture_md5 import other_pictures, picture_md5_name, read_picture_md5s
from ctc.report.tables import Cell, Table, Tone
from ctc.results import CampaignResults, MetricResult, PointResult, Status

# Learned metrics run in floating point, whose last digits differ between processors; a figure
# that differs by less than this share of itself agrees, and the difference is still shown.
AGREEMENT = 1e-6


class Verdict(str, Enum):
    """How one figure or one point compares."""

    IDENTICAL = "identical"
    AGREES = "agrees"
    DIFFERS = "differs"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True)
class Finding:
    """One thing compared at one point: `pictures`, `size`, or a metric.

    detail: why it was not checked, or where it differs; difference: ours less theirs.
    """

    configuration: str
    card: str
    sequence: str
    rate_point: str
    what: str
    verdict: Verdict
    theirs: str
    ours: str
    difference: float | None = None
    detail: str = ""


def findings(check: Crosscheck) -> list[Finding]:
    """Return every comparison of the codecs that were decoded here."""
    ours = {_key(point): point for point in _points(check.ours)}
    found: list[Finding] = []
    for point in _points(check.theirs):
        if point.card in check.codecs and (mine := ours.get(_key(point))) is not None:
            found += _of_point(point, mine, check.logs)
    return found


def passed(check: Crosscheck, found: list[Finding]) -> bool:
    """Whether something was checked and everything that was checked agrees."""
    verdicts = {finding.verdict for finding in found}
    checked = bool(verdicts & {Verdict.IDENTICAL, Verdict.AGREES})
    return checked and Verdict.DIFFERS not in verdicts and not check.faults


def _points(results: CampaignResults) -> Iterator[PointResult]:
    return (p for configuration in results.configurations for p in configuration.points)


def _key(point: PointResult) -> tuple[str, str, str, str]:
    return point.configuration, point.card, point.sequence, point.rate_point


def _of_point(theirs: PointResult, ours: PointResult, logs: tuple[Path, Path]) -> Iterator[Finding]:
    if theirs.status is not Status.DONE:
        reason = f"theirs: {theirs.status.value}: {theirs.reason}"
        yield Finding(*_key(theirs), "pictures", Verdict.NOT_CHECKED, "", "", None, reason)
        return
    if ours.status is not Status.DONE:
        # Without our original or program nothing was tried; a decode that failed is a difference.
        tried = bool(ours.bitstream_sha256)
        verdict = Verdict.DIFFERS if tried else Verdict.NOT_CHECKED
        detail = f"{ours.status.value}: {ours.reason}"
        yield Finding(*_key(theirs), "pictures", verdict, theirs.decoded_sha256, "", None, detail)
        return
    same = theirs.decoded_sha256 == ours.decoded_sha256
    yield Finding(
        *_key(theirs),
        "pictures",
        Verdict.IDENTICAL if same else Verdict.DIFFERS,
        theirs.decoded_sha256,
        ours.decoded_sha256,
        None,
        "" if same else _where(theirs, ours, logs),
    )
    for name, stated in theirs.metrics.items():
        yield _of_metric(theirs, name, stated, ours.metrics.get(name))


def _where(theirs: PointResult, ours: PointResult, logs: tuple[Path, Path]) -> str:
    """Which pictures differ, by the md5 of each that decode stages log."""
    lists = [
        read_picture_md5s(folder / picture_md5_name(point.record_keys.get("decode", "")))
        for folder, point in zip(logs, (theirs, ours), strict=True)
    ]
    places = other_pictures(*lists)
    if not places:
        return "which pictures is not known: the package has no md5 of each"
    return f"{len(places)} of {len(lists[0])} pictures, the first is picture {places[0]}"


def _of_metric(
    point: PointResult, name: str, theirs: MetricResult, ours: MetricResult | None
) -> Finding:
    shown = ("" if theirs.value is None else repr(theirs.value), "")
    if ours is None or theirs.value is None or ours.value is None:
        absent = theirs.reason if theirs.value is None else (ours.reason if ours else "no figure")
        return Finding(*_key(point), name, Verdict.NOT_CHECKED, *shown, None, absent)
    shown = (repr(theirs.value), repr(ours.value))
    if theirs.signature != ours.signature:
        detail = f"signatures: theirs {theirs.signature}, ours {ours.signature}"
        return Finding(*_key(point), name, Verdict.NOT_CHECKED, *shown, None, detail)
    difference = ours.value - theirs.value
    if difference == 0:
        return Finding(*_key(point), name, Verdict.IDENTICAL, *shown, 0.0)
    agrees = isclose(ours.value, theirs.value, rel_tol=AGREEMENT, abs_tol=AGREEMENT**2)
    verdict = Verdict.AGREES if agrees else Verdict.DIFFERS
    return Finding(*_key(point), name, verdict, *shown, difference)


def summary_lines(check: Crosscheck, found: list[Finding]) -> list[str]:
    """Return the outcome in a few lines."""
    lines = [f"codecs decoded here: {', '.join(check.codecs) or 'none'}"]
    lines += [f"codec {name} not decoded: {reason}" for name, reason in check.skipped.items()]
    lines += [f"wrong in the package: {fault}" for fault in check.faults]
    for what in dict.fromkeys(finding.what for finding in found):
        own = [finding for finding in found if finding.what == what]
        counts = {v: sum(f.verdict is v for f in own) for v in Verdict}
        text = ", ".join(f"{count} {verdict.value}" for verdict, count in counts.items() if count)
        apart = [abs(f.difference) for f in own if f.difference]
        lines.append(f"{what}: {text}" + (f"; at most {max(apart):.3g} apart" if apart else ""))
    return lines


def crosscheck_table(found: list[Finding], *, full: bool = False) -> Table:
    """Return every finding as a table; hashes by their first digits unless `full`."""
    tones = {Verdict.DIFFERS: Tone.LOSS, Verdict.IDENTICAL: Tone.GAIN}
    rows = tuple(
        (
            *map(Cell, (f.configuration, f.card, f.sequence, f.rate_point, f.what)),
            Cell(f.verdict.value, None, tones.get(f.verdict, Tone.PLAIN)),
            Cell(f.theirs if full else _short(f.theirs)),
            Cell(f.ours if full else _short(f.ours)),
            Cell("" if f.difference is None else f"{f.difference:.3g}", f.difference),
            Cell(f.detail),
        )
        for f in found
    )
    header = ("Configuration", "Codec", "Sequence", "Rate point", "What", "Verdict")
    return Table("Cross-check", (*header, "Theirs", "Ours", "Difference", "Detail"), rows, names=5)


def _short(text: str) -> str:
    """A hash by its first digits, another text whole."""
    return text[:16] if len(text) == 64 else text

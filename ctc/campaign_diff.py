"""ctc diff: what changed between two campaigns, from the cause to the figures.

Causes come first: conditions, binary, configuration (arguments and formats of a codec), sequence,
metric. Then what they did: bitstreams, pictures, figures, and BD-rates that changed their sign.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ctc.campaign_lock import CampaignLock, LockedCard, read_lock
from ctc.errors import ReportError
from ctc.figure_diff import figure_changes
from ctc.results_reader import read_campaign

ABSENT = "absent"
ROLES = ("encoder", "decoder", "components")


@dataclass(frozen=True)
class Change:
    """One thing that is unlike: of what kind, where, its value in each, and by how much."""

    kind: str
    where: str
    first: str
    second: str
    difference: float | None = None


def diff_campaigns(first: Path, second: Path) -> list[Change]:
    """Return everything that differs between the campaigns of two folders.

    Raises:
        ReportError: a folder is no campaign.
    """
    locks = read_lock(first), read_lock(second)
    found = [
        *_conditions(*locks),
        *_cards(*locks),
        *_sequences(*locks),
        *_metrics(*locks),
    ]
    try:
        figures = list(figure_changes(read_campaign(first), read_campaign(second)))
    except ReportError as problem:
        found.append(Change("figures", "not compared", str(problem), ""))
        return found
    return [*found, *(Change(*figure) for figure in figures)]


def _conditions(first: CampaignLock, second: CampaignLock) -> Iterator[Change]:
    yield from _unlike("harness", "version", first.ctc, second.ctc)
    yield from _unlike("harness", "sample conversions", first.conversion, second.conversion)
    yield from _models("conditions", "", first.conditions, second.conditions)
    yield from _models("selection", "", first.selection, second.selection)
    configurations = [{c.name: c for c in lock.configurations} for lock in (first, second)]
    for name, ours, theirs in _paired(*configurations):
        if ours is None or theirs is None:
            yield _presence("configuration", name, ours is not None)
        else:
            yield from _models("conditions", f"{name}: ", ours, theirs)


def _cards(first: CampaignLock, second: CampaignLock) -> Iterator[Change]:
    for name, ours, theirs in _paired(first.cards, second.cards):
        if ours is None or theirs is None:
            yield _presence("codec", name, ours is not None)
            continue
        yield from _unlike("binary", f"{name}: version", ours.version, theirs.version)
        yield from _unlike("binary", f"{name}: fault", ours.fault, theirs.fault)
        for role in ROLES:
            yield from _programs(f"{name}: {role}", role, ours, theirs)
        for part in ("input", "output", "complexity"):
            sides = getattr(ours, part), getattr(theirs, part)
            yield from _models("configuration", f"{name}: {part} ", *sides)


def _programs(where: str, role: str, first: LockedCard, second: LockedCard) -> Iterator[Change]:
    ours, theirs = getattr(first, role), getattr(second, role)
    if ours is None or theirs is None:
        if ours is not theirs:
            yield _presence("binary", where, ours is not None)
        return
    digests = f"{where}: program or its files", ours.digest[:16], theirs.digest[:16]
    yield from _unlike("binary", *digests)
    yield from _unlike("configuration", f"{where}: arguments", *_apart(ours, theirs))
    yield from _unlike(
        "configuration", f"{where}: environment", ours.environment, theirs.environment
    )


def _apart(first: Any, second: Any) -> tuple[str, str]:
    """The arguments that only one side has, in their order."""
    sides = first.arguments, second.arguments
    if sides[0] == sides[1]:
        return "", ""
    only = [[a for a in side if a not in other] for side, other in (sides, sides[::-1])]
    if only[0] or only[1]:
        return " ".join(only[0]), " ".join(only[1])
    return " ".join(sides[0]), " ".join(sides[1])


def _sequences(first: CampaignLock, second: CampaignLock) -> Iterator[Change]:
    for name, ours, theirs in _paired(first.sequences, second.sequences):
        if ours is None or theirs is None:
            yield _presence("sequence", name, ours is not None)
        else:
            yield from _models("sequence", f"{name}: ", ours, theirs)


def _metrics(first: CampaignLock, second: CampaignLock) -> Iterator[Change]:
    for name, ours, theirs in _paired(first.metrics, second.metrics):
        if ours is None or theirs is None:
            yield _presence("metric", name, ours is not None)
            continue
        yield from _unlike("metric", f"{name}: fault", ours.fault, theirs.fault)
        parts = [_signature_parts(side.signature) for side in (ours, theirs)]
        for part, before, after in _paired(*parts):
            kind = "metric weights" if part == "weights" else "metric"
            yield from _unlike(kind, f"{name}: {part}", before or ABSENT, after or ABSENT)


def _signature_parts(signature: str) -> dict[str, str]:
    """`psnr|plane:y|v:1` as {"name": "psnr", "plane": "y", "v": "1"}."""
    name, *parts = signature.split("|")
    pairs = (part.partition(":") for part in parts)
    return {"name": name, **{key: value for key, _, value in pairs}}


def _models(kind: str, where: str, first: Any, second: Any) -> Iterator[Change]:
    """What differs between two values of one schema, by the path of each key."""
    sides = [_flat(side.model_dump(mode="json", by_alias=True)) for side in (first, second)]
    for path, before, after in _paired(*sides):
        yield from _unlike(kind, f"{where}{path}", before, after)


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    """Leaves of nested data by dotted path; lists of plain values are leaves."""
    if isinstance(value, dict):
        items = [(str(key), inner) for key, inner in value.items()]
    elif isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
        items = [(inner.get("name", str(i)), inner) for i, inner in enumerate(value)]
    else:
        return {path: value}
    found: dict[str, Any] = {}
    for key, inner in items:
        found |= _flat(inner, f"{path}.{key}" if path else key)
    return found


def _paired(first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for key in dict.fromkeys((*first, *second)):
        yield key, first.get(key), second.get(key)


def _unlike(kind: str, where: str, first: object, second: object) -> Iterator[Change]:
    if first != second:
        yield Change(kind, where, _shown(first), _shown(second))


def _presence(kind: str, where: str, in_first: bool) -> Change:
    sides = ("there", ABSENT) if in_first else (ABSENT, "there")
    return Change(kind, where, *sides)


def _shown(value: object) -> str:
    if value is None or value in ("", [], {}):
        return ABSENT
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)

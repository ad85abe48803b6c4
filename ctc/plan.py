"""From conditions and a selection to a planned campaign: its lock, and what runs it here.

Source: ctc/conditions/conditions.md, clauses 2, 3 and 7.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from ctc.campaign_lock import (
    CampaignLock,
    LockedCard,
    LockedConfiguration,
    LockedMetric,
    LockedSequence,
    Selection,
)
from ctc.conditions.schema import Conditions, Configuration
from ctc.errors import CardError, ConditionsError, near_miss
from ctc.locked_card import PlannedCard, plan_card
from ctc.registry import LoadedCard, find_card
from ctc.sequence_list import SequenceList, load_sequences
from ctc.sequences import Sequence
from ctc.set_names import SET_FIGURES


@dataclass
class Plan:
    """A planned campaign: the lock is the whole of it as data, the rest is found on this machine.

    faults: what cannot run, one line each; before: the lock of an earlier run in the same folder.
    """

    lock: CampaignLock
    cards: dict[str, PlannedCard] = field(default_factory=dict)
    sequences: dict[str, Sequence] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    before: CampaignLock | None = None


def plan_campaign(
    conditions: Conditions, path: Path, selection: Selection, name: str, created: str = ""
) -> Plan:
    """Return the plan; a card or sequence that cannot be used is a fault, and the rest goes on.

    Raises:
        ConditionsError: the selection names what the conditions do not have, or leaves nothing.
        CardError: a card named in the selection is unknown or unusable.
        SequenceError: no list of sequences, or one that cannot be used.
    """
    chosen = _configurations(conditions, selection)
    sequences = load_sequences()
    _check_sequences(chosen, selection, sequences)
    cards: dict[str, PlannedCard] = {}
    configurations = []
    for configuration in chosen:
        names = _cards(configuration, selection, path, cards)
        configurations.append(_configuration(configuration, selection, names, cards, sequences))
    _all_known("codec", selection.rate_points, cards)
    used = dict.fromkeys(n for c in configurations for n in c.frames)
    found = {n: sequences.find(n) for n in used}
    locked_sequences = {n: _locked_sequence(s) for n, s in found.items()}
    lock = CampaignLock(
        lock=1,
        name=name,
        created=created or datetime.now(timezone.utc).isoformat(timespec="seconds"),
        ctc=ctc_version(),
        conversion=conversion_version(),
        conditions_path=str(path),
        conditions=conditions,
        selection=selection,
        cards={n: c.locked for n, c in cards.items()},
        sequences=locked_sequences,
        metrics=_metrics(configurations, found),
        configurations=configurations,
    )
    return Plan(lock, cards, found, _faults(lock))


def ctc_version() -> str:
    """Return the version of the harness; `uninstalled` when it runs from an unpacked source."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("gvc-reference-software")
    except PackageNotFoundError:
        return "uninstalled"


def conversion_version() -> int:
    """Return the version of the sample conversions, part of keys where one takes place."""
    from reference_sw.video.convert import CONVERSION_VERSION

    return int(CONVERSION_VERSION)


def _configurations(conditions: Conditions, selection: Selection) -> list[Configuration]:
    known = [c.name for c in conditions.configurations]
    _all_known("configuration", selection.configurations, known)
    wanted = selection.configurations or known
    return [c for c in conditions.configurations if c.name in wanted]


def _check_sequences(
    configurations: list[Configuration], selection: Selection, sequences: SequenceList
) -> None:
    wanted = [c.sequences for c in configurations]
    members = [s for w in wanted for s in sequences.select(w.classes, w.names)]
    _all_known("class", selection.classes, dict.fromkeys(s.sequence_class for s in members))
    _all_known("sequence", selection.sequences, dict.fromkeys(s.name for s in members))


def _all_known(what: str, wanted: Iterable[str], known: Collection[str]) -> None:
    for name in wanted:
        if name not in known:
            raise ConditionsError(
                f"{what} '{name}' is not in the conditions{near_miss(name, known)}"
                f" (there are: {', '.join(list(known)[:12])})"
            )


def _cards(
    configuration: Configuration,
    selection: Selection,
    conditions_path: Path,
    cards: dict[str, PlannedCard],
) -> list[str]:
    """Return the names of the configuration's cards, anchor first, planning each new one."""
    names: list[str] = []
    chosen = selection.tests or configuration.tests
    for given in [configuration.anchor, *chosen, *selection.more_tests]:
        typed = given in selection.tests or given in selection.more_tests
        try:
            loaded = find_card(_beside(given, conditions_path))
        except CardError as problem:
            if typed:
                raise
            cards[given] = PlannedCard(LockedCard(title=given, path="", fault=str(problem)), None)
            names.append(given)
            continue
        names.append(_planned(loaded, cards))
    return list(dict.fromkeys(names))


def _beside(given: str, conditions_path: Path) -> str:
    """A relative path of a card in conditions is taken from where the conditions are."""
    beside = conditions_path.parent / given
    return str(beside) if given.endswith((".yaml", ".yml")) and beside.is_file() else given


def _planned(loaded: LoadedCard, cards: dict[str, PlannedCard]) -> str:
    name = loaded.card.name
    known = cards.get(name)
    if known is None:
        cards[name] = plan_card(loaded)
    elif known.locked.path != str(loaded.path):
        raise CardError(f"codec '{name}' is both {known.locked.path} and {loaded.path}")
    return name


def _configuration(
    configuration: Configuration,
    selection: Selection,
    names: list[str],
    cards: dict[str, PlannedCard],
    sequences: SequenceList,
) -> LockedConfiguration:
    wanted = configuration.sequences
    members = sequences.select(wanted.classes, wanted.names)
    kept = [s for s in members if _kept(s, selection)]
    frames, faults = {}, {}
    for sequence in kept:
        count: int | str = selection.frames or wanted.frames
        frames[sequence.name] = sequence.frames if count == "all" else int(count)
        if frames[sequence.name] > sequence.frames:
            if wanted.shorter == "whole":
                frames[sequence.name] = sequence.frames
            else:
                faults[sequence.name] = (
                    f"{sequence.name}: has {sequence.frames} pictures, {count} are asked for"
                )
    rate_points = {n: _labels(n, cards[n], configuration, selection) for n in names}
    named = list(dict.fromkeys(configuration.metrics))
    if all(name in SET_FIGURES for name in named):
        raise ConditionsError(
            f"{configuration.name}: metrics: shall name one of single sequences beside "
            f"{', '.join(named)}"
        )
    return LockedConfiguration(
        name=configuration.name,
        anchor=names[0],
        cards=names,
        frames=frames,
        faults=faults,
        rate_points=rate_points,
        metrics=[name for name in named if name not in SET_FIGURES],
        set_figures=[name for name in named if name in SET_FIGURES],
    )


def _kept(sequence: Sequence, selection: Selection) -> bool:
    in_class = not selection.classes or sequence.sequence_class in selection.classes
    return in_class and (not selection.sequences or sequence.name in selection.sequences)


def _labels(
    name: str, card: PlannedCard, configuration: Configuration, selection: Selection
) -> list[str]:
    values = selection.rate_points.get(name) or [
        str(v) for v in configuration.rate_points.get(name, [])
    ]
    values = values or list(card.labels)
    return [v for v in dict.fromkeys(values) if not selection.labels or v in selection.labels]


def _locked_sequence(sequence: Sequence) -> LockedSequence:
    video = sequence.format
    fault = ""
    if not sequence.md5:
        fault = f"{sequence.name}: no md5 is recorded; {sequence.obtain or 'import it first'}"
    return LockedSequence(
        sequence_class=sequence.sequence_class,
        width=video.width,
        height=video.height,
        frame_rate=str(video.frame_rate),
        bit_depth=video.bit_depth,
        chroma_format=video.chroma_format.value,
        colour=video.colour.value,
        matrix=video.matrix.value,
        full_range=video.full_range,
        frames=sequence.frames,
        md5=sequence.md5,
        fault=fault,
    )


def _metrics(
    configurations: list[LockedConfiguration], sequences: dict[str, Sequence]
) -> dict[str, LockedMetric]:
    from ctc.metrics import metric_by_name

    locked: dict[str, LockedMetric] = {}
    for name in dict.fromkeys(n for c in configurations for n in c.measured):
        metric = metric_by_name(name)
        undefined = {n: metric.applies_to(s.format) for n, s in sequences.items()}
        locked[name] = LockedMetric(
            title=metric.title,
            unit=metric.unit,
            higher_is_better=metric.higher_is_better,
            signature=metric.signature(),
            fault=metric.unavailable(),
            undefined={n: reason for n, reason in undefined.items() if reason},
        )
    return locked


def _faults(lock: CampaignLock) -> list[str]:
    """Return one line for each card, sequence or metric that cannot be used."""
    if not any(c.frames for c in lock.configurations):
        raise ConditionsError("the selection leaves no sequence")
    if not any(labels for c in lock.configurations for labels in c.rate_points.values()):
        raise ConditionsError("the selection leaves no rate point")
    cards = [f"codec {n}: {c.fault}" for n, c in lock.cards.items() if c.fault]
    sequences = [s.fault for s in lock.sequences.values() if s.fault]
    short = [fault for c in lock.configurations for fault in c.faults.values()]
    metrics = [f"metric {n}: {m.fault}" for n, m in lock.metrics.items() if m.fault]
    return [*cards, *sequences, *short, *metrics]

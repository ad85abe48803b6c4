"""Agreed anchors: records of the anchors' stages that come with the harness.

A proposal is compared with them without running the anchors again; a run of the anchors is
compared with them bitstream by bitstream.
Source: ctc/conditions/conditions.md, clause 7.7.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from ctc.atomic_file import write_atomic
from ctc.campaign_lock import LOCK_NAME, CampaignLock, Selection, read_lock, write_lock
from ctc.conditions.schema import Conditions
from ctc.errors import ConditionsError
from ctc.plan import Plan
from ctc.record_folder import RecordFolder
from ctc.registry import ROOT
from ctc.results import CampaignResults, Status
from ctc.results_reader import read_campaign
from ctc.store import Store

AGREED_FOLDER = ROOT / "anchors" / "results"

Bitstreams = dict[tuple[str, str, str, str], str]


def agreed_folder(conditions: Conditions) -> Path | None:
    """Return the folder of agreed records for these conditions, None where there is none."""
    folder = AGREED_FOLDER / f"{conditions.name}-{conditions.version}"
    return folder if (folder / LOCK_NAME).is_file() else None


def use_agreed(plan: Plan, store: Store) -> tuple[Plan, list[str]]:
    """Return the plan with the agreed identity of its anchors, and what there is to say.

    The agreed records are placed in the store, so that their stages count as finished. A codec
    that is another program here keeps the agreed identity; nothing of it is run.

    Raises:
        ConditionsError: there are no agreed records for the plan's conditions.
    """
    conditions = plan.lock.conditions
    folder = agreed_folder(conditions)
    if folder is None:
        raise ConditionsError(
            f"no agreed anchors for {conditions.name} {conditions.version} in {AGREED_FOLDER}"
        )
    agreed = read_lock(folder)
    _place_records(folder, store)
    lines, cards = [], dict(plan.cards)
    for name in sorted(set(agreed.cards) & set(cards)):
        here, there = cards[name].locked, agreed.cards[name]
        if here.digest != there.digest:
            lines.append(
                f"codec {name}: {here.digest[:8] or 'absent'} here, {there.digest[:8]} "
                f"({there.version}) agreed: the agreed results are used"
            )
            other = f"{name}: another program here than the agreed one ({there.version})"
            kept = there.model_copy(update={"fault": other})
            cards[name] = replace(cards[name], locked=kept, programs=None)
        else:
            lines.append(f"codec {name}: the agreed program ({there.digest[:8]}); not run again")
    locked = {name: card.locked for name, card in cards.items()}
    lock = plan.lock.model_copy(update={"cards": locked})
    return replace(plan, lock=lock, cards=cards), lines


def _place_records(folder: Path, store: Store) -> None:
    source = RecordFolder(folder / "records", store.warnings.append)
    for path in sorted((folder / "records").glob("*/*.json")):
        text = source.read_text(path.stem)
        target = store.records.path(path.stem)
        if text is not None and source.read(path.stem) is not None and not target.exists():
            write_atomic(target, text)


def agreement(results: CampaignResults, agreed: CampaignResults) -> list[str]:
    """Say for each codec how many of its bitstreams are the agreed ones, byte for byte."""
    own, theirs = _bitstreams(results), _bitstreams(agreed)
    lines = []
    for card in sorted({point[2] for point in own} & {point[2] for point in theirs}):
        shared = [point for point in own if point[2] == card and point in theirs]
        different = [point for point in shared if own[point] != theirs[point]]
        line = f"{card}: {len(shared) - len(different)} of {len(shared)} bitstreams are the agreed"
        if different:
            line += f"; the first that differs is {different[0][1]} at {different[0][3]}"
        lines.append(line)
    return lines


def _bitstreams(results: CampaignResults) -> Bitstreams:
    return {
        (point.configuration, point.sequence, point.card, point.rate_point): point.bitstream_sha256
        for configuration in results.configurations
        for point in configuration.points
        if point.bitstream_sha256
    }


def publish(folder: Path) -> Path:
    """Make the finished campaign in `folder` the agreed anchors of its conditions.

    Places of one machine (paths, host, command lines) are left out; keys and figures stay.

    Raises:
        ReportError: no campaign there.
        ConditionsError: the campaign is not whole, or is of a selection of its conditions.
    """
    lock = read_lock(folder)
    results = read_campaign(folder)
    points = [point for c in results.configurations for point in c.points]
    if lock.selection != Selection() or any(p.status is not Status.DONE for p in points):
        raise ConditionsError(f"{folder}: agreed anchors need the whole of the conditions, done")
    target = AGREED_FOLDER / f"{lock.conditions.name}-{lock.conditions.version}"
    shutil.rmtree(target, ignore_errors=True)
    copy_without_places(folder, target, results)
    return target


def copy_without_places(folder: Path, target: Path, results: CampaignResults) -> None:
    """Copy lock and records of a campaign, leaving out paths, host and command lines."""
    records = RecordFolder(target / "records", lambda line: None)
    source = RecordFolder(folder / "records", lambda line: None)
    points = [point for c in results.configurations for point in c.points]
    for key in sorted({key for point in points for key in point.record_keys.values()}):
        record = source.read(key)
        if record is not None:
            where = {name: v for name, v in record.where.items() if name != "host"}
            records.write(replace(record, command={}, logs=(), where=where))
    write_lock(target, _placeless(read_lock(folder)))


def _placeless(lock: CampaignLock) -> CampaignLock:
    cards = {
        name: card.model_copy(update={"path": _from_root(card.path)})
        for name, card in lock.cards.items()
    }
    path = _from_root(lock.conditions_path)
    return lock.model_copy(update={"cards": cards, "conditions_path": path})


def _from_root(path: str) -> str:
    """A path inside the checkout from its root; of others the name alone."""
    inside = Path(path).is_relative_to(ROOT)
    return str(Path(path).relative_to(ROOT)) if inside else Path(path).name

"""A campaign's folder: its lock made, found again, and brought up to date with this machine."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path

from ctc.atomic_file import write_atomic
from ctc.campaign_lock import LOCK_NAME, CampaignLock, Selection, read_lock, write_lock
from ctc.conditions.schema import Conditions
from ctc.errors import ConditionsError
from ctc.locked_card import kept_identity
from ctc.plan import Plan, plan_campaign

REPORTED_NAME = ".reported"


def plan_new(
    folder: Path, conditions: Conditions, path: Path, selection: Selection, name: str
) -> Plan:
    """Return the plan of `ctc run`; one that is in the folder already is continued.

    Raises:
        ConditionsError: the folder holds a campaign of other conditions or another selection.
    """
    if not (folder / LOCK_NAME).is_file():
        return plan_campaign(conditions, path, selection, name)
    old = read_lock(folder)
    if old.conditions != conditions or old.selection != selection:
        what = "conditions" if old.conditions != conditions else "selection"
        raise ConditionsError(
            f"{folder}: holds a campaign of another {what}; give --name or --output, "
            f"or 'ctc resume {folder}'"
        )
    return _plan_again(old)


def plan_again(folder: Path) -> Plan:
    """Return the plan of the campaign in a folder, with the programs that are here now.

    A codec whose program has gone keeps the identity it had, so that its finished stages count.

    Raises:
        ReportError: the folder holds no campaign.
    """
    return _plan_again(read_lock(folder))


def _plan_again(old: CampaignLock) -> Plan:
    path = Path(old.conditions_path)
    plan = plan_campaign(old.conditions, path, old.selection, old.name, old.created)
    cards = {name: kept_identity(card, old.cards.get(name)) for name, card in plan.cards.items()}
    lock = plan.lock.model_copy(update={"cards": {n: c.locked for n, c in cards.items()}})
    return replace(plan, lock=lock, cards=cards, before=old)


def changed_programs(plan: Plan) -> list[str]:
    """Say which codecs are not the bytes that the campaign was planned with."""
    old = plan.before.cards if plan.before is not None else {}
    return [
        f"codec {name}: program changed ({old[name].digest[:8]} to {card.digest[:8]}); "
        "its stages run again"
        for name, card in plan.lock.cards.items()
        if name in old and old[name].digest and card.digest != old[name].digest
    ]


def open_folder(folder: Path, plan: Plan) -> None:
    """Write the lock if it is new or has changed.

    Raises:
        StoreError: the folder cannot be written.
    """
    if plan.before != plan.lock:
        write_lock(folder, plan.lock)


def campaign_state_digest(folder: Path) -> str:
    """Return a digest of the lock and of which records there are, with their times and sizes."""
    digest = hashlib.sha256((folder / LOCK_NAME).read_bytes())
    files = []
    for shard in os.scandir(folder / "records") if (folder / "records").is_dir() else []:
        for entry in os.scandir(shard.path) if shard.is_dir() else []:
            status = entry.stat()
            files.append(f"{entry.name} {status.st_size} {status.st_mtime_ns}\n")
    digest.update("".join(sorted(files)).encode())
    return digest.hexdigest()


def reported(folder: Path) -> bool:
    """Whether the reports in the folder are of the records in it."""
    note = folder / REPORTED_NAME
    return note.is_file() and note.read_text(encoding="ascii") == campaign_state_digest(folder)


def note_reported(folder: Path) -> None:
    """Remember that the reports are of the records that are there now."""
    write_atomic(folder / REPORTED_NAME, campaign_state_digest(folder).encode("ascii"))

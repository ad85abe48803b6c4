"""Which campaigns and codecs a command line names."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ctc.errors import ReportError
from ctc.results import CampaignResults
from ctc.results_reader import read_campaign

LOCK = "campaign.lock.yaml"
REPORTS = Path("reports")


def select_campaigns(items: Sequence[str]) -> tuple[list[CampaignResults], list[str]]:
    """Return the campaigns of the folders among the items, and the other items as codec names.

    Without a folder, the newest campaign of reports/ is read.

    Raises:
        ReportError: a folder that is no campaign, or no campaign at all.
    """
    folders = [Path(item) for item in items if _is_folder(item)]
    names = [item for item in items if not _is_folder(item)]
    if not folders:
        folders = [_newest()]
    return [read_campaign(checked_folder(folder)) for folder in folders], names


def checked_folder(folder: Path) -> Path:
    """Return the folder of a campaign.

    Raises:
        ReportError: it is none.
    """
    if not folder.is_dir():
        raise ReportError(f"{folder}: no such folder")
    if not (folder / LOCK).is_file():
        raise ReportError(f"{folder}: not a campaign: it has no {LOCK}")
    return folder


def _is_folder(item: str) -> bool:
    return os.sep in item or Path(item).is_dir()


def _newest() -> Path:
    locks = sorted(REPORTS.glob(f"*/{LOCK}"), key=lambda lock: (lock.stat().st_mtime, str(lock)))
    if not locks:
        raise ReportError("no campaign is named and reports/ holds none; run 'ctc run demo'")
    return locks[-1].parent

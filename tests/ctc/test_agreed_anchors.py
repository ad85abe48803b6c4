"""Agreed anchors: used without running anything, never under a false identity."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ctc import agreed_anchors
from ctc.agreed_anchors import agreed_folder, agreement, use_agreed
from ctc.campaign_lock import Selection, lock_text, read_lock
from ctc.errors import ConditionsError
from ctc.plan import plan_campaign
from ctc.registry import find_conditions
from ctc.results_reader import read_campaign
from ctc.store import Store

FOLDER = agreed_anchors.AGREED_FOLDER / "demo-1.0"


def test_the_agreed_demo_results_are_whole() -> None:
    results = read_campaign(FOLDER)
    points = results.configurations[0].points
    assert len(points) == 32
    assert all(point.status.value == "done" for point in points)
    assert all(point.metrics["psnr-y"].value is not None for point in points)
    lines = agreement(results, results)
    assert lines == [
        "vvenc-ld: 16 of 16 bitstreams are the agreed",
        "x265-ld: 16 of 16 bitstreams are the agreed",
    ]


def test_records_are_placed_and_another_program_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(FOLDER, tmp_path / "demo-1.0")
    lock = read_lock(FOLDER)
    other = lock.cards["vvenc-ld"].model_copy(update={"digest": "0" * 64})
    changed = lock.model_copy(update={"cards": {**lock.cards, "vvenc-ld": other}})
    (tmp_path / "demo-1.0" / "campaign.lock.yaml").write_bytes(lock_text(changed))
    monkeypatch.setattr(agreed_anchors, "AGREED_FOLDER", tmp_path)
    conditions, path = find_conditions("demo")
    plan = plan_campaign(conditions, path, Selection(), "demo")
    store = Store(tmp_path / "store")
    used, lines = use_agreed(plan, store)
    assert "codec vvenc-ld: " in lines[0] and "the agreed results are used" in lines[0]
    assert used.cards["vvenc-ld"].programs is None
    assert used.lock.cards["vvenc-ld"].digest == "0" * 64
    records = sorted(path.name for path in (FOLDER / "records").glob("*/*.json"))
    placed = sorted(path.name for path in (tmp_path / "store" / "records").glob("*/*.json"))
    assert placed == records and len(records) == 32 * (2 + 7)


def test_conditions_without_agreed_anchors_are_named(tmp_path: Path) -> None:
    conditions, path = find_conditions("jvet-ai")
    assert agreed_folder(conditions) is None
    plan = plan_campaign(conditions, path, Selection(), "x")
    with pytest.raises(ConditionsError, match=r"no agreed anchors for jvet-ai 1\.0"):
        use_agreed(plan, Store(tmp_path / "store"))

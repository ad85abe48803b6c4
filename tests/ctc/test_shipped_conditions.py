"""Every conditions file that comes with the harness can be planned."""

from __future__ import annotations

from pathlib import Path

import pytest

from ctc.__main__ import main
from ctc.campaign_lock import CampaignLock, Selection, lock_text
from ctc.errors import ConditionsError
from ctc.plan import plan_campaign
from ctc.registry import conditions_names, find_conditions
from ctc.stage_inputs import StageInputs
from ctc.strict_yaml import load_model


@pytest.mark.parametrize("name", conditions_names())
def test_it_names_known_sequences_codecs_and_metrics(name: str, tmp_path: Path) -> None:
    conditions, path = find_conditions(name)
    plan = plan_campaign(conditions, path, Selection(), name)
    for locked in plan.lock.cards.values():
        assert locked.path, locked.fault  # the card is there, whether or not its program is
    points = list(StageInputs(plan.lock).points())
    assert len(points) == len(set(points)) > 0
    written = tmp_path / "campaign.lock.yaml"
    written.write_bytes(lock_text(plan.lock))
    assert load_model(written, CampaignLock, ConditionsError) == plan.lock


def test_without_any_of_its_sequences_a_campaign_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GVC_DATA", raising=False)
    monkeypatch.delenv("GVC_SEQUENCES", raising=False)
    monkeypatch.setenv("CTC_HOME", str(tmp_path / "home"))
    folder = tmp_path / "campaign"
    assert main(["run", "talking-head", "--output", str(folder)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("ctc: talking-head: no sequence of this campaign is on this machine")
    assert "set GVC_DATA to the folder" in error and error.count("\n") == 1
    assert not folder.exists()

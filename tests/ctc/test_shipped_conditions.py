"""Every conditions file that comes with the harness can be planned."""

from __future__ import annotations

from pathlib import Path

import pytest

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

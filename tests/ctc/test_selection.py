"""Wrong conditions and selections: one line, exit code 2, nothing run."""

from __future__ import annotations

import pytest

from tests.ctc.conftest import SmallCampaign


def test_an_unknown_key_in_conditions_stops_before_anything_runs(campaign: SmallCampaign) -> None:
    campaign.conditions.write_text(campaign.conditions.read_text().replace("metrics:", "metric:"))
    done = campaign.run()
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert "small.yaml" in done.stderr and "unknown key" in done.stderr
    assert not campaign.reports.exists()


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--codec", "nul"], "codec 'nul' is unknown"),
        (["--sequence", "alpa"], "sequence 'alpa' is not in the conditions; did you mean 'alpha'?"),
        (["--class", "TST"], "class 'TST' is not in the conditions; did you mean 'TEST'?"),
        (["--configuration", "mian"], "did you mean 'main'?"),
        (["--rate-points", "3"], "the selection leaves no rate point"),
        (["--rate-points", "nul=3"], "codec 'nul' is not in the conditions; did you mean 'null'?"),
    ],
)
def test_a_wrong_selection_is_one_line(
    campaign: SmallCampaign, arguments: list[str], words: str
) -> None:
    done = campaign.run(*arguments)
    assert done.returncode == 2 and words in done.stderr
    assert len(done.stderr.splitlines()) == 1

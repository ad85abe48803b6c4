"""A metric that takes the measuring process down costs its own figures alone."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import ctc.measure_stage
from ctc.campaign import Campaign
from ctc.campaign_folder import open_folder, plan_new
from ctc.campaign_lock import Selection
from ctc.campaign_tasks import RunOptions
from ctc.measure_program import _plain
from ctc.metrics import Scores
from ctc.metrics.psnr import Psnr
from ctc.program import Program
from ctc.progress import RunProgress
from ctc.registry import find_conditions
from ctc.results import CampaignResults, Status
from ctc.results_reader import read_campaign
from ctc.stage import Place
from tests.ctc.conftest import SmallCampaign
from tests.ctc.null_codec import environment

CRASHES = """
import json, os, sys
from pathlib import Path
job = json.loads(Path(sys.argv[1]).read_bytes())
names = {m["metric"] for m in job["measurements"]}
if "psnr-u" in names:
    (Path(job["decoded"][0]).parent / "under_way.json").write_text('["psnr-u"]')
    sys.stderr.write("metric: out of luck\\n")
    os.abort()
from ctc.errors import MetricError
from ctc.measure_program import main
sys.exit(main(sys.argv[1:]))
"""


CULPRIT = """
import os, sys
from ctc.errors import MetricError
from ctc.measure_program import main
from ctc.metrics.psnr import Psnr
usual = Psnr.compare
def compare(self, original, decoded):
    if self.plane == "u":
        {how}
    return usual(self, original, decoded)
Psnr.compare = compare
sys.exit(main(sys.argv[1:]))
"""


def keep_environment(campaign: SmallCampaign, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment(campaign.folder).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("GVC_DATA", raising=False)
    monkeypatch.chdir(campaign.folder)


def run_instead(campaign: SmallCampaign, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Have measure stages run this program."""
    program = campaign.folder / "instead.py"
    program.write_text(text)
    root = str(Path(ctc.measure_stage.__file__).parents[1])

    def instead(job: Path) -> Program:
        arguments = (str(program), "{job}")
        return Program(Path(sys.executable), arguments, {"job": job}, "", {"PYTHONPATH": root})

    monkeypatch.setattr(ctc.measure_stage, "_measuring_program", instead)


def measured(campaign: SmallCampaign) -> CampaignResults:
    """Run the campaign; psnr-u alone fails at every rate point."""
    conditions, path = find_conditions(str(campaign.conditions))
    folder = Path("reports/small")
    plan = plan_new(folder, conditions, path, Selection(sequences=["alpha"]), "small")
    open_folder(folder, plan)
    place = Place(campaign.folder / "store", folder.absolute(), "test", jobs=2)
    progress = RunProgress(sys.stderr, quiet=True)
    summary = Campaign(plan, place, RunOptions(), progress).run()
    assert [f.name for f in summary.failures] == [
        f"measure/main/null/alpha/{rate}/psnr-u" for rate in (2, 4, 8, 16)
    ]
    return read_campaign(folder)


def test_the_other_metrics_are_measured_all_the_same(
    campaign: SmallCampaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_environment(campaign, monkeypatch)
    run_instead(campaign, monkeypatch, CRASHES)
    for point in measured(campaign).configurations[0].points:
        assert point.status is Status.DONE
        assert point.metrics["psnr-y"].value is not None
        absent = point.metrics["psnr-u"]
        assert absent.value is None and "SIGABRT" in absent.reason
        assert "metric: out of luck" in absent.reason


def test_what_is_not_finite_is_absent_with_a_reason() -> None:
    plain = _plain(Scores(float("inf"), (1.0, float("nan"), None)))
    assert plain == {"value": None, "reason": "the figure is inf", "pictures": [1.0, None, None]}


def test_a_metric_that_is_not_the_planned_one_is_refused_alone(
    campaign: SmallCampaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights lost after planning change one signature: the other metrics keep their figures."""
    keep_environment(campaign, monkeypatch)
    signature = Psnr.signature

    def planned(metric: Psnr) -> str:
        return signature(metric) + ("|weights:lost" if metric.plane == "u" else "")

    with monkeypatch.context() as other:
        other.setattr(Psnr, "signature", planned)
        results = measured(campaign)
    for point in results.configurations[0].points:
        assert point.metrics["psnr-y"].value is not None
        absent = point.metrics["psnr-u"]
        assert absent.value is None
        assert absent.reason.startswith("metric psnr-u is psnr|plane:u") and "lost" in absent.reason


@pytest.mark.parametrize("how", ["raise MetricError('out of luck')", "os.abort()"])
def test_of_metrics_measured_together_only_the_culprit_is_lost(
    campaign: SmallCampaign, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    keep_environment(campaign, monkeypatch)
    run_instead(campaign, monkeypatch, CULPRIT.format(how=how))
    for point in measured(campaign).configurations[0].points:
        assert point.metrics["psnr-y"].value is not None
        absent = point.metrics["psnr-u"]
        assert absent.value is None
        assert ("SIGABRT" if "abort" in how else "out of luck") in absent.reason

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
from ctc.errors import MetricError
from ctc.measure_program import _plain, measure_job
from ctc.metrics import Scores
from ctc.program import Program
from ctc.progress import RunProgress
from ctc.registry import find_conditions
from ctc.results import Status
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


def test_the_other_metrics_are_measured_all_the_same(
    campaign: SmallCampaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment(campaign.folder).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("GVC_DATA", raising=False)
    monkeypatch.chdir(campaign.folder)
    program = campaign.folder / "crashes.py"
    program.write_text(CRASHES)
    root = str(Path(ctc.measure_stage.__file__).parents[1])

    def crashing(job: Path) -> Program:
        arguments = (str(program), "{job}")
        return Program(Path(sys.executable), arguments, {"job": job}, "", {"PYTHONPATH": root})

    monkeypatch.setattr(ctc.measure_stage, "_measuring_program", crashing)
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
    for point in read_campaign(folder).configurations[0].points:
        assert point.status is Status.DONE
        assert point.metrics["psnr-y"].value is not None
        absent = point.metrics["psnr-u"]
        assert absent.value is None and "SIGABRT" in absent.reason
        assert "metric: out of luck" in absent.reason


def test_what_is_not_finite_is_absent_with_a_reason() -> None:
    plain = _plain(Scores(float("inf"), (1.0, float("nan"), None)))
    assert plain == {"value": None, "reason": "the figure is inf", "pictures": [1.0, None, None]}


def test_a_metric_that_is_not_the_planned_one_is_refused(tmp_path: Path) -> None:
    video = {"width": 16, "height": 16, "frame_rate": "25", "bit_depth": 8, "container": "raw"}
    video |= {"chroma_format": "4:2:0", "colour": "ycbcr", "matrix": "bt601", "full_range": False}
    (tmp_path / "a").write_bytes(bytes(384))
    job = {
        "original": str(tmp_path / "a"),
        "original_format": video,
        "decoded": [str(tmp_path / "a")],
        "decoded_format": video,
        "frames": 1,
        "measurements": [
            {"metric": "psnr-y", "decoded": 0, "key": "k", "inputs": {"metric": "psnr|v:0"}}
        ],
    }
    with pytest.raises(MetricError, match=r"planned was psnr\|v:0"):
        measure_job(job)

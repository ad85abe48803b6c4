"""Metrics by name, near misses, and metrics of installed packages."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from ctc.commands import metrics as command
from ctc.errors import MetricError
from ctc.metrics import metric_by_name, metric_names, registry
from ctc.metrics.psnr import Psnr


def test_every_name_gives_a_metric_with_a_signature_of_its_own() -> None:
    names = metric_names()
    assert names == tuple(sorted(names))
    signatures = {name: metric_by_name(name).signature() for name in names}
    by_signature = {signatures[name]: metric_by_name(name) for name in names}
    assert all(by_signature[signatures[name]] == metric_by_name(name) for name in names)
    for name in names:
        metric = metric_by_name(name)
        assert metric.title
        start = signatures[name].removeprefix("1-").split("|")[0]
        assert start == metric.name or name.removeprefix("1-").startswith(start)
        assert "\n" not in signatures[name]
        assert "Source:" in (type(metric).__doc__ or "") + _module_doc(metric)


def _module_doc(metric: object) -> str:
    return __import__(type(metric).__module__, fromlist=["x"]).__doc__ or ""


def test_a_near_miss_is_suggested() -> None:
    with pytest.raises(MetricError, match=r"metric 'psnr_y' is unknown; did you mean 'psnr-y'\?"):
        metric_by_name("psnr_y")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("ctc.metrics.psnr:Psnr", ""),
        ("ctc.metrics.psnr:Missing", "cannot be loaded"),
        ("no_such_package:Metric", "cannot be loaded"),
        ("fractions:Fraction", "is a Fraction: shall be a ctc Metric"),
    ],
)
def test_metrics_of_other_packages(
    monkeypatch: pytest.MonkeyPatch, value: str, message: str
) -> None:
    point = EntryPoint("acme-quality", value, registry.ENTRY_POINT_GROUP)
    monkeypatch.setattr(registry, "_offered", lambda: {"acme-quality": point})
    assert "acme-quality" in metric_names()
    if message:
        with pytest.raises(MetricError, match=message):
            metric_by_name("acme-quality")
    else:
        assert metric_by_name("acme-quality") == Psnr()


def test_the_command_lists_names_and_signatures(capsys: pytest.CaptureFixture[str]) -> None:
    parser = command.argparse.ArgumentParser()
    command.add_arguments(parser)
    assert command.run(parser.parse_args(["psnr-y", "ssim-rgb"])) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("psnr-y") and "psnr|plane:y|" in lines[0]
    assert "SSIM RGB" in lines[1]

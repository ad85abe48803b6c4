"""Our metrics against the GFVC per-frame scheme on the same files, networks with random weights."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.material.per_frame import PerFrame
from benchmarks.metrics import ALL, _files, _shapes, random_weights
from ctc import weights
from ctc.metrics import measure_all, metric_by_name


@pytest.mark.slow
def test_every_figure_is_that_of_the_per_frame_scheme(tmp_path: Path) -> None:
    with random_weights(tmp_path / "weights"):
        original, decoded = _files(tmp_path, 2, 1)
        metrics = [metric_by_name(name) for name in ALL]
        assert [metric.unavailable() for metric in metrics] == [""] * len(ALL)
        ours = measure_all(metrics, original, decoded)
        scheme = PerFrame({name: weights.load(name) for name in _shapes()}, ALL)
        for index, video in enumerate(decoded):
            theirs = scheme.measure(original.path, video.path, 1)
            for name, row in zip(ALL, ours, strict=True):
                tolerance = 1e-9 if name.startswith("gfvc1") else 2e-5
                assert row[index].sequence == pytest.approx(theirs[name], abs=tolerance), name
        assert ours[4][0].sequence != ours[4][1].sequence
    assert "weights vgg16" in metric_by_name("dists").unavailable() or weights.find("vgg16").path

"""Draws scale.svg from the figures that benchmarks.scale has written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SHOWN = {
    "plan": "plan (ctc run --dry-run, nothing done)",
    "first resume": "resume, all done, no index",
    "resume": "resume, all done",
    "status": "status",
    "first store du": "store du, no index",
    "store du": "store du",
    "store verify": "store verify",
}


def draw(figures: Path) -> Path:
    """Draw CPU seconds and peak memory over the number of stages; return the file's path."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams |= {"svg.hashsalt": "scale", "svg.fonttype": "none", "font.size": 9}
    from matplotlib import pyplot

    scales: list[dict[str, Any]] = json.loads(figures.read_text(encoding="utf-8"))
    stages = [scale["stages"] for scale in scales]
    figure, (seconds, memory) = pyplot.subplots(1, 2, figsize=(9.5, 3.6), width_ratios=(3, 2))
    for name, title in SHOWN.items():
        found = [scale["commands"][name] for scale in scales]
        (line,) = seconds.plot(stages, [f["cpu_s"] for f in found], "o-", ms=3, lw=1, label=title)
        walls = [f["wall_s"] for f in found]
        seconds.plot(stages, walls, ":", lw=0.8, color=line.get_color())
        memory.plot(stages, [f["peak_mib"] for f in found], "o-", ms=3, lw=1)
    seconds.set_ylabel("s, CPU time (dotted: wall time)")
    memory.set_ylabel("peak memory, MiB")
    for axes in (seconds, memory):
        axes.set_xlabel("stages")
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
        axes.grid(lw=0.3)
    seconds.legend(fontsize=7, frameon=False)
    figure.tight_layout()
    path = figures.with_suffix(".svg")
    figure.savefig(path, metadata={"Date": None})
    return path

"""Plots of a campaign as PNG and SVG: curves per sequence and class, mean BD-rates."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from ctc.report.canvas_png import PngCanvas
from ctc.report.canvas_svg import SvgCanvas
from ctc.report.chart import Figure, Panel, Series
from ctc.report.data import ReportData
from ctc.report.index import PointIndex, axis_title
from ctc.report.interval_chart import IntervalFigure, interval_figure
from ctc.report.palette import looks
from ctc.results import CampaignResults

RATE_TITLE = "Rate (kbit/s)"
MOST_PENDING = 4  # pictures of about 10 MB each


def figures(data: ReportData) -> Iterator[tuple[str, Figure | IntervalFigure]]:
    """Yield (file stem, figure) of every configuration: sequences, classes, mean BD-rates."""
    results = data.results
    for place, configuration in enumerate(results.configurations):
        index = PointIndex(configuration)
        for sequence, _ in configuration.sequences:
            title = f"{sequence} · {configuration.name}"
            stem = file_stem(configuration.name, sequence)
            yield stem, _figure(results, index, title, (sequence,))
        for name in index.classes:
            members = index.sequences_of(name)
            title = f"Class {name}, mean of {len(members)} sequences · {configuration.name}"
            stem = file_stem(configuration.name, "class", name)
            yield stem, _figure(results, index, title, members)
        comparison, known = data.comparisons[place], data.uncertainties[place]
        if comparison.cards and configuration.metrics:
            means = interval_figure(results, configuration, comparison, known)
            yield file_stem(configuration.name, "mean_bd_rate"), means


def _figure(
    results: CampaignResults, index: PointIndex, title: str, sequences: tuple[str, ...]
) -> Figure:
    look = looks(index.configuration.cards, index.configuration.anchor)
    panels = []
    for metric in index.configuration.metrics:
        series = tuple(
            Series(
                results.cards[card].title,
                look[card],
                index.mean_curve(sequences, card, metric.name),
            )
            for card in index.configuration.cards
        )
        panels.append(Panel(metric.title, RATE_TITLE, axis_title(metric), series))
    return Figure(title, tuple(panels), columns=3 if len(panels) > 4 else 2)


def write_plots(data: ReportData, folder: Path) -> list[Path]:
    """Write every figure into `folder` as PNG and SVG; return the paths in order."""
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    pending: deque[Future[int]] = deque()
    with ThreadPoolExecutor(max_workers=1) as beside:
        for stem, figure in figures(data):
            png, svg = PngCanvas(*figure.size), SvgCanvas(*figure.size, figure.title)
            figure.draw(png)
            figure.draw(svg)
            paths = [folder / f"{stem}.png", folder / f"{stem}.svg"]
            # Compression leaves the interpreter's lock, so it runs beside the next drawing.
            pending.append(beside.submit(_write_png, png, paths[0]))
            if len(pending) > MOST_PENDING:
                pending.popleft().result()
            paths[1].write_bytes(svg.data())
            written += paths
        for job in pending:
            job.result()
    return written


def _write_png(canvas: PngCanvas, path: Path) -> int:
    return path.write_bytes(canvas.data())


def file_stem(*parts: str) -> str:
    """Return a file name without blanks, slashes and other signs that shells or systems dislike.

    >>> file_stem("low delay", "A/B")
    'low_delay_A_B'
    """
    return "_".join(re.sub(r"[^A-Za-z0-9.-]+", "_", part).strip("_.") or "_" for part in parts)

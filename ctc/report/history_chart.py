"""A chart of one codec's BD-rate over releases: a line per metric, the anchor at 0 %."""

from __future__ import annotations

from pathlib import Path

from ctc.errors import ReportError
from ctc.release_history import History
from ctc.report.canvas import XY, Canvas, text_width
from ctc.report.canvas_png import PngCanvas
from ctc.report.canvas_svg import SvgCanvas
from ctc.report.chart import FAINT, FRAME, GRID, INK, draw_marker
from ctc.report.palette import Look, looks
from ctc.report.ticks import linear_ticks, padded, tick_label

HEIGHT, STEP, LEAST_WIDTH = 380.0, 120.0, 520.0
LEFT, RIGHT, TOP, BOTTOM = 74.0, 24.0, 74.0, 44.0


def write_history(history: History, path: Path) -> None:
    """Write the chart to `path` as PNG or SVG, by its suffix.

    Raises:
        ReportError: another suffix, or the file cannot be written.
    """
    width = max(LEAST_WIDTH, LEFT + RIGHT + STEP * len(history.releases))
    title = f"{history.card} over {history.anchor}, {history.configuration}"
    canvas: PngCanvas | SvgCanvas
    if path.suffix == ".svg":
        canvas = SvgCanvas(width, HEIGHT, title)
    elif path.suffix == ".png":
        canvas = PngCanvas(width, HEIGHT)
    else:
        raise ReportError(f"{path}: a plot is a .png or .svg file")
    _draw(canvas, history, title, width)
    try:
        path.write_bytes(canvas.data())
    except OSError as problem:
        raise ReportError(f"{path}: cannot be written: {problem.strerror}") from problem


def _draw(canvas: Canvas, history: History, title: str, width: float) -> None:
    canvas.rectangle((0, 0), (width, HEIGHT), "#ffffff")
    canvas.text((LEFT, 26), title, 15, INK, bold=True)
    metrics = [metric for metric in history.metrics if _values(history, metric.name)]
    look = looks([metric.name for metric in metrics], anchor="")
    x = LEFT
    for metric in metrics:
        canvas.line([(x, 48), (x + 28, 48)], look[metric.name].colour, 2, look[metric.name].dash)
        draw_marker(canvas, (x + 14, 48), look[metric.name])
        canvas.text((x + 35, 52), metric.title, 12, INK)
        x += 55 + text_width(metric.title, 12)
    values = [v for metric in metrics for _, v in _values(history, metric.name)]
    if not values:
        canvas.text((width / 2, HEIGHT / 2), "no release has a mean", 13, FAINT, "middle")
        return
    low, high = padded(min(0.0, *values), max(0.0, *values))
    _axes(canvas, history, width, (low, high))
    for metric in metrics:
        points = [
            (_across(i, history, width), _up(value, (low, high)))
            for i, value in _values(history, metric.name)
        ]
        _curve(canvas, points, look[metric.name])


def _values(history: History, metric: str) -> list[tuple[int, float]]:
    """(place of the release, BD-rate in percent) where there is one."""
    means = [(i, release.figures[metric].value) for i, release in enumerate(history.releases)]
    return [(i, 100 * value) for i, value in means if value is not None]


def _axes(canvas: Canvas, history: History, width: float, span: XY) -> None:
    for tick in linear_ticks(*span):
        y = _up(tick, span)
        canvas.line([(LEFT, y), (width - RIGHT, y)], INK if tick == 0 else GRID, 1)
        canvas.text((LEFT - 8, y + 4), tick_label(tick), 11, FAINT, "end")
    canvas.line([(LEFT, TOP), (LEFT, HEIGHT - BOTTOM), (width - RIGHT, HEIGHT - BOTTOM)], FRAME, 1)
    for i, release in enumerate(history.releases):
        x = _across(i, history, width)
        canvas.text((x, HEIGHT - BOTTOM + 18), release.campaign, 11.5, FAINT, "middle")
    middle = (TOP + HEIGHT - BOTTOM) / 2
    canvas.text((22, middle), "overall BD-rate (%)", 11.5, FAINT, "middle", upright=True)


def _across(place: int, history: History, width: float) -> float:
    step = (width - LEFT - RIGHT) / len(history.releases)
    return LEFT + (place + 0.5) * step


def _up(value: float, span: XY) -> float:
    low, high = span
    return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - BOTTOM - TOP)


def _curve(canvas: Canvas, points: list[XY], look: Look) -> None:
    if len(points) > 1:
        canvas.line(points, look.colour, 2, look.dash)
    for at in points:
        draw_marker(canvas, at, look)

"""Rate-distortion charts: panels of curves with axes and a legend, drawn on any Canvas."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ctc.report.canvas import XY, Canvas, text_width
from ctc.report.palette import Look
from ctc.report.ticks import linear_ticks, log_ticks, padded, tick_label

PANEL_WIDTH, PANEL_HEIGHT = 440.0, 320.0
MARGIN, TITLE_HEIGHT, LEGEND_ROW = 16.0, 34.0, 22.0
LEFT, RIGHT, TOP, BOTTOM = 66.0, 14.0, 30.0, 46.0
GRID, FRAME, INK, FAINT = "#e4e7eb", "#9aa3ad", "#1f2933", "#52606d"


@dataclass(frozen=True)
class Series:
    """One curve: points (rate, value) in the order they are joined."""

    label: str
    look: Look
    points: tuple[XY, ...]


@dataclass(frozen=True)
class Panel:
    """One pair of axes; the rate axis is logarithmic. note stands where no point can be shown."""

    title: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    note: str = ""


@dataclass(frozen=True)
class Figure:
    """A titled grid of panels that share one legend."""

    title: str
    panels: tuple[Panel, ...]
    columns: int = 3

    @property
    def size(self) -> XY:
        """Width and height in pixels."""
        columns = min(self.columns, len(self.panels)) or 1
        rows = math.ceil(len(self.panels) / columns)
        width = 2 * MARGIN + columns * PANEL_WIDTH
        legend = LEGEND_ROW * len(_legend_rows(self._legend(), width))
        return width, 2 * MARGIN + TITLE_HEIGHT + legend + rows * PANEL_HEIGHT

    def draw(self, canvas: Canvas) -> None:
        """Draw everything on a canvas of this size."""
        width, height = self.size
        canvas.rectangle((0, 0), (width, height), "#ffffff")
        canvas.text((MARGIN + 4, MARGIN + 16), self.title, 17, INK, bold=True)
        top = MARGIN + TITLE_HEIGHT
        for entries in _legend_rows(self._legend(), width):
            _draw_legend_row(canvas, entries, top)
            top += LEGEND_ROW
        columns = min(self.columns, len(self.panels)) or 1
        for place, panel in enumerate(self.panels):
            row, column = divmod(place, columns)
            corner = (MARGIN + column * PANEL_WIDTH, top + row * PANEL_HEIGHT)
            _draw_panel(canvas, panel, corner)

    def _legend(self) -> list[tuple[str, Look]]:
        seen: dict[str, Look] = {}
        for panel in self.panels:
            for series in panel.series:
                seen.setdefault(series.label, series.look)
        return list(seen.items())


def _legend_rows(
    entries: Sequence[tuple[str, Look]], width: float
) -> list[list[tuple[float, str, Look]]]:
    rows: list[list[tuple[float, str, Look]]] = [[]]
    x = MARGIN + 4
    for label, look in entries:
        needed = 44 + text_width(label, 12)
        if rows[-1] and x + needed > width - MARGIN:
            rows.append([])
            x = MARGIN + 4
        rows[-1].append((x, label, look))
        x += needed + 10
    return rows


def _draw_legend_row(canvas: Canvas, row: list[tuple[float, str, Look]], top: float) -> None:
    for x, label, look in row:
        middle = top + LEGEND_ROW / 2 - 3
        canvas.line([(x, middle), (x + 30, middle)], look.colour, 2, look.dash)
        draw_marker(canvas, (x + 15, middle), look)
        canvas.text((x + 37, middle + 4), label, 12, INK)


def draw_marker(canvas: Canvas, at: XY, look: Look, size: float = 4.2) -> None:
    """Draw the marker of a curve, centred."""
    x, y = at
    if look.marker == "circle":
        canvas.circle(at, size, look.colour)
        return
    corners = {
        "square": [(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
        "diamond": [(0, -1.25), (1.25, 0), (0, 1.25), (-1.25, 0)],
        "up": [(0, -1.2), (1.15, 0.9), (-1.15, 0.9)],
        "down": [(0, 1.2), (1.15, -0.9), (-1.15, -0.9)],
    }[look.marker]
    canvas.polygon([(x + size * dx, y + size * dy) for dx, dy in corners], look.colour)


def _draw_panel(canvas: Canvas, panel: Panel, corner: XY) -> None:
    left, top = corner[0] + LEFT, corner[1] + TOP
    right, bottom = corner[0] + PANEL_WIDTH - RIGHT, corner[1] + PANEL_HEIGHT - BOTTOM
    canvas.text((left, top - 10), panel.title, 13, INK, bold=True)
    points = [point for series in panel.series for point in series.points]
    if points:
        _draw_curves(canvas, panel, points, (left, top, right, bottom))
    else:
        note = panel.note or "no point can be shown"
        canvas.text(((left + right) / 2, (top + bottom) / 2), note, 12, FAINT, "middle")
    frame = [(left, top), (left, bottom), (right, bottom)]
    canvas.line(frame, FRAME, 1)
    canvas.text(((left + right) / 2, bottom + 36), panel.x_label, 11.5, FAINT, "middle")
    middle = (top + bottom) / 2
    canvas.text((corner[0] + 20, middle), panel.y_label, 11.5, FAINT, "middle", upright=True)


def _draw_curves(
    canvas: Canvas, panel: Panel, points: list[XY], box: tuple[float, float, float, float]
) -> None:
    left, top, right, bottom = box
    x_low, x_high = padded(*_range([math.log10(x) for x, _ in points]))
    y_low, y_high = padded(*_range([y for _, y in points]))

    def place(point: XY) -> XY:
        across = (math.log10(point[0]) - x_low) / (x_high - x_low)
        up = (point[1] - y_low) / (y_high - y_low)
        return left + across * (right - left), bottom - up * (bottom - top)

    for tick in log_ticks(10.0**x_low, 10.0**x_high):
        x = place((tick, y_low))[0]
        canvas.line([(x, top), (x, bottom)], GRID, 1)
        canvas.text((x, bottom + 17), tick_label(tick), 11, FAINT, "middle")
    for tick in linear_ticks(y_low, y_high):
        y = place((10.0**x_low, tick))[1]
        canvas.line([(left, y), (right, y)], GRID, 1)
        canvas.text((left - 7, y + 4), tick_label(tick), 11, FAINT, "end")
    for series in panel.series:
        placed = [place(point) for point in series.points]
        if len(placed) > 1:
            canvas.line(placed, series.look.colour, 2, series.look.dash)
        for at in placed:
            draw_marker(canvas, at, series.look)


def _range(values: list[float]) -> XY:
    return min(values), max(values)

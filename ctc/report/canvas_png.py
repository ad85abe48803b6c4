"""PNG as a drawing surface: matplotlib's renderer driven directly, without figures and artists.

A figure object costs a few hundred milliseconds, the renderer a few: a campaign has hundreds of
charts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.colors import to_rgba
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.transforms import Affine2D

from ctc.png_file import png_file
from ctc.report.canvas import XY, Anchor

POINTS_PER_INCH = 72
LABEL_MARGIN = 2


@dataclass(frozen=True)
class _Label:
    """A line of text as coverage of pixels; baseline: row of the mask; width in pixels."""

    mask: npt.NDArray[np.uint8]
    baseline: int
    width: float


@lru_cache(maxsize=4096)
def _label(text: str, size: float, bold: bool) -> _Label:
    """Return a text set once: the same axis labels stand in hundreds of charts."""
    weight = "bold" if bold else "normal"
    font = FontProperties(family="DejaVu Sans", size=size, weight=weight)
    renderer: Any = RendererAgg
    ruler = renderer(1, 1, POINTS_PER_INCH)
    width, height, descent = ruler.get_text_width_height_descent(text, font, False)
    baseline = LABEL_MARGIN + math.ceil(height - descent)
    rows, columns = baseline + math.ceil(descent) + LABEL_MARGIN, math.ceil(width)
    agg = renderer(columns + 2 * LABEL_MARGIN, rows, POINTS_PER_INCH)
    agg.draw_text(agg.new_gc(), LABEL_MARGIN, baseline, text, font, 0, ismath=False)
    return _Label(np.asarray(agg.buffer_rgba())[..., 3].copy(), baseline, width)


class PngCanvas:
    """A Canvas of antialiased pixels, `scale` device pixels for one of the chart's."""

    def __init__(self, width: float, height: float, scale: float = 1.5) -> None:
        self._scale = scale
        self._size = round(width * scale), round(height * scale)
        renderer: Any = RendererAgg
        self._agg: Any = renderer(*self._size, POINTS_PER_INCH)
        self._to_device = Affine2D().scale(scale, -scale).translate(0, self._size[1])

    def rectangle(self, corner: XY, size: XY, colour: str) -> None:
        (x, y), (w, h) = corner, size
        self.polygon([(x, y), (x + w, y), (x + w, y + h), (x, y + h)], colour)

    def line(
        self, points: Sequence[XY], colour: str, width: float, dash: Sequence[float] = ()
    ) -> None:
        context = self._context(colour, width)
        if dash:
            context.set_dashes(0, [d * self._scale for d in dash])
        self._agg.draw_path(context, Path(np.asarray(points, float)), self._to_device, None)

    def polygon(self, points: Sequence[XY], colour: str) -> None:
        path = Path(np.asarray([*points, points[0]], float), closed=True)
        self._agg.draw_path(self._context(colour, 0), path, self._to_device, to_rgba(colour))

    def circle(self, centre: XY, radius: float, colour: str) -> None:
        place = Affine2D().scale(radius).translate(*centre) + self._to_device
        self._agg.draw_path(self._context(colour, 0), Path.unit_circle(), place, to_rgba(colour))

    def text(
        self,
        at: XY,
        text: str,
        size: float,
        colour: str = "#222222",
        anchor: Anchor = "start",
        bold: bool = False,
        upright: bool = False,
    ) -> None:
        label = _label(text, size * self._scale, bold)
        x, y = at[0] * self._scale, at[1] * self._scale
        shift = {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor] * label.width
        mask, column, row = label.mask, LABEL_MARGIN, label.baseline
        if upright:
            mask, column, row = np.rot90(mask), row, mask.shape[1] - 1 - LABEL_MARGIN
            y += shift
        else:
            x -= shift
        self._blend(mask, round(x) - column, round(y) - row, colour)

    def _blend(self, mask: npt.NDArray[np.uint8], left: int, top: int, colour: str) -> None:
        """Lay a colour over the pixels by the share of each that the mask covers."""
        width, height = self._size
        inside = mask[max(0, -top) : height - top, max(0, -left) : width - left]
        left, top = max(0, left), max(0, top)
        target = np.asarray(self._agg.buffer_rgba())
        target = target[top : top + inside.shape[0], left : left + inside.shape[1], :3]
        share = inside[..., None].astype(np.float32) / 255
        ink = np.asarray(to_rgba(colour)[:3], np.float32) * 255
        target[...] = np.rint(target * (1 - share) + ink * share)

    def data(self) -> bytes:
        """Return the finished file."""
        pixels = np.asarray(self._agg.buffer_rgba())[..., :3]
        return png_file(np.ascontiguousarray(pixels))

    def _context(self, colour: str, width: float) -> Any:
        context = self._agg.new_gc()
        context.set_foreground(to_rgba(colour), isRGBA=True)
        context.set_linewidth(width * self._scale)
        context.set_joinstyle("round")
        context.set_capstyle("butt" if width <= 1 else "round")
        return context

"""PNG as a drawing surface: matplotlib's renderer driven directly, without figures and artists.

A figure object costs a few hundred milliseconds, the renderer a few: a campaign has hundreds of
charts.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.colors import to_rgba
from matplotlib.font_manager import FontProperties
from matplotlib.image import imsave
from matplotlib.path import Path
from matplotlib.transforms import Affine2D

from ctc.report.canvas import XY, Anchor

POINTS_PER_INCH = 72


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
        font = FontProperties(
            family="DejaVu Sans", size=size * self._scale, weight="bold" if bold else "normal"
        )
        width = self._agg.get_text_width_height_descent(text, font, False)[0]
        shift = {"start": 0.0, "middle": width / 2, "end": width}[anchor]
        x, y = at[0] * self._scale, at[1] * self._scale
        x, y = (x, y + shift) if upright else (x - shift, y)
        self._agg.draw_text(
            self._context(colour, 1), x, y, text, font, 90 if upright else 0, ismath=False
        )

    def data(self) -> bytes:
        """Return the finished file."""
        pixels = np.asarray(self._agg.buffer_rgba())[..., :3]
        out = io.BytesIO()
        unsigned: dict[str, Any] = {"Software": None}  # the writer's version is no result
        options = {"compress_level": 4}
        imsave(out, pixels, format="png", metadata=unsigned, pil_kwargs=options)
        return out.getvalue()

    def _context(self, colour: str, width: float) -> Any:
        context = self._agg.new_gc()
        context.set_foreground(to_rgba(colour), isRGBA=True)
        context.set_linewidth(width * self._scale)
        context.set_joinstyle("round")
        context.set_capstyle("butt" if width <= 1 else "round")
        return context

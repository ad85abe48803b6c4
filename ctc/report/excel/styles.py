"""Fonts, colours and number formats of the workbook, made once."""

from __future__ import annotations

from typing import Any

FONT = {"font_name": "Arial", "font_size": 10, "valign": "vcenter"}
INK, FAINT, RULE = "#1f2933", "#67727e", "#c5ccd3"
HEAD_FILL, ANCHOR_FILL, TEST_FILL, BD_FILL = "#1f3a5f", "#eef1f4", "#e8f1fa", "#fdf6e7"
GAIN, LOSS, DOUBT = "#00703c", "#b3261e", "#8a6d00"
PERCENT, RATE, SECONDS = "0.00%", "#,##0.00", "#,##0.000"
TEXT = "@"  # left-aligned, never taken for a number or a formula

DEFINITIONS: dict[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": 16, "font_color": HEAD_FILL},
    "subtitle": {"font_color": FAINT},
    "section": {
        "bold": True,
        "font_size": 12,
        "font_color": HEAD_FILL,
        "bottom": 1,
        "bottom_color": RULE,
    },
    "head": {"bold": True, "font_color": "#ffffff", "bg_color": HEAD_FILL, "align": "center"},
    "head_left": {"bold": True, "font_color": "#ffffff", "bg_color": HEAD_FILL},
    "band_anchor": {"bold": True, "bg_color": ANCHOR_FILL, "align": "center", "bottom": 1},
    "band_test": {"bold": True, "bg_color": TEST_FILL, "align": "center", "bottom": 1},
    "band_bd": {"bold": True, "bg_color": BD_FILL, "align": "center", "bottom": 1},
    "text": {},
    "wrapped": {"text_wrap": True, "valign": "top"},
    "bold": {"bold": True},
    "centre": {"align": "center"},
    "code": {"font_name": "Courier New", "font_size": 9},
    "percent": {"num_format": PERCENT, "align": "right"},
    "percent_bold": {"num_format": PERCENT, "align": "right", "bold": True, "top": 1},
    "bold_top": {"bold": True, "top": 1},
    "centre_top": {"align": "center", "bold": True, "top": 1},
    "ratio": {"num_format": "0.0%", "align": "right"},
    "ratio_bold": {"num_format": "0.0%", "align": "right", "bold": True, "top": 1},
    "rate": {"num_format": RATE, "align": "right"},
    "seconds": {"num_format": SECONDS, "align": "right"},
    "integer": {"num_format": "#,##0", "align": "right"},
    "number": {"num_format": "#,##0.##", "align": "right"},
    "significant": {"num_format": "0.0000", "align": "right"},
    "exact": {"num_format": "General", "align": "right"},
    "faint": {"font_color": FAINT},
    "faint_right": {"font_color": FAINT, "align": "right"},
    "shrunk": {"shrink": True},
}
CONDITIONAL: dict[str, dict[str, Any]] = {
    "gain": {"font_color": GAIN, "bg_color": "#e6f4ea"},
    "loss": {"font_color": LOSS, "bg_color": "#fce8e6"},
    "doubt": {"font_color": DOUBT, "italic": True},
    "absent": {"font_color": FAINT, "italic": True},
}
DECIMALS = {"dB": "0.000", "%": "0.00"}


class Styles:
    """The formats of one workbook by name; `first` draws the rule above a sequence's first row."""

    def __init__(self, workbook: Any) -> None:
        self._workbook = workbook
        self._made: dict[tuple[str, ...], Any] = {}

    def __getitem__(self, name: str) -> Any:
        key = (name,)
        if key not in self._made:
            definition = CONDITIONAL.get(name) or {**FONT, **DEFINITIONS[name]}
            self._made[key] = self._workbook.add_format(definition)
        return self._made[key]

    def value(self, number_format: str, fill: str = "", first: bool = False) -> Any:
        """Return the format of a number in a block, with a rule on a sequence's first row."""
        key = (number_format, fill, str(first))
        if key not in self._made:
            align = "left" if number_format == TEXT else "right"
            definition: dict[str, Any] = {**FONT, "num_format": number_format, "align": align}
            if fill:
                definition["bg_color"] = fill
            if first:
                definition |= {"top": 1, "top_color": RULE}
            self._made[key] = self._workbook.add_format(definition)
        return self._made[key]


def metric_format(unit: str) -> str:
    """Return the number format of a metric: decibels with three decimals, plain ones with five.

    >>> metric_format("dB")
    '0.000'
    """
    return DECIMALS.get(unit, "0.0000")

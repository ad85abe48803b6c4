"""The sheet Pictures: original, anchor and the others at equal rate, their differences below."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from ctc.png_file import png_file, read_png
from ctc.report.data import ReportData
from ctc.report.equal_rate import GAIN, Shown, difference, side_by_side
from ctc.report.excel.styles import Styles
from ctc.report.picture_set import PictureSet

NAME = "Pictures"
SIDE = 232  # pixels of the longer side of a picture on the sheet
COLUMN_WIDTH, ROW_HEIGHT = 34, 180
MOST_COLUMNS = 12


def write_pictures(
    sheet: Any, styles: Styles, data: ReportData, pictures: Sequence[PictureSet]
) -> None:
    """Write captions, pictures and differences of each sequence."""
    sheet.write_string(0, 0, "Pictures at equal rate", styles["title"])
    line = "At the rate of the anchor to which the others come nearest; below, differences from "
    line += f"the original, of each colour, {GAIN} times"
    sheet.write_string(1, 0, line, styles["subtitle"])
    sheet.set_column(0, MOST_COLUMNS, COLUMN_WIDTH)
    anchors = {conf.name: conf for conf in data.results.configurations}
    row = 3
    for one in pictures:
        conf = anchors.get(one.configuration)
        shown = side_by_side(one, conf.anchor, conf.cards) if conf else []
        if shown:
            _write_set(sheet, styles, data, one, shown[: MOST_COLUMNS + 1], row)
            row += 6


def _write_set(
    sheet: Any,
    styles: Styles,
    data: ReportData,
    pictures: PictureSet,
    shown: Sequence[Shown],
    row: int,
) -> None:
    title = f"{pictures.configuration}: {pictures.sequence}, picture {pictures.picture}"
    sheet.write_string(row, 0, title, styles["section"])
    sheet.set_row_pixels(row + 2, 34)
    for column, one in enumerate(shown):
        if column:
            sheet.write_blank(row, column, None, styles["section"])
        name = data.results.cards[one.card].title if one.card else one.text
        sheet.write_string(row + 1, column, name, styles["bold"])
        sheet.write_string(row + 2, column, one.text if one.card else "", styles["wrapped"])
        _insert(sheet, row + 3, column, one.picture.content, name)
        if one.card and pictures.original:
            apart = difference(pictures.original, one.picture)
            if apart is not None:
                _insert(sheet, row + 4, column, png_file(apart), f"Difference of {name}")
    for below in (row + 3, row + 4):
        sheet.set_row(below, ROW_HEIGHT)


def _insert(sheet: Any, row: int, column: int, content: bytes, name: str) -> None:
    try:
        scale = SIDE / max(read_png(content).shape[:2])
    except ValueError:
        sheet.write_string(row, column, "not a picture of ours")
        return
    options = {
        "image_data": BytesIO(content),
        "x_scale": scale,
        "y_scale": scale,
        "x_offset": 4,
        "y_offset": 4,
        "description": name,
    }
    sheet.insert_image(row, column, f"{name}.png", options)

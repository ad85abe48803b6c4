"""The raw data sheets Anchor-* and Test-*: what the formulas read, one row a point."""

from __future__ import annotations

from typing import Any

from ctc.report.excel.layout import (
    COST_COLUMNS,
    FIRST_DATA_ROW,
    IDENTITY_COLUMNS,
    ConfigurationLayout,
    DataSheet,
)
from ctc.report.excel.styles import RATE, SECONDS, TEXT, Styles, metric_format
from ctc.report.index import absence_reason, metric_value
from ctc.results import CampaignResults, PointResult, Status

TRAILING_COLUMNS = ("Jobs", "Machine", "Bitstream sha256", "Reason")
WIDTHS = (14, 24, 11, 10, 8, 11, 11)


def write_data_sheet(
    sheet: Any,
    styles: Styles,
    results: CampaignResults,
    layout: ConfigurationLayout,
    data: DataSheet,
) -> None:
    """Write every point of a card; a cell stays empty where the point or the metric is absent."""
    card = results.cards[data.card]
    role = "Anchor" if data is layout.anchor else "Tested"
    conf = layout.configuration
    sheet.write_string(0, 0, f"{role}: {card.title} {card.version}".rstrip(), styles["title"])
    sheet.write_string(
        1, 0, f"Raw points of {conf.name}; all formulas read here", styles["subtitle"]
    )
    titles = [metric.title for metric in conf.metrics]
    headings = [*IDENTITY_COLUMNS, *titles, *COST_COLUMNS, *TRAILING_COLUMNS]
    for column, heading in enumerate(headings):
        sheet.write_string(FIRST_DATA_ROW - 1, column, heading, styles["head"])
    sheet.freeze_panes(FIRST_DATA_ROW, 3)
    for column, width in enumerate(WIDTHS):
        sheet.set_column(column, column, width)
    first_trailing = len(IDENTITY_COLUMNS) + len(titles) + len(COST_COLUMNS)
    sheet.set_column(len(IDENTITY_COLUMNS), first_trailing - 1, 11)
    bottom = data.rows(len(layout.sequences) - 1)[1] if layout.sequences else FIRST_DATA_ROW
    sheet.print_area(0, 0, bottom, first_trailing)
    sheet.set_column(first_trailing, first_trailing, 6)
    sheet.set_column(first_trailing + 1, first_trailing + 2, 22)
    sheet.set_column(first_trailing + 3, first_trailing + 3, 60)
    for place, (sequence, sequence_class) in enumerate(layout.sequences):
        top, _ = data.rows(place)
        points = layout.index.points(sequence, data.card)
        for offset, (label, point) in enumerate(zip(data.labels, points, strict=True)):
            identity = (sequence_class, sequence, label)
            _write_point(sheet, styles, layout, top + offset, identity, point, offset == 0)


def _write_point(
    sheet: Any,
    styles: Styles,
    layout: ConfigurationLayout,
    row: int,
    identity: tuple[str, str, str],
    point: PointResult | None,
    first: bool,
) -> None:
    status = point.status if point else Status.NOT_RUN
    text = styles.value(TEXT, first=first)
    for column, name in enumerate((*identity, status.value)):
        sheet.write_string(row, column, name, text)
    numbers = _numbers(layout, point)
    for column, (value, number_format) in enumerate(numbers, start=4):
        look = styles.value(number_format, first=first)
        if value is None:
            sheet.write_blank(row, column, None, look)
        else:
            sheet.write_number(row, column, value, look)
    encode = point.encode if point else None
    trailing = (
        encode.machine if encode else "",
        point.bitstream_sha256 if point else "",
        _reason(layout, point),
    )
    for column, name in enumerate(trailing, start=4 + len(numbers)):
        sheet.write_string(row, column, name, text)


def _numbers(
    layout: ConfigurationLayout, point: PointResult | None
) -> list[tuple[float | None, str]]:
    """Frames, bytes, rate, metrics, times and jobs of a point, each with its number format."""
    done = point is not None and point.status is Status.DONE
    size = (point.frames, point.bytes, point.bitrate_kbps) if point and done else (None,) * 3
    numbers: list[tuple[float | None, str]] = list(zip(size, ("#,##0", "#,##0", RATE), strict=True))
    for metric in layout.configuration.metrics:
        numbers.append((metric_value(point, metric.name), metric_format(metric.unit)))
    costs = (point.encode, point.decode) if point else (None, None)
    numbers += [(cost.wall_s if cost else None, SECONDS) for cost in costs]
    encode = costs[0]
    numbers.append((encode.concurrent_jobs if encode else None, "0"))
    return numbers


def _reason(layout: ConfigurationLayout, point: PointResult | None) -> str:
    """Why the point, or any of its metrics, is absent."""
    if point is None or point.status is not Status.DONE:
        return absence_reason(point, "")
    return "; ".join(
        f"{metric.title}: {absence_reason(point, metric.name)}"
        for metric in layout.configuration.metrics
        if metric_value(point, metric.name) is None
    )

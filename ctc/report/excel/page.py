"""Printing of every sheet: landscape A4, one page wide, headings repeated, numbered."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

A4 = 9
A4_CHARACTERS = 112  # width of a landscape page in characters of the sheet's font


def set_wide_page(sheet: Any, widths: Sequence[float], splits: Sequence[int], repeat: int) -> None:
    """Print a wide sheet on pages side by side, split before some columns; repeat the first ones.

    widths: of all columns, in characters; repeat: last column printed on both pages.
    """
    repeated = sum(widths[: repeat + 1])
    edges = [repeat + 1, *splits, len(widths)]
    widest = repeated + max(sum(widths[left:right]) for left, right in pairwise(edges))
    sheet.set_print_scale(max(10, min(100, int(100 * A4_CHARACTERS / widest))))
    sheet.set_v_pagebreaks(list(splits))
    sheet.repeat_columns(0, repeat)


def set_page(
    sheet: Any, title: str, repeat: tuple[int, int] | None = None, wide: bool = False
) -> None:
    """Set paper, margins, header and footer; `repeat` names the rows printed on every page.

    wide: the sheet has set its own scale and page breaks.
    """
    sheet.set_landscape()
    sheet.set_paper(A4)
    if not wide:
        sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.6)
    plain = title.replace("&", "&&")
    sheet.set_header(f"&L&9{plain}&R&9&A")
    sheet.set_footer("&R&9Page &P of &N")
    sheet.hide_gridlines(2)
    if repeat is not None:
        sheet.repeat_rows(*repeat)

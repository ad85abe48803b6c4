"""Cell references and sheet names as Excel writes them."""

from __future__ import annotations

import re
from collections.abc import Container
from functools import cache

LONGEST_NAME = 31
FORBIDDEN = re.compile(r"[\[\]:*?/\\']")


@cache
def column_letters(column: int) -> str:
    """Return the letters of a column counted from 0.

    >>> column_letters(0), column_letters(27)
    ('A', 'AB')
    """
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def cell(row: int, column: int) -> str:
    """Return the relative reference of a cell, both counted from 0.

    >>> cell(4, 2)
    'C5'
    """
    return f"{column_letters(column)}{row + 1}"


def block(first: tuple[int, int], last: tuple[int, int]) -> str:
    """Return the absolute reference of a block of cells given as (row, column) from 0.

    >>> block((4, 2), (7, 2))
    '$C$5:$C$8'
    """
    (top, left), (bottom, right) = first, last
    start = f"${column_letters(left)}${top + 1}"
    return f"{start}:${column_letters(right)}${bottom + 1}"


def on_sheet(sheet: str, reference: str) -> str:
    """Return a reference to another sheet.

    >>> on_sheet("Anchor-ldb", "C5")
    "'Anchor-ldb'!C5"
    """
    return f"'{sheet}'!{reference}"


def sheet_name(wanted: str, taken: Container[str]) -> str:
    """Return a legal name: no forbidden sign, at most 31 characters, unlike those taken.

    >>> sheet_name("Test-a/b", [])
    'Test-a-b'
    """
    plain = FORBIDDEN.sub("-", wanted).strip() or "sheet"
    name, number = plain[:LONGEST_NAME], 1
    while name.lower() in taken:
        number += 1
        ending = f"~{number}"
        name = plain[: LONGEST_NAME - len(ending)] + ending
    return name

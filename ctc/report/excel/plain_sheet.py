"""A worksheet that writes formulas as they are given and numbers with all their digits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xlsxwriter.worksheet import Worksheet

worksheet: Any = Worksheet


class PlainSheet(worksheet):  # type: ignore[misc]
    """A worksheet for formulas that use no function newer than Excel 2007.

    The library searches each formula for some thirty newer functions, 0.1 ms each, where a
    campaign has hundreds of thousands of formulas; and it writes numbers with 16 digits, one too
    few to read back the same double.
    """

    def _prepare_formula(self, formula: str, _expand_future_functions: bool = False) -> str:
        return formula.removeprefix("=")

    def _xml_number_element(
        self, number: float, attributes: Sequence[tuple[str, Any]] = ()
    ) -> None:
        places = "".join(f' {key}="{value}"' for key, value in attributes)
        self.fh.write(f"<c{places}><v>{number!r}</v></c>")

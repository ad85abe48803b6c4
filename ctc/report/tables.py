"""Tables as text: aligned for a terminal, Markdown, CSV and LaTeX, from the same cells."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum


class Tone(Enum):
    """What a cell says, shown as colour where there is colour."""

    PLAIN = ""
    GAIN = "32"
    LOSS = "31"
    FAINT = "2"
    STRONG = "1"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: text for readers; value, the full number behind it, for machines."""

    text: str
    value: float | int | None = None
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True)
class Table:
    """A titled table; numbers are aligned right, the first `names` columns left.

    Raises nothing: rows shorter than the header end in empty cells.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    names: int = 1


def percent_cell(fraction: float, flag: str = "") -> Cell:
    """Return a BD-rate as text with two decimals; below 0 is a gain.

    >>> percent_cell(-0.1234).text
    '-12.34 %'
    """
    tone = Tone.GAIN if fraction < 0 else Tone.LOSS if fraction > 0 else Tone.PLAIN
    return Cell(f"{100 * fraction:.2f} %{flag}", fraction, tone)


def terminal(table: Table, colours: bool = False) -> str:
    """Return the table aligned with blanks; with ANSI colours where asked."""
    widths = _widths(table)
    lines = [_painted(table.title, Tone.STRONG, colours)]
    header = [
        _aligned(_plain(name), widths[i], i < table.names) for i, name in enumerate(table.header)
    ]
    lines += ["  ".join(header).rstrip(), "  ".join("-" * width for width in widths)]
    for row in table.rows:
        cells = []
        for i, cell in enumerate(row):
            text = _aligned(cell.text, widths[i], i < table.names)
            cells.append(_painted(text, cell.tone, colours))
        lines.append("  ".join(cells).rstrip())
    lines += [_painted(f"  {note}", Tone.FAINT, colours) for note in table.notes]
    return "\n".join(lines) + "\n"


def markdown(table: Table) -> str:
    """Return the table in GitHub's Markdown."""
    align = [":--" if i < table.names else "--:" for i in range(len(table.header))]
    rows = [[cell.text for cell in row] for row in table.rows]
    lines = [f"### {_md(table.title)}", ""] if table.title else []
    for cells in ([_md(h) for h in table.header], align, *([_md(c) for c in r] for r in rows)):
        lines.append("| " + " | ".join(cells) + " |")
    if table.notes:
        lines += ["", *(f"- {_md(note)}" for note in table.notes)]
    return "\n".join(lines) + "\n"


def csv_text(table: Table) -> str:
    """Return the table as CSV: numbers in full, so that reading gives back the same doubles."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.header)
    for row in table.rows:
        writer.writerow([cell.text if cell.value is None else cell.value for cell in row])
    return out.getvalue()


def latex(table: Table) -> str:
    """Return the table as a LaTeX table of the package booktabs."""
    columns = "l" * table.names + "r" * (len(table.header) - table.names)
    lines = [
        "% needs \\usepackage{booktabs}",
        "\\begin{table}",
        f"\\caption{{{_tex(table.title)}}}",
        f"\\begin{{tabular}}{{{columns}}}",
        "\\toprule",
        " & ".join(_tex(name) for name in table.header) + " \\\\",
        "\\midrule",
        *(" & ".join(_tex_number(cell.text) for cell in row) + " \\\\" for row in table.rows),
        "\\bottomrule",
        "\\end{tabular}",
        *(f"\\par\\footnotesize {_tex(note)}" for note in table.notes),
        "\\end{table}",
    ]
    return "\n".join(lines) + "\n"


RENDERERS: dict[str, Callable[[Table], str]] = {
    "text": terminal,
    "markdown": markdown,
    "csv": csv_text,
    "latex": latex,
}


def _widths(table: Table) -> list[int]:
    columns: list[Sequence[str]] = [
        [name, *(_plain(row[i].text) for row in table.rows if i < len(row))]
        for i, name in enumerate(table.header)
    ]
    return [max(map(len, column)) for column in columns]


def _aligned(text: str, width: int, left: bool) -> str:
    return text.ljust(width) if left else text.rjust(width)


def _plain(text: str) -> str:
    """Text without control characters: reasons may come from somebody else's records."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def _painted(text: str, tone: Tone, colours: bool) -> str:
    text = _plain(text)
    if not colours or tone is Tone.PLAIN:
        return text
    return f"\x1b[{tone.value}m{text}\x1b[0m"


def _md(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")


_TEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}


def _tex(text: str) -> str:
    return "".join(_TEX.get(sign, sign) for sign in text)


def _tex_number(text: str) -> str:
    """A number with a real minus sign; anything else as it is."""
    escaped = _tex(text)
    return f"${escaped[0]}${escaped[1:]}" if escaped[:1] == "-" and text[1:2].isdigit() else escaped

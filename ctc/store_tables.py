"""The store's contents as tables on a screen and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ctc.store_contents import Contents, Part, StoredFile
from ctc.store_garbage import Removal
from ctc.store_verify import Verified

UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
GROUPS: dict[str, Callable[[StoredFile], tuple[str, ...]]] = {
    "campaign": lambda file: file.campaigns or ("(no campaign)",),
    "codec": lambda file: file.codecs or ("(no codec)",),
    "sequence": lambda file: file.sequences or ("(no sequence)",),
    "stage": lambda file: (file.stage,),
}


def size_text(count: int) -> str:
    """Return a size for reading.

    >>> size_text(999), size_text(1536), size_text(50 << 30)
    ('999 B', '1.5 KiB', '50 GiB')
    """
    value, unit = float(count), 0
    while value >= 1000 and unit < len(UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f"{count} B" if unit == 0 else f"{value:.3g} {UNITS[unit]}".replace("e+03", "000")


def age_text(seconds: float) -> str:
    """Return an age for reading: its largest unit.

    >>> age_text(30), age_text(7300), age_text(40 * 86400.0)
    ('0 min', '2 h', '40 d')
    """
    if seconds >= 2 * 86400:
        return f"{seconds / 86400:.0f} d"
    return f"{seconds / 3600:.0f} h" if seconds >= 7200 else f"{max(0, seconds) // 60:.0f} min"


def grouped(files: Iterable[StoredFile], group: str) -> dict[str, Part]:
    """Return files and bytes by campaign, codec, sequence or stage, largest first.

    A file that several share counts for each of them.
    """
    sums: dict[str, Part] = {}
    for file in files:
        for name in GROUPS[group](file):
            sums[name] = sums.get(name, Part()) + Part(1, file.bytes)
    return dict(sorted(sums.items(), key=lambda item: (-item[1].bytes, item[0])))


def columns(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> list[str]:
    """Return lines in which the cells of a column stand under each other; right: numbers."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))] if rows else []
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if place in right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return lines


def group_lines(files: Sequence[StoredFile], group: str) -> list[str]:
    """Return the table of one grouping."""
    rows = [[group, "files", "size"]]
    for name, part in grouped(files, group).items():
        rows.append([name, str(part.files), size_text(part.bytes)])
    return columns(rows, right=(1, 2))


def part_lines(contents: Contents) -> list[str]:
    """Return the table of the store's parts, with their sum."""
    rows = [["part", "files", "size", "on disk"]]
    parts = {**contents.parts, "in all": sum(contents.parts.values(), Part())}
    for name, part in parts.items():
        rows.append([name, str(part.files), size_text(part.bytes), size_text(part.disk)])
    return columns(rows, right=(1, 2, 3))


def file_lines(files: Iterable[StoredFile], now: float) -> list[str]:
    """Return one line for each file."""
    rows = [["used", "size", "stage", "codec", "sequence", "file", ""]]
    for file in files:
        rows.append(
            [
                age_text(now - file.used),
                size_text(file.bytes),
                file.stage,
                ",".join(file.codecs) or "-",
                ",".join(file.sequences) or "-",
                file.path.name[:16] if file.stage != "source" else file.path.name,
                f"kept: {file.in_use}" if file.in_use else "",
            ]
        )
    return columns(rows, right=(0, 1))


def file_json(file: StoredFile) -> dict[str, Any]:
    """Return a file as plain data."""
    return {
        "path": str(file.path),
        "stage": file.stage,
        "bytes": file.bytes,
        "used": round(file.used, 3),
        "codecs": list(file.codecs),
        "sequences": list(file.sequences),
        "campaigns": list(file.campaigns),
        "wall_s": file.wall_s,
        "in_use": file.in_use,
    }


def part_json(part: Part) -> dict[str, int]:
    """Return a part as plain data; `disk` only where it is known."""
    values = {"files": part.files, "bytes": part.bytes}
    return {**values, "disk": part.disk} if part.disk else values


def removal_lines(removal: Removal, removed: bool) -> list[str]:
    """Return what goes or has gone, and what stays although it is above the limits."""
    chosen, lines = removal.chosen, []
    if chosen:
        lines += [*group_lines(chosen, "stage"), "", *group_lines(chosen, "campaign"), ""]
    size = size_text(sum(file.bytes for file in chosen))
    verb = "removed" if removed else "would be removed"
    lines.append(f"{len(chosen)} files, {size}, {verb}; records stay")
    if seconds := sum(file.wall_s for file in chosen):
        took = f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{seconds:.1f} s"
        lines.append(f"making all of them took {took}; what is needed is made again")
    if removal.in_use:
        kept = size_text(sum(file.bytes for file in removal.in_use))
        lines.append(f"{len(removal.in_use)} files, {kept}, stay: {removal.in_use[0].in_use}")
    if removal.over:
        lines.append(f"the store stays {size_text(removal.over)} above --keep-size")
    return lines


def verified_lines(result: Verified, remove: bool) -> list[str]:
    """Return what was found wrong, and what was looked at."""
    lines = [
        f"{'removed: ' if finding.removed else ''}{finding.path}: {finding.problem}"
        for finding in result.findings
    ]
    lines += [f"{path}: no artefact of the store; left alone" for path in result.strangers]
    size, wrong = size_text(result.bytes), len(result.findings)
    lines.append(f"{result.artefacts} artefacts ({size}) and {result.records} records verified")
    for stage, count in result.absent.items():
        lines.append(f"{count} outputs of {stage} stages are not here; made again when needed")
    mend = "'ctc store verify --remove' takes them out"
    lines.append(f"{wrong} damaged{'' if remove else f'; {mend}'}" if wrong else "nothing damaged")
    return lines


def verified_json(result: Verified) -> dict[str, Any]:
    """Return a verification as plain data."""
    return {
        "artefacts": result.artefacts,
        "bytes": result.bytes,
        "records": result.records,
        "findings": [
            {"path": str(f.path), "problem": f.problem, "removed": f.removed}
            for f in result.findings
        ],
        "absent": result.absent,
        "strangers": [str(path) for path in result.strangers],
    }

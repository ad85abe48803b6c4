"""Removing what has not been used for longest; records stay, so finished stages stay finished."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ctc.errors import StoreError
from ctc.store_contents import Contents, StoredFile


@dataclass(frozen=True)
class Limits:
    """What shall stay: so many bytes, and nothing unused for longer than so many seconds."""

    keep_bytes: int | None = None
    older_s: float | None = None
    stages: tuple[str, ...] = ()


@dataclass
class Removal:
    """Files chosen, in the order in which they go, and those kept although they are in use.

    over: bytes by which the store stays above its limit, since the rest is in use.
    """

    chosen: list[StoredFile] = field(default_factory=list)
    in_use: list[StoredFile] = field(default_factory=list)
    over: int = 0


def choose(contents: Contents, limits: Limits) -> Removal:
    """Return what goes: all that is too old, then the least recently used until the rest fits.

    Of files last used at the same moment the larger goes first. Limits of stages leave files of
    others alone, although these count for the size.
    """
    total = sum(file.bytes for file in contents.files)
    wanted = [f for f in contents.files if not limits.stages or f.stage in limits.stages]
    removal = Removal()
    for file in sorted(wanted, key=lambda file: (file.used, -file.bytes, file.path)):
        old = limits.older_s is not None and contents.now - file.used > limits.older_s
        large = limits.keep_bytes is not None and total > limits.keep_bytes
        if not (old or large):
            continue
        if file.in_use:
            removal.in_use.append(file)
            continue
        removal.chosen.append(file)
        total -= file.bytes
    if limits.keep_bytes is not None:
        removal.over = max(0, total - limits.keep_bytes)
    return removal


def remove(removal: Removal, told: Callable[[StoredFile], object]) -> list[str]:
    """Remove the chosen files; return one line for each that could not be."""
    problems = []
    for file in removal.chosen:
        told(file)
        try:
            problems += remove_file(file)
        except OSError as problem:
            problems.append(f"{file.path}: cannot be removed: {problem.strerror}")
    return problems


def remove_file(file: StoredFile) -> list[str]:
    """Remove one file unless a stage has begun to use it since it was looked at.

    Raises:
        OSError: it cannot be removed.
    """
    try:
        status = file.path.lstat()
    except FileNotFoundError:
        return []
    if status.st_nlink > 1 or status.st_mtime > max(file.used, 0):
        return [f"{file.path}: kept: it has been used meanwhile"]
    file.path.unlink()
    if file.stage == "source":
        file.path.with_name(f"{file.path.name}.md5").unlink(missing_ok=True)
    return []


def parse_size(text: str) -> int:
    """Return bytes from a number with an optional unit K, M, G or T, powers of 1024.

    >>> parse_size("1.5G"), parse_size("20"), parse_size("0")
    (1610612736, 20, 0)

    Raises:
        StoreError: anything else.
    """
    units = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}
    number, unit = _split(text, "".join(units), "size", "bytes or a number with K, M, G or T")
    return int(number * 1024 ** units[unit])


def parse_age(text: str) -> float:
    """Return seconds from a number with a unit: m, h, d or w.

    >>> parse_age("30d"), parse_age("1.5h")
    (2592000.0, 5400.0)

    Raises:
        StoreError: anything else.
    """
    seconds = {"m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
    number, unit = _split(text, "".join(seconds), "age", "a number with m, h, d or w, as in 30d")
    if not unit:
        raise StoreError(f"age {text}: shall have a unit: m, h, d or w")
    return number * seconds[unit]


def _split(text: str, units: str, what: str, allowed: str) -> tuple[float, str]:
    unit = text[-1:] if text[-1:] in units else ""
    try:
        number = float(text[: len(text) - len(unit)])
    except ValueError:
        number = -1.0
    if not 0 <= number < 1e15:
        raise StoreError(f"{what} {text}: shall be {allowed}")
    return number, unit

"""JSON of strangers as plain data: no key twice, no NaN or infinity, no number beyond 64 bits."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

LARGEST = 1 << 63


def load_json(text: bytes) -> Any:
    """Return the plain data of a JSON text.

    Raises:
        ValueError: malformed, too deep, a key given twice, a number that is not finite or beyond
            64 bits; the message says which.

    >>> load_json(b'{"a": 1, "a": 2}')
    Traceback (most recent call last):
    ValueError: key 'a' is given twice
    """
    try:
        value = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_object)
        _check_numbers(value)
    except RecursionError as problem:
        raise ValueError("nested too deep") from problem
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not allowed")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise ValueError(f"key '{twice[:80]}' is given twice")
    return values


def _check_numbers(value: Any) -> None:
    """A walk over what was read: a function called for each number would take longer."""
    queue = [value]
    while queue:
        part = queue.pop()
        kind = type(part)
        if kind is float:
            if not math.isfinite(part):
                raise ValueError("a number is too large for a float")
        elif kind is int:
            if not -LARGEST <= part < LARGEST:
                raise ValueError("a whole number is beyond 64 bits")
        elif kind is list:
            queue.extend(part)
        elif kind is dict:
            queue.extend(part.values())

"""compiled: functions on integers and integer arrays, compiled where numba can be imported.

A compiled twin computes what its plain definition does; without numba the same source runs
uncompiled. Functions that call each other stay in one module, because the cache on disk notices a
change of the module alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., object])

try:
    from numba import njit
except ImportError:  # every twin has a plain definition
    njit = None  # type: ignore[assignment]


def compiled(function: Function) -> Function:
    """Return the function compiled to machine code, or itself where numba is missing."""
    if njit is None:
        return function
    try:
        return cast(Function, njit(cache=True, nogil=True)(function))
    except RuntimeError:  # no folder to keep the compiled code in
        return cast(Function, njit(nogil=True)(function))

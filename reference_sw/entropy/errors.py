"""The error of entropy coded data and of what describes it."""

from __future__ import annotations


class EntropyError(ValueError):
    """Entropy coded data, tables or a parameter layout that the specification does not allow."""

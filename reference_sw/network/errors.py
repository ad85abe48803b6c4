"""Errors of the integer network runtime."""

from __future__ import annotations


class ModelError(ValueError):
    """A model file that is not what the specification allows, or inputs that do not fit it."""

"""Errors of the encoders."""

from __future__ import annotations


class EncodingError(Exception):
    """A source, a setting or a program with which encoding cannot go on."""

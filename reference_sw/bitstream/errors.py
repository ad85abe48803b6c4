"""Errors of the bitstream: each names the structure, the element, its value and what is allowed."""

from __future__ import annotations


class BitstreamError(Exception):
    """A bitstream, or a structure to be written into one, that breaks the specification."""


class UnsupportedError(BitstreamError):
    """A legal bitstream that uses a newer version or a reserved code point."""

"""Errors of the decoding process."""

from __future__ import annotations


class DecodingError(Exception):
    """A bitstream, key picture, model or picture hash that does not allow decoding to go on."""

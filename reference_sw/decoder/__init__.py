"""Normative decoding process."""

"""Normative syntax: descriptors, NAL units, parameter sets, segments, SEI messages."""

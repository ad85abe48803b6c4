"""Normative arithmetic decoding; the encoders stand beside in files of their own."""

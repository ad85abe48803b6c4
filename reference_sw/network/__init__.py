"""Normative integer network runtime: operators, model file format, loader."""

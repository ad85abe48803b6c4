"""Tests of entropy coding."""

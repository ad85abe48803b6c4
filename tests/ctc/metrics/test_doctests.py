"""The examples in the docstrings of the metrics."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import ctc.metrics

MODULES = sorted(m.name for m in pkgutil.walk_packages(ctc.metrics.__path__, "ctc.metrics."))


@pytest.mark.parametrize("name", MODULES)
def test_examples_hold(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0

"""The harness's own errors: each names the object, the element, its value, and what is allowed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class CtcError(Exception):
    """Base of every error a user can cause; the command line prints it in one line."""


class SequenceError(CtcError):
    """A sequence that is missing, wrong in size or md5, or badly described."""


class CardError(CtcError):
    """A codec card that cannot be used."""


class ConditionsError(CtcError):
    """Test conditions that cannot be used."""


class MetricError(CtcError):
    """A metric that is unknown or cannot be computed on this input."""


class StageError(CtcError):
    """A stage (encode, decode, measure) that failed."""


class ClusterError(CtcError):
    """A cluster that cannot be described, started or reached, or that has gone."""


class StoreError(CtcError):
    """A record or artefact that is missing or damaged."""


class ReportError(CtcError):
    """Records from which a report cannot honestly be made."""


def near_miss(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` for the closest known name, or an empty string.

    >>> near_miss("hieght", ["width", "height"])
    "; did you mean 'height'?"
    """
    close = difflib.get_close_matches(name, sorted(known), n=1)
    return f"; did you mean '{close[0]}'?" if close else ""

"""Schema of test conditions.  Source: ctc/conditions/conditions.md, clause 2."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from ctc.errors import ConditionsError
from ctc.strict_yaml import StrictModel, load_model


class SequenceSelection(StrictModel):
    """Which sequences of sequences.yaml, and how many pictures of each from its first.

    shorter: what happens to a sequence of fewer pictures: refused, or coded whole.
    """

    classes: list[str] = Field(default_factory=list)
    names: list[str] = Field(default_factory=list)
    frames: int | Literal["all"] = "all"
    shorter: Literal["refused", "whole"] = "refused"

    @field_validator("frames")
    @classmethod
    def _positive(cls, frames: int | str) -> int | str:
        if isinstance(frames, int) and frames < 1:
            raise ValueError("shall be at least 1, or 'all'")
        return frames


class Configuration(StrictModel):
    """One table of results: sequences, anchor, tests, rate points and metrics.

    rate_points: values by card, where they differ from the card's own; headline: the metrics of
    the summary, all of them when empty; outside_overall:
    classes that are reported but not part of the overall mean.
    """

    name: str
    title: str = ""
    sequences: SequenceSelection
    anchor: str
    tests: list[str] = Field(default_factory=list)
    rate_points: dict[str, list[int | float | str]] = Field(default_factory=dict)
    metrics: list[str] = Field(min_length=1)
    headline: list[str] = Field(default_factory=list)
    outside_overall: list[str] = Field(default_factory=list)


class Rate(StrictModel):
    """What is counted as rate."""

    unit: Literal["kbit/s"] = "kbit/s"
    counts: Literal["whole bitstream file"] = "whole bitstream file"


class BdRate(StrictModel):
    """How curves are compared.

    on_low_overlap: whether a figure below minimum_overlap stays in means, which are then marked,
    or is left out of them.
    """

    interpolation: Literal["pchip", "akima", "cubic"] = "pchip"
    rate_axis: Literal["log10"] = "log10"
    minimum_overlap: float = Field(default=0.5, ge=0, le=1)
    on_no_overlap: Literal["undefined"] = "undefined"
    on_low_overlap: Literal["mark", "exclude"] = "mark"


class Averages(StrictModel):
    """How figures are averaged."""

    sequence: Literal["mean of pictures"] = "mean of pictures"
    class_: Literal["mean of sequences"] = Field(default="mean of sequences", alias="class")


class Conditions(StrictModel):
    """Versioned test conditions."""

    conditions: Literal[1]
    name: str
    version: str
    title: str = ""
    source: str
    configurations: list[Configuration] = Field(min_length=1)
    rate: Rate = Rate()
    bd_rate: BdRate = BdRate()
    averages: Averages = Averages.model_validate({})
    timeout_s: float = Field(default=86400.0, gt=0)


def load_conditions(path: Path) -> Conditions:
    """Return the conditions at `path`.

    Raises:
        ConditionsError: unreadable, unknown key, or a value that is not allowed.
    """
    return load_model(path, Conditions, ConditionsError)

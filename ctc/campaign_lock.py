"""campaign.lock.yaml: all that a campaign's keys and tables depend on, fixed when it is planned.

Source: ctc/conditions/conditions.md, clause 2.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, field_validator

from ctc.atomic_file import write_atomic
from ctc.card import Complexity, SampleFormat
from ctc.conditions.schema import Conditions
from ctc.errors import ReportError
from ctc.set_names import SET_FEATURES
from ctc.strict_yaml import StrictModel, load_model
from reference_sw.video.format import ChromaFormat, ColourModel, Matrix, VideoFormat

LOCK_NAME = "campaign.lock.yaml"


class Selection(StrictModel):
    """What the command line takes from the conditions, or adds; empty means all.

    tests: cards compared with the anchor, in place of those listed; more_tests: beside them;
    labels: rate points kept; rate_points: values set by card; frames: pictures of each sequence.
    """

    configurations: list[str] = Field(default_factory=list)
    classes: list[str] = Field(default_factory=list)
    sequences: list[str] = Field(default_factory=list)
    tests: list[str] = Field(default_factory=list)
    more_tests: list[str] = Field(default_factory=list)
    labels: list[str] = Field(default_factory=list)
    rate_points: dict[str, list[str]] = Field(default_factory=dict)
    frames: int | None = Field(default=None, ge=1)


class LockedProgram(StrictModel):
    """A program's identity: digest of the bytes that run, arguments and environment of the card."""

    digest: str
    arguments: list[str]
    environment: dict[str, str] = Field(default_factory=dict)


class LockedCard(StrictModel):
    """A codec; `fault` says why it cannot run here, empty when it can."""

    title: str
    path: str
    digest: str = ""
    version: str = ""
    fault: str = ""
    encoder: LockedProgram | None = None
    decoder: LockedProgram | None = None
    components: LockedProgram | None = None
    input: SampleFormat = SampleFormat()
    output: SampleFormat = SampleFormat()
    complexity: Complexity = Complexity()


class LockedSequence(StrictModel):
    """A sequence; `md5` is of the whole planar file, `frames` its number of pictures."""

    sequence_class: str
    width: int
    height: int
    frame_rate: str
    bit_depth: int
    chroma_format: str
    colour: str
    matrix: str
    full_range: bool
    frames: int
    md5: str
    fault: str = ""

    @field_validator("frame_rate")
    @classmethod
    def _a_fraction(cls, text: str) -> str:
        Fraction(text)
        return text

    def video_format(self) -> VideoFormat:
        """The format as the video tools know it."""
        return VideoFormat(
            self.width,
            self.height,
            Fraction(self.frame_rate),
            self.bit_depth,
            ChromaFormat(self.chroma_format),
            ColourModel(self.colour),
            Matrix(self.matrix),
            self.full_range,
        )


class LockedMetric(StrictModel):
    """A metric; `fault` says why it cannot run here, `undefined` why not for a sequence."""

    title: str
    unit: str
    higher_is_better: bool
    signature: str
    fault: str = ""
    undefined: dict[str, str] = Field(default_factory=dict)


class LockedConfiguration(StrictModel):
    """One table: cards (anchor first), sequences with their pictures, rate points, metrics.

    set_figures: figures of all sequences together, apart from the metrics of each.
    """

    name: str
    anchor: str
    cards: list[str]
    frames: dict[str, int]
    faults: dict[str, str] = Field(default_factory=dict)
    rate_points: dict[str, list[str]]
    metrics: list[str]
    set_figures: list[str] = Field(default_factory=list)

    @property
    def measured(self) -> list[str]:
        """Names of what is measured at each point: the metrics, and what set figures need."""
        return [*self.metrics, *([SET_FEATURES] if self.set_figures else [])]

    @property
    def sequences(self) -> tuple[str, ...]:
        """Names of the sequences, in the order of the conditions."""
        return tuple(self.frames)


class CampaignLock(StrictModel):
    """A planned campaign as data."""

    lock: Literal[1]
    name: str
    created: str
    ctc: str
    conversion: int
    conditions_path: str
    conditions: Conditions
    selection: Selection
    cards: dict[str, LockedCard]
    sequences: dict[str, LockedSequence]
    metrics: dict[str, LockedMetric]
    configurations: list[LockedConfiguration]


class _PlainDumper(yaml.SafeDumper):
    """Writes a value twice rather than an alias, which the strict loader refuses."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def lock_text(lock: CampaignLock) -> bytes:
    """Return the file's bytes: YAML in the order of the schema, without its defaults."""
    data: dict[str, Any] = lock.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    text = yaml.dump(data, Dumper=_PlainDumper, sort_keys=False, allow_unicode=True, width=100)
    return text.encode("utf-8")


def write_lock(folder: Path, lock: CampaignLock) -> None:
    """Write the lock into a campaign's folder.

    Raises:
        StoreError: the folder cannot be written.
    """
    write_atomic(folder / LOCK_NAME, lock_text(lock))


def read_lock(folder: Path) -> CampaignLock:
    """Return the lock of the campaign in `folder`.

    Raises:
        ReportError: there is none, or it cannot be used.
    """
    path = folder / LOCK_NAME
    if not path.is_file():
        raise ReportError(f"{folder}: not a campaign folder: it has no {LOCK_NAME}")
    return load_model(path, CampaignLock, ReportError)

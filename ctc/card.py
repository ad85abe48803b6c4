"""A codec card: one YAML file that says how to run an encoder and a decoder.

Source: ctc/conditions/conditions.md, clause 7.
"""

from __future__ import annotations

import re
import string
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from ctc.errors import CardError, near_miss
from ctc.strict_yaml import StrictModel, load_model

NAME_PATTERN = re.compile(r"^[a-z0-9][a-z0-9._-]*$")

ENCODER_PLACEHOLDERS = frozenset(
    [
        "source",
        "bitstream",
        "work",
        "width",
        "height",
        "frames",
        "frame_rate",
        "frame_rate_num",
        "frame_rate_den",
        "bit_depth",
        "chroma_format",
        "pixel_format",
        "rate_point",
    ]
)
DECODER_PLACEHOLDERS = frozenset(["bitstream", "decoded", "work"])


class RatePoints(StrictModel):
    """The parameter that moves the rate, and its values from the card's author."""

    name: str
    values: list[int | float | str] = Field(min_length=1)

    @property
    def labels(self) -> tuple[str, ...]:
        """The values as text, the form used in records and arguments."""
        return tuple(str(value) for value in self.values)


class SampleFormat(StrictModel):
    """Sample format a program reads or writes, where it differs from the sequence's own."""

    container: Literal["raw", "y4m"] = "raw"
    bit_depth: int | None = Field(default=None, ge=8, le=16)
    chroma_format: Literal["4:0:0", "4:2:0", "4:2:2", "4:4:4"] | None = None
    colour: Literal["ycbcr", "rgb"] | None = None


class Resources(StrictModel):
    """What one stage needs of a machine; memory_gib: 2 GiB where nothing is stated."""

    cpus: int = Field(default=1, ge=1)
    gpus: int = Field(default=0, ge=0)
    memory_gib: float | None = Field(default=None, gt=0)


class ProgramCard(StrictModel):
    """One command line: a program, its own files and its arguments.

    program: path relative to the card, or a bare name looked up in `variable` (an environment
    variable that holds the program, its folder, or the folder above that folder `bin`) and then in
    PATH; `ffmpeg` is the program that imageio-ffmpeg installs and `python` this interpreter.
    modules: for `python`, the packages and modules whose source is the identity of the program.
    files: the program's own files by placeholder; relative to the card, or `$VARIABLE/path`.
    resources: what this program needs, where it differs from what the card states for both.
    """

    program: str
    variable: str | None = None
    modules: list[str] = Field(default_factory=list)
    files: dict[str, str] = Field(default_factory=dict)
    arguments: list[str]
    environment: dict[str, str] = Field(default_factory=dict)
    timeout_s: float | None = Field(default=None, gt=0)
    resources: Resources | None = None

    def placeholders(self) -> set[str]:
        """Names in braces in the arguments."""
        parts = [p for a in self.arguments for p in string.Formatter().parse(a) if p[1] is not None]
        formatted = next((p for p in parts if p[2] or p[3]), None)
        if formatted is not None:  # a width of a billion would be obeyed
            raise ValueError(f"placeholder {{{formatted[1]}}}: shall stand alone, without a format")
        return {name for _, name, _, _ in parts if name is not None}


class Complexity(StrictModel):
    """Declared decoder complexity, shown in reports as declared."""

    kmac_per_pixel: float | None = Field(default=None, ge=0)
    parameters: int | None = Field(default=None, ge=0)


class Version(StrictModel):
    """How to ask the encoder for its version: arguments, a pattern with one group, and the pin."""

    arguments: list[str]
    pattern: str
    pinned: str | None = None


class SegmentRule(StrictModel):
    """How encodes may be cut into segments: only where it gives the bytes of one encode.

    join: the way they are joined; multiple: intra pictures are this many pictures apart, or a
    multiple of it, whichever is nearest to a second; skip: the argument that says where to start.
    """

    join: Literal["vvc-random-access"]
    multiple: int = Field(ge=1)
    skip: str = Field(pattern=r"^--?[A-Za-z][A-Za-z-]*=\{first_frame\}$")


class Card(StrictModel):
    """A codec as the harness knows it."""

    card: Literal[1]
    name: str
    title: str
    rate_points: RatePoints
    encoder: ProgramCard
    decoder: ProgramCard
    input: SampleFormat = SampleFormat()
    output: SampleFormat = SampleFormat()
    components: ProgramCard | None = None
    resources: Resources = Resources()
    complexity: Complexity = Complexity()
    version: Version | None = None
    log: Literal["vtm", "hm"] | None = None
    segments: SegmentRule | None = None

    @field_validator("name")
    @classmethod
    def _plain_name(cls, name: str) -> str:
        if not NAME_PATTERN.match(name):
            raise ValueError("shall be lower-case letters, digits, '.', '_' and '-'")
        return name

    @model_validator(mode="after")
    def _known_placeholders(self) -> Card:
        _check_placeholders("encoder", self.encoder, ENCODER_PLACEHOLDERS)
        _check_placeholders("decoder", self.decoder, DECODER_PLACEHOLDERS)
        if self.components is not None:
            _check_placeholders("components", self.components, frozenset(["bitstream", "work"]))
        return self


def _check_placeholders(role: str, program: ProgramCard, allowed: frozenset[str]) -> None:
    try:
        used = program.placeholders()
    except ValueError as problem:
        raise ValueError(f"{role}: arguments: {problem}") from problem
    unknown = sorted(used - allowed - set(program.files))
    if unknown:
        hint = near_miss(unknown[0], allowed | set(program.files))
        raise ValueError(f"{role} may not use {unknown}{hint}; allowed: {sorted(allowed)}")


def load_card(path: Path) -> Card:
    """Return the card at `path`.

    Raises:
        CardError: unreadable, unknown key, or a placeholder the role may not use.
    """
    return load_model(path, Card, CardError)

"""Schema of sequences.yaml and of imported.yaml."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from ctc.errors import SequenceError
from ctc.sequences import Sequence, Storage
from ctc.strict_yaml import StrictModel
from reference_sw.video.format import (
    ChromaFormat,
    ColourModel,
    Matrix,
    VideoFormat,
    VideoFormatError,
)

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_+-]*(?:\.[A-Za-z0-9_+-]+)*")
_RATE = re.compile(r"([1-9][0-9]{0,8})(?:/([1-9][0-9]{0,8}))?")
_MD5 = re.compile(r"[0-9a-f]{32}")
MAX_SIZE = 1 << 16
MAX_FRAMES = 1 << 24


class SequenceProperties(StrictModel):
    """What a class gives for all its sequences and a sequence may give for itself."""

    file: str | None = None
    storage: Storage | None = None
    width: int | None = Field(default=None, ge=1, le=MAX_SIZE)
    height: int | None = Field(default=None, ge=1, le=MAX_SIZE)
    frame_rate: str | None = None
    bit_depth: int | None = Field(default=None, ge=8, le=16)
    chroma_format: Literal["4:0:0", "4:2:0", "4:2:2", "4:4:4"] | None = None
    colour: Literal["ycbcr", "rgb"] | None = None
    matrix: Literal["bt601", "bt709"] | None = None
    full_range: bool | None = None
    frames: int | None = Field(default=None, ge=1, le=MAX_FRAMES)
    md5: str | None = None
    licence: str | None = None
    obtain: str | None = None
    remark: str | None = None
    made_from: str | None = None

    @field_validator("frame_rate")
    @classmethod
    def _exact_rate(cls, text: str | None) -> str | None:
        if text is not None and not _RATE.fullmatch(text):
            raise ValueError("shall be a quoted number or fraction, as '25' or '30000/1001'")
        return text

    @field_validator("md5")
    @classmethod
    def _md5_digits(cls, text: str | None) -> str | None:
        if text is not None and not _MD5.fullmatch(text):
            raise ValueError("shall be 32 lower-case hexadecimal digits")
        return text

    @field_validator("file")
    @classmethod
    def _plain_file(cls, text: str | None) -> str | None:
        if text is not None and (not text or Path(text).name != text or "\\" in text):
            raise ValueError("shall be a file name without a folder")
        return text


class SequenceClass(StrictModel):
    """One class: its title, what its sequences share, and the sequences by name."""

    title: str
    all: SequenceProperties = SequenceProperties()
    sequences: dict[str, SequenceProperties]


class SequenceDocument(StrictModel):
    """The whole of sequences.yaml."""

    sequences: Literal[1]
    classes: dict[str, SequenceClass]


class ImportedDocument(StrictModel):
    """The whole of imported.yaml: md5s recorded at import, and the user's own classes."""

    imported: Literal[1]
    md5: dict[str, str] = Field(default_factory=dict)
    classes: dict[str, SequenceClass] = Field(default_factory=dict)

    @field_validator("md5")
    @classmethod
    def _md5_digits(cls, recorded: dict[str, str]) -> dict[str, str]:
        for name, text in recorded.items():
            if not _MD5.fullmatch(text):
                raise ValueError(f"{name}: shall be 32 lower-case hexadecimal digits")
        return recorded


def sequences_of(
    name: str, entry: SequenceClass, origin: str, recorded: dict[str, str]
) -> list[Sequence]:
    """Return the sequences of one class; an md5 the entry lacks is taken from `recorded`.

    Raises:
        SequenceError: a property that neither the class nor the sequence gives, or a bad name.
    """
    if not NAME.fullmatch(name):
        raise SequenceError(f"{origin}: classes.{name}: {_NAME_RULE}")
    found = []
    for sequence, own in entry.sequences.items():
        where = f"{origin}: classes.{name}.sequences.{sequence}"
        if not NAME.fullmatch(sequence):
            raise SequenceError(f"{where}: {_NAME_RULE}")
        given = entry.all.model_dump(exclude_none=True) | own.model_dump(exclude_none=True)
        found.append(_sequence(sequence, name, given, where, recorded))
    return found


_NAME_RULE = "a name shall be letters, digits, '_', '+', '-' and single '.', not a path"
_NEEDED = ("file", "width", "height", "frame_rate", "bit_depth", "chroma_format", "frames")


def _sequence(
    name: str, sequence_class: str, given: dict[str, object], where: str, recorded: dict[str, str]
) -> Sequence:
    for key in (*_NEEDED, "licence", "obtain"):
        if key not in given:
            raise SequenceError(f"{where}: {key} is missing, here and under 'all' of the class")
    properties = SequenceProperties.model_validate(given)
    md5 = properties.md5 or recorded.get(name, "")
    return Sequence(
        name=name,
        sequence_class=sequence_class,
        format=_format(properties, where),
        frames=properties.frames or 0,
        file=(properties.file or "").replace("{name}", name).replace("{md5}", md5[:12]),
        md5=md5,
        licence=properties.licence or "",
        obtain=properties.obtain or "",
        storage=properties.storage or "raw",
        remark=properties.remark or "",
        made_from=properties.made_from or "",
    )


def _format(properties: SequenceProperties, where: str) -> VideoFormat:
    try:
        return VideoFormat(
            width=properties.width or 0,
            height=properties.height or 0,
            frame_rate=Fraction(properties.frame_rate or 0),
            bit_depth=properties.bit_depth or 0,
            chroma_format=ChromaFormat(properties.chroma_format),
            colour=ColourModel(properties.colour or "ycbcr"),
            matrix=Matrix(properties.matrix or "bt601"),
            full_range=bool(properties.full_range),
        )
    except VideoFormatError as problem:
        raise SequenceError(f"{where}: {problem}") from problem

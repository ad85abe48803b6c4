"""What a metric is: a frozen value whose fields are its signature, measuring decoded files."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from reference_sw.video.format import VideoFormat


@dataclass(frozen=True)
class VideoFile:
    """A raw video file on disk: the original, or a decoded one, as a metric is given it."""

    path: Path
    format: VideoFormat
    frames: int


@dataclass(frozen=True)
class Scores:
    """Result of one metric on one pair.

    sequence: the figure for the sequence, None when undefined; pictures: per-picture figures, in
    display order, empty for a whole-sequence metric; reason: why a figure is absent, else empty;
    features: packed features for figures of the whole set, else empty.
    """

    sequence: float | None
    pictures: tuple[float | None, ...] = ()
    reason: str = ""
    features: str = ""


@dataclass(frozen=True)
class Metric(ABC):
    """A metric of decoded against original; every dataclass field enters the signature."""

    name: ClassVar[str]
    unit: ClassVar[str] = ""
    higher_is_better: ClassVar[bool] = True
    version: ClassVar[int] = 1

    @property
    @abstractmethod
    def title(self) -> str:
        """The name shown in tables and on axes, such as `PSNR Y`."""

    def signature(self) -> str:
        """Text that reproduces the number: `psnr|plane:y|peak:255<<(b-8)|v:1`."""
        fields = [f"{f.name}:{getattr(self, f.name)}" for f in dataclasses.fields(self)]
        return "|".join([self.name, *fields, *self.extra_signature(), f"v:{self.version}"])

    def extra_signature(self) -> list[str]:
        """Further parts such as `weights:<first 8 hex of sha256>` or a library's version."""
        return []

    def weight_sets(self) -> tuple[str, ...]:
        """Names of the sets of weights that the metric needs, as `ctc weights list` shows them."""
        return ()

    def unavailable(self) -> str:
        """Why the metric cannot run here and the command that mends it; empty when it can."""
        return ""

    def applies_to(self, video: VideoFormat) -> str:
        """Why the metric is undefined for this format; empty when it is defined."""
        return ""

    @abstractmethod
    def measure(self, original: VideoFile, decoded: Sequence[VideoFile]) -> list[Scores]:
        """Return one Scores for each decoded file; work on the original is shared between them."""

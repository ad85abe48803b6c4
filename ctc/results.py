"""Results of a campaign as plain values: the one table that every report is computed from."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class Status(str, Enum):
    """Outcome of a stage or point."""

    DONE = "done"
    FAILED = "failed"
    TIMEOUT = "timeout"
    MISMATCH = "mismatch"
    NOT_SUPPORTED = "not-supported"
    NOT_RUN = "not-run"


@dataclass(frozen=True)
class Cost:
    """What one stage took: seconds, MiB, the number of stages that ran beside it, and where.

    machine: name and processor as one text, empty when not recorded.
    """

    wall_s: float
    cpu_s: float
    peak_rss_mib: float
    concurrent_jobs: int = 1
    machine: str = ""


@dataclass(frozen=True)
class MetricResult:
    """One metric at one point; value is None with a reason when undefined.

    features: packed features for figures of the whole set, empty for every other metric.
    """

    value: float | None
    signature: str
    reason: str = ""
    pictures: tuple[float | None, ...] = ()
    features: str = ""


@dataclass(frozen=True)
class PointResult:
    """One card at one rate point of one sequence in one configuration.

    still: name of the log that holds one decoded picture, empty when none was kept; features:
    those that figures of the set need, packed; no_features: why there are none.
    """

    configuration: str
    sequence: str
    sequence_class: str
    card: str
    rate_point: str
    status: Status
    reason: str = ""
    frames: int = 0
    bytes: int | None = None
    bitrate_kbps: float | None = None
    component_bytes: dict[str, int] = field(default_factory=dict)
    bitstream_sha256: str = ""
    decoded_sha256: str = ""
    encode: Cost | None = None
    decode: Cost | None = None
    metrics: dict[str, MetricResult] = field(default_factory=dict)
    record_keys: dict[str, str] = field(default_factory=dict)
    still: str = ""
    features: str = ""
    no_features: str = ""


@dataclass(frozen=True)
class MetricInfo:
    """How a metric is shown and compared."""

    name: str
    title: str
    unit: str
    higher_is_better: bool
    signature: str


@dataclass(frozen=True)
class CardInfo:
    """Identity and complexity of a codec in the campaign."""

    name: str
    title: str
    digest: str
    version: str = ""
    kmac_per_pixel: float | None = None
    parameters: int | None = None


@dataclass(frozen=True)
class ConfigurationResults:
    """All points of one configuration; the anchor is one of the cards.

    outside_overall: classes that are reported but not part of the overall mean; sequence_md5: of
    the originals, by sequence; set_figures: names of figures of all sequences together, from
    features of the signature.
    """

    name: str
    anchor: str
    cards: tuple[str, ...]
    sequences: tuple[tuple[str, str], ...]
    rate_points: dict[str, tuple[str, ...]]
    metrics: tuple[MetricInfo, ...]
    points: tuple[PointResult, ...]
    outside_overall: tuple[str, ...] = ()
    sequence_md5: dict[str, str] = field(default_factory=dict)
    set_figures: tuple[str, ...] = ()
    set_signature: str = ""


@dataclass(frozen=True)
class CampaignResults:
    """A campaign read back from its records.

    sequences above are (name, class) in the order of the conditions; rate_points are per card, in
    the order of the card.
    """

    name: str
    conditions: str
    conditions_version: str
    bd_rate: dict[str, str | float]
    cards: dict[str, CardInfo]
    configurations: tuple[ConfigurationResults, ...]
    provenance: dict[str, str] = field(default_factory=dict)

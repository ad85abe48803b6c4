"""What planning and the store's commands need of a record; small, and never shown as a figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ctc.record import Output, Record

_GIVEN = {"encode": "sequence_md5", "decode": "bitstream_sha256", "measure": "decoded_sha256"}


@dataclass(frozen=True)
class Brief:
    """A record without what only reports read: scores, inputs, command.

    codec: name and version; given: digest of the file the stage was given, a sequence's md5 or a
    sha256; metric: signature, empty but for measure.
    """

    key: str
    stage: str
    status: str
    reason: str = ""
    retry: bool = False
    output: Output | None = None
    codec: str = ""
    given: str = ""
    metric: str = ""
    cost: Mapping[str, float | int] = field(default_factory=dict)
    log_check: Mapping[str, Any] = field(default_factory=dict)

    @property
    def done(self) -> bool:
        """Whether the stage succeeded."""
        return self.status == "done"


def brief_of(record: Record) -> Brief:
    """Return the brief of a record."""
    inputs = record.inputs
    return Brief(
        key=record.key,
        stage=record.stage,
        status=record.status,
        reason=record.reason,
        retry=record.retry,
        output=record.output,
        codec=str(record.where.get("version", "")),
        given=str(inputs.get(_GIVEN[record.stage], "")),
        metric=str(inputs.get("metric", "")),
        cost=record.cost,
        log_check=record.log_check,
    )

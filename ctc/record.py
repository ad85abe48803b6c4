"""A record: what one finished stage was given, made and took; one small JSON file, written once.

Keys of the file, one to a line, in this order:

record       version of this layout, 1
key          64 hexadecimal digits: SHA-256 of the canonical JSON of {"stage", "inputs"}
stage        encode, decode or measure
status       done, failed, timeout, mismatch or not-supported
reason       one line, empty when done
retry        whether the next resume runs it again by itself: the cause lay outside the stage
inputs       what the key is the hash of (ctc.keys)
output       {"bytes", "sha256"} of the bitstream or decoded file, null for measure or a failure
components   of decode: bytes of the bitstream by component; their sum is the bitstream's size
scores       of measure: {"value": number or null, "reason", "pictures": [number or null, ...]},
             and of the metric set-features "features": both sides' features as base64 of float16
cost         {"wall_s", "cpu_s", "peak_rss_mib", "concurrent_jobs"}; for measure, of one process
             and metric, over "shared_by" decoded files measured together
where        {"host", "cpu", "version" of the codec, "ctc"}
command      {"argv", "exit_code", "signal"}, paths included, for the reader alone; of a card's
             program also its "isolation" (none, network, full) and its "limits"; of an encode in
             segments argv of the last, and "segments": {"at_once", "elapsed_s", "pictures": [first,
             count] of each, "cpu_s" of each}; its cost is then the sum over the segments
logs         names of the log files of the stage
log_check    what the codec's own log says and where it differs from what was measured
warnings     lines to show with the result
finished     time of writing, UTC
checksum     SHA-256 of the text before this line, so that a damaged record is never believed
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import Any

from ctc.errors import StoreError
from ctc.keys import stage_key
from ctc.strict_json import load_json

RECORD_VERSION = 1
STAGES = frozenset(["encode", "decode", "measure"])
STATUSES = frozenset(["done", "failed", "timeout", "mismatch", "not-supported"])
MAX_BYTES = 64 << 20
_OBJECTS = ("inputs", "components", "cost", "where", "command", "log_check")
_SHA256 = re.compile("[0-9a-f]{64}")
_LOG_NAME = re.compile("[0-9A-Za-z][0-9A-Za-z._-]*")
_TAIL = b',\n"checksum": "%s"\n}\n'
_TAIL_LENGTH = len(_TAIL) - 2 + 64


@dataclass(frozen=True)
class Output:
    """A file that a stage made."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Record:
    """One finished stage; fields as in the module's text."""

    key: str
    stage: str
    status: str
    inputs: dict[str, Any]
    reason: str = ""
    retry: bool = False
    output: Output | None = None
    components: dict[str, int] = field(default_factory=dict)
    scores: dict[str, Any] | None = None
    cost: dict[str, float | int] = field(default_factory=dict)
    where: dict[str, str] = field(default_factory=dict)
    command: dict[str, Any] = field(default_factory=dict)
    logs: tuple[str, ...] = ()
    log_check: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    finished: str = ""

    @property
    def done(self) -> bool:
        """Whether the stage succeeded."""
        return self.status == "done"


def record_text(record: Record) -> bytes:
    """Return the file's bytes: one key to a line, ending in the checksum of what is before it."""
    output = record.output
    values: dict[str, Any] = {
        "record": RECORD_VERSION,
        "key": record.key,
        "stage": record.stage,
        "status": record.status,
        "reason": record.reason,
        "retry": record.retry,
        "inputs": record.inputs,
        "output": None if output is None else {"bytes": output.bytes, "sha256": output.sha256},
        "components": record.components,
        "scores": record.scores,
        "cost": record.cost,
        "where": record.where,
        "command": record.command,
        "logs": list(record.logs),
        "log_check": record.log_check,
        "warnings": list(record.warnings),
        "finished": record.finished,
    }
    lines = [f"{json.dumps(k)}: {json.dumps(v, allow_nan=False)}" for k, v in values.items()]
    body = ("{\n" + ",\n".join(lines)).encode("ascii")
    return body + _TAIL % hashlib.sha256(body).hexdigest().encode()


def check_inputs(record: Record) -> None:
    """Check that a record's key is the hash of its inputs.

    Raises:
        StoreError: it is not.
    """
    derived = stage_key(record.stage, record.inputs)
    if record.key != derived:
        raise StoreError(f"holds key {record.key[:12]}, its inputs give {derived[:12]}")


def parse_record(text: bytes, key: str) -> Record:
    """Return the record in a file's bytes.

    Raises:
        StoreError: truncated, altered, of another layout, or not the record of this key.
    """
    if len(text) > MAX_BYTES:
        raise StoreError(f"larger than {MAX_BYTES} bytes")
    body = text[:-_TAIL_LENGTH]
    if text[len(body) :] != _TAIL % hashlib.sha256(body).hexdigest().encode():
        raise StoreError("its checksum does not match: truncated or altered")
    try:
        values = load_json(body + b"\n}")
    except ValueError as problem:
        raise StoreError(f"not valid JSON: {problem}") from problem
    if not isinstance(values, dict) or values.get("record") != RECORD_VERSION:
        raise StoreError(f"not a record of layout {RECORD_VERSION}")
    return _checked(values, key)


def _checked(values: dict[str, Any], key: str) -> Record:
    try:
        output = values["output"]
        record = Record(
            key=values["key"],
            stage=values["stage"],
            status=values["status"],
            inputs=values["inputs"],
            reason=values["reason"],
            retry=values["retry"] is True,
            output=None if output is None else _output(output),
            components=values["components"],
            scores=values["scores"],
            cost=values["cost"],
            where=values["where"],
            command=values["command"],
            logs=tuple(_plain_name(name) for name in values["logs"]),
            log_check=values["log_check"],
            warnings=tuple(values["warnings"]),
            finished=values["finished"],
        )
    except (KeyError, TypeError, ValueError) as problem:
        raise StoreError(f"lacks or misstates {problem}") from problem
    if record.stage not in STAGES or record.status not in STATUSES:
        raise StoreError(f"unknown stage '{record.stage}' or status '{record.status}'")
    if any(not isinstance(getattr(record, name), dict) for name in _OBJECTS):
        raise StoreError(f"one of {', '.join(_OBJECTS)} is not an object")
    if record.key != key:
        raise StoreError(f"holds key {record.key[:12]}")
    if record.done and record.stage != "measure" and record.output is None:
        raise StoreError("done, yet names no output")
    if record.done and record.stage == "measure" and record.scores is None:
        raise StoreError("done, yet holds no scores")
    return record


def _output(values: dict[str, Any]) -> Output:
    size, sha256 = values["bytes"], values["sha256"]
    if isinstance(size, bool) or not isinstance(size, int) or size < 0:
        raise ValueError(f"output bytes {size!r}")
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        raise ValueError(f"output sha256 {str(sha256)[:80]!r}")
    return Output(size, sha256)


def _plain_name(name: Any) -> str:
    if not isinstance(name, str) or not _LOG_NAME.fullmatch(name):
        raise ValueError(f"log {str(name)[:80]!r}")
    return name

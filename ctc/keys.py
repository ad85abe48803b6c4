"""Keys of stages: the hash of all that can change a result, and of nothing else.

Source: ctc/conditions/conditions.md, clause 7.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ctc.errors import StoreError

Inputs = dict[str, Any]
BLOCK = 1 << 20


@dataclass(frozen=True)
class Keyed:
    """A stage's key and the inputs it is the hash of."""

    key: str
    inputs: Inputs


def canonical_json(value: Any) -> bytes:
    """Return the one JSON text of a value: sorted keys, no spaces, ASCII, no NaN or infinity.

    >>> canonical_json({"b": 1, "a": [0.5, None]})
    b'{"a":[0.5,null],"b":1}'
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    ).encode("ascii")


def stage_key(stage: str, inputs: Mapping[str, Any]) -> str:
    """Return the key of a stage: the SHA-256 of its kind and its inputs, 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json({"stage": stage, "inputs": dict(inputs)})).hexdigest()


def encode_inputs(
    program: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    sequence_md5: str,
    frames: int,
    input_format: Mapping[str, Any],
) -> Inputs:
    """Return what determines a bitstream.

    program: digest of the bytes that run; arguments: with every placeholder replaced except those
    that stand for paths; environment: what the card sets; input_format: of the file the encoder
    reads.
    """
    return {
        "program": program,
        "arguments": list(arguments),
        "environment": dict(environment),
        "sequence_md5": sequence_md5,
        "frames": frames,
        "input_format": dict(input_format),
    }


def decode_inputs(
    program: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    bitstream_sha256: str,
    output_format: Mapping[str, Any],
    frames: int,
) -> Inputs:
    """Return what determines decoded pictures; frames: how many are expected."""
    return {
        "program": program,
        "arguments": list(arguments),
        "environment": dict(environment),
        "bitstream_sha256": bitstream_sha256,
        "output_format": dict(output_format),
        "frames": frames,
    }


def measure_inputs(
    signature: str,
    sequence_md5: str,
    frames: int,
    original_format: Mapping[str, Any],
    decoded_sha256: str,
    decoded_format: Mapping[str, Any],
) -> Inputs:
    """Return what determines one metric's figures of one decoded file."""
    return {
        "metric": signature,
        "sequence_md5": sequence_md5,
        "frames": frames,
        "original_format": dict(original_format),
        "decoded_sha256": decoded_sha256,
        "decoded_format": dict(decoded_format),
    }


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, 64 hexadecimal digits.

    Raises:
        StoreError: the file cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
    except OSError as problem:
        raise StoreError(f"{path}: cannot be read: {problem.strerror}") from problem
    return digest.hexdigest()

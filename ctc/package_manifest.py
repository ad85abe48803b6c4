"""manifest.json of a submission: every file with size and hash, every bitstream with its point."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Literal

from pydantic import Field

from ctc.errors import ReportError
from ctc.keys import file_sha256
from ctc.strict_json import load_json
from ctc.strict_yaml import StrictModel, parse_model

MANIFEST = "manifest.json"
MAX_BYTES = 256 << 20


class PackagedFile(StrictModel):
    """A file of the package."""

    bytes: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class PackagedBitstream(StrictModel):
    """The bitstream of one point: a file of the package, and its decoded pictures by hash."""

    configuration: str
    card: str
    sequence: str
    rate_point: str
    file: str
    md5: str = Field(pattern="^[0-9a-f]{32}$")
    decoded_sha256: str = Field(pattern="^([0-9a-f]{64})?$")


class Manifest(StrictModel):
    """What a submission holds."""

    package: Literal[1]
    campaign: str
    conditions: str
    conditions_version: str
    ctc: str
    files: dict[str, PackagedFile]
    bitstreams: list[PackagedBitstream]


def manifest_text(manifest: Manifest) -> bytes:
    """Return the file's bytes."""
    data = manifest.model_dump(mode="json")
    return json.dumps(data, indent=1, ensure_ascii=True, sort_keys=True).encode("ascii") + b"\n"


def packaged_file(content: Path | bytes) -> PackagedFile:
    """Return size and hash of a file or of its bytes."""
    if isinstance(content, bytes):
        return PackagedFile(bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
    return PackagedFile(bytes=content.stat().st_size, sha256=file_sha256(content))


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of an unpacked package, every file checked against it.

    Raises:
        ReportError: no manifest, one that cannot be used, or a file missing, added or changed.
    """
    path = folder / MANIFEST
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ReportError(f"{MANIFEST}: larger than {MAX_BYTES} bytes")
        data = load_json(path.read_bytes())
    except FileNotFoundError:
        raise ReportError(f"not a submission: it has no {MANIFEST}") from None
    except (OSError, ValueError) as problem:
        raise ReportError(f"{MANIFEST}: cannot be read: {problem}") from problem
    manifest = parse_model(data, Manifest, ReportError, MANIFEST)
    _check_files(folder, manifest)
    return manifest


def _check_files(folder: Path, manifest: Manifest) -> None:
    there = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()} - {MANIFEST}
    for what, names in (
        ("is listed and missing", sorted(set(manifest.files) - there)),
        ("is there and not listed", sorted(there - set(manifest.files))),
    ):
        if names:
            more = f" ({len(names)} such files)" if len(names) > 1 else ""
            raise ReportError(f"{MANIFEST}: {names[0]} {what}{more}")
    for name, stated in manifest.files.items():
        if packaged_file(folder / name) != stated:
            raise ReportError(f"{name}: not the bytes that {MANIFEST} states")
    for bitstream in manifest.bitstreams:
        if bitstream.file not in manifest.files:
            raise ReportError(f"{MANIFEST}: bitstream {bitstream.file} is not among its files")

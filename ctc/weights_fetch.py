"""Weights from their official addresses: resumable, bounded, verified before they are kept."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

from ctc.errors import MetricError
from ctc.weights import MAX_BYTES, own_folder
from ctc.weights_import import file_sha256, import_weights
from ctc.weights_sets import WeightsSet

_BLOCK = 1 << 18
_TIMEOUT_S = 60.0

Progress = Callable[[int, int], None]


def fetch_weights(entry: WeightsSet, progress: Progress | None = None) -> Path:
    """Download the official file of a set, convert it, and return the converted file's path.

    progress: called with the bytes had and the bytes expected (0 when unknown). A download that
    was cut goes on from where it was.

    Raises:
        MetricError: no network, a refused address, or a file that is not the published one.
    """
    folder = own_folder() / "downloads"
    name = entry.address.rsplit("/", 1)[-1]
    partial, complete = folder / f"{entry.name}.part", folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _download(entry, partial, progress)
        partial.replace(complete)
    except OSError as problem:
        reason = getattr(problem, "reason", None) or problem.strerror or problem
        raise MetricError(
            f"{entry.address}: cannot be fetched: {reason}; with the file at hand run: "
            f"ctc weights import {name}"
        ) from problem
    found = file_sha256(complete)
    if entry.file_sha256 and not found.startswith(entry.file_sha256):
        complete.unlink()
        raise MetricError(
            f"{entry.address}: sha256 {found[:16]}: shall begin with {entry.file_sha256[:16]}; "
            "the download was discarded"
        )
    written = import_weights(complete, entry.name)[0]
    complete.unlink()
    return written


def _download(entry: WeightsSet, partial: Path, progress: Progress | None) -> None:
    had = partial.stat().st_size if partial.exists() else 0
    request = urllib.request.Request(entry.address)
    if had:
        request.add_header("Range", f"bytes={had}-")
    try:
        answer = urllib.request.urlopen(request, timeout=_TIMEOUT_S)
    except urllib.error.HTTPError as problem:
        if problem.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and had:
            return  # the part is the whole file; its digest decides
        raise
    with answer:
        resumed = answer.status == HTTPStatus.PARTIAL_CONTENT
        had = had if resumed else 0
        expected = had + int(answer.headers.get("Content-Length") or 0)
        with partial.open("ab" if resumed else "wb") as stream:
            while block := answer.read(_BLOCK):
                had += len(block)
                if had > MAX_BYTES:
                    raise MetricError(f"{entry.address}: larger than {MAX_BYTES} bytes")
                stream.write(block)
                if progress:
                    progress(had, expected)
    if expected and had < expected:
        raise MetricError(
            f"{entry.address}: ended after {had} of {expected} bytes; run the command again"
        )

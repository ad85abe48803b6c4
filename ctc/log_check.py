"""What a codec's own logs say, set against what was measured: a cross-check, never a result."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ctc.errors import StageError

MAX_LOG_BYTES = 256 << 20
PSNR_TOLERANCE_DB = 1e-4


def check_encoder_log(
    kind: str | None, logs: Sequence[Path], file_bytes: int, frames: int
) -> dict[str, Any]:
    """Return version, pictures, bits and PSNR of the log, and where it differs from the file.

    logs: one, or one for each segment of the encode. kind: `vtm`, `hm`, or None for a codec whose
    log is not read; then nothing is returned.
    """
    if kind is None:
        return {}
    from anchors.encoder_log import differences, join_logs
    from anchors.hm_log import read_hm_encoder_log
    from anchors.vtm_log import read_vtm_encoder_log

    read = read_vtm_encoder_log if kind == "vtm" else read_hm_encoder_log
    try:
        found = join_logs([read(_text(log)) for log in logs])
    except (StageError, ValueError) as problem:
        return {"codec": kind, "differences": [str(problem)]}
    return {
        "codec": kind,
        "version": found.version,
        "pictures": found.total_frames,
        "bits": found.bits,
        "psnr": {name: value for name, value in found.psnr.items() if value == value},
        "differences": differences(found, file_bytes, frames),
    }


def check_decoder_log(kind: str | None, log: Path, frames: int) -> dict[str, Any]:
    """Return the pictures that a decoder's log counts, verifies and finds wrong."""
    if kind != "vtm":
        return {}
    from anchors.vtm_log import read_vtm_decoder_log

    found = read_vtm_decoder_log(_text(log))
    wrong = [] if found.pictures == frames else [f"log: {found.pictures} pictures, not {frames}"]
    return {
        "codec": kind,
        "pictures": found.pictures,
        "verified": found.verified,
        "mismatched": found.mismatched,
        "differences": wrong,
    }


def check_psnr(metric: str, measured: float | None, log_psnr: dict[str, float]) -> dict[str, Any]:
    """Return what an encoder's log says of a PSNR we measured, and whether they differ.

    metric: `psnr-y`, `psnr-u` or `psnr-v`, dB; for any other nothing is returned. Logs print four
    decimals.

    >>> check_psnr("psnr-y", 30.00088790071833, {"Y-PSNR": 30.0009})["differences"]
    []
    >>> check_psnr("psnr-y", 30.1, {"Y-PSNR": 30.0009})["differences"]
    ['log: psnr-y 30.0009 dB, measured 30.1000']
    """
    said = log_psnr.get(f"{metric.removeprefix('psnr-').upper()}-PSNR")
    if said is None or measured is None or metric not in ("psnr-y", "psnr-u", "psnr-v"):
        return {}
    line = f"log: {metric} {said:.4f} dB, measured {measured:.4f}"
    differ = abs(said - measured) > PSNR_TOLERANCE_DB
    return {"psnr": said, "differences": [line] if differ else []}


def _text(log: Path) -> str:
    with log.open("rb") as file:
        return file.read(MAX_LOG_BYTES).decode("utf-8", errors="replace")

"""What this machine has and lacks for a campaign, and what to do about each lack."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ctc.errors import CardError
from ctc.inventory import inspect_card
from ctc.isolation import missing
from ctc.program import ffmpeg_path
from ctc.registry import all_cards

_PACKAGES = ("torch", "numpy", "scipy", "numba", "imageio-ffmpeg", "xlsxwriter", "matplotlib")
_FFMPEG_PARTS = {
    "-encoders": ("libvvenc", "libx265", "libsvtav1"),
    "-decoders": ("vvc", "hevc", "libdav1d"),
    "-filters": ("libvmaf", "xpsnr"),
}
_MINIMUM_PYTHON = (3, 10)
_LOW_DISK_GIB = 5
_CLUSTER_CURE = "only for --cluster: pip install 'gvc-reference-software[cluster]'"
_NO_NAMESPACES = "programs of cards run as you: use only cards you trust, or another machine"


class Verdict(str, Enum):
    """How a finding stands: needed and there, optional and absent, needed and absent."""

    OK = "ok"
    NOTE = "note"
    MISSING = "missing"


@dataclass(frozen=True)
class Finding:
    """One line of the doctor: what was looked at, how it stands, what to do."""

    subject: str
    verdict: Verdict
    detail: str


def examine() -> list[Finding]:
    """Return every finding, in the order they are printed."""
    parts: tuple[Callable[[], Iterator[Finding]], ...] = (
        _interpreter,
        _packages,
        _ffmpeg,
        _machine,
        _protections,
        _data,
        _codecs,
    )
    return [finding for part in parts for finding in part()]


def _interpreter() -> Iterator[Finding]:
    verdict = Verdict.OK if sys.version_info >= _MINIMUM_PYTHON else Verdict.MISSING
    yield Finding("Python", verdict, platform.python_version())


def _packages() -> Iterator[Finding]:
    for name in _PACKAGES:
        try:
            yield Finding(name, Verdict.OK, version(name))
        except PackageNotFoundError:
            yield Finding(name, Verdict.MISSING, "run 'make setup'")


def _ffmpeg() -> Iterator[Finding]:
    try:
        path = ffmpeg_path()
    except (CardError, RuntimeError, ImportError) as problem:
        yield Finding("ffmpeg", Verdict.MISSING, f"{problem}; run 'make setup'")
        return
    yield Finding("ffmpeg", Verdict.OK, _listing(path, "-version").partition(" Copyright")[0])
    for option, names in _FFMPEG_PARTS.items():
        words = set(_listing(path, option).split())
        for name in names:
            cure = "needs imageio-ffmpeg 0.8 or later, or set CTC_FFMPEG to a program that has it"
            there = name in words
            kind = option.strip("-").removesuffix("s")
            yield Finding(
                f"ffmpeg {kind} {name}",
                Verdict.OK if there else Verdict.MISSING,
                "found" if there else cure,
            )


@lru_cache(maxsize=8)
def _listing(path: Path, option: str) -> str:
    done = subprocess.run(
        [str(path), "-hide_banner", option],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=30,
        check=False,
    )
    return done.stdout.decode(errors="replace")


def _machine() -> Iterator[Finding]:
    yield Finding("cores", Verdict.OK, str(os.cpu_count()))
    free = shutil.disk_usage(Path.cwd()).free / 2**30
    verdict = Verdict.OK if free >= _LOW_DISK_GIB else Verdict.NOTE
    yield Finding("free disk", verdict, f"{free:.1f} GiB in {Path.cwd()}")
    dask = importlib.util.find_spec("distributed") is not None
    yield Finding("Dask", Verdict.OK if dask else Verdict.NOTE, "found" if dask else _CLUSTER_CURE)


def _protections() -> Iterator[Finding]:
    """What keeps the programs of cards apart here, each tried; see docs/security.md."""
    for level, what in (("full", "own view of files and processes"), ("network", "no network")):
        lack = missing(level)
        verdict = Verdict.NOTE if lack else Verdict.OK
        detail = f"not offered here ({lack}); {_NO_NAMESPACES}" if lack else what
        yield Finding(f"isolation {level}", verdict, detail)
    watched = Path("/proc/self/task").is_dir()
    yield Finding(
        "limits of programs",
        Verdict.OK if watched else Verdict.NOTE,
        "disk, memory, processor time, processes" if watched else "needs /proc: of files alone",
    )


def _data() -> Iterator[Finding]:
    data = os.environ.get("GVC_DATA")
    if not data:
        yield Finding("GVC_DATA", Verdict.NOTE, "not set: the talking-head sequences are absent")
    elif not Path(data).is_dir():
        yield Finding("GVC_DATA", Verdict.MISSING, f"{data}: no such folder")
    else:
        yield Finding("GVC_DATA", Verdict.OK, data)


def _codecs() -> Iterator[Finding]:
    for loaded in all_cards():
        state = inspect_card(loaded)
        verdict = Verdict.OK if state.usable else Verdict.NOTE
        yield Finding(f"codec {state.name}", verdict, state.version or state.problem or "found")

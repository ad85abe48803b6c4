"""The ffmpeg program as a measuring instrument: raw files in, a filter's log out, no conversion.

The program is the one that imageio-ffmpeg installs, or the one that CTC_FFMPEG names.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path

from ctc.errors import CardError, MetricError
from ctc.metrics.base import VideoFile
from ctc.program import ffmpeg_path
from reference_sw.video.format import ColourModel, VideoFormat

_PLANAR = {"4:0:0": "gray", "4:2:0": "yuv420p", "4:2:2": "yuv422p", "4:4:4": "yuv444p"}
_DEPTHS = (8, 10, 12)
_TIMEOUT_S = 24 * 3600.0
_REINSTALL = "pip install --force-reinstall 'imageio-ffmpeg>=0.8'"


def pixel_format(video: VideoFormat) -> str:
    """Return ffmpeg's name of a raw layout that its filters take as it is; empty if there is none.

    >>> [pixel_format(VideoFormat(64, 64, bit_depth=bits)) for bits in (8, 9, 10)]
    ['yuv420p', '', 'yuv420p10le']
    """
    if video.colour is not ColourModel.YCBCR or video.bit_depth not in _DEPTHS:
        return ""
    name = _PLANAR[video.chroma_format.value]
    return name if video.bit_depth == 8 else f"{name}{video.bit_depth}le"


@lru_cache(maxsize=1)
def program() -> str:
    """Return the path of the program; empty when there is none."""
    try:
        return str(ffmpeg_path())
    except (ImportError, RuntimeError, CardError):
        return ""


@lru_cache(maxsize=1)
def program_version() -> str:
    """Return the version that the program prints; `absent` when there is no program."""
    if not program():
        return "absent"
    found = re.search(r"ffmpeg version (\S+)", _ask("-version"))
    return found.group(1) if found else "unknown"


@lru_cache(maxsize=1)
def _filters() -> frozenset[str]:
    return frozenset(re.findall(r"^ \S+ (\S+) +\S+->\S+", _ask("-filters"), re.MULTILINE))


def _ask(question: str) -> str:
    answer = subprocess.run(
        [program(), "-hide_banner" if question != "-version" else "-nostdin", question],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return answer.stdout


def missing_filter(name: str) -> str:
    """Return why a filter cannot be used and the command that mends it; empty when it can."""
    if not program():
        return f"no ffmpeg program; run: {_REINSTALL}"
    if name not in _filters():
        return f"{program()} has no filter {name}; run: {_REINSTALL}"
    return ""


def run_filter(original: VideoFile, decoded: VideoFile, graph: str, log: str) -> str:
    """Return the text that a two-input filter writes to the file `log` of its working folder.

    Raises:
        MetricError: the program failed, or put a conversion before the filter.
    """
    command = [program(), "-hide_banner", "-nostdin", "-v", "verbose", "-threads", "1"]
    for video in (decoded, original):
        layout = video.format
        command += ["-f", "rawvideo", "-pix_fmt", pixel_format(layout)]
        command += ["-s", f"{layout.width}x{layout.height}", "-framerate", str(layout.frame_rate)]
        command += ["-i", str(video.path.resolve())]
    command += ["-filter_complex_threads", "1", "-lavfi", f"[0:v][1:v]{graph}", "-f", "null", "-"]
    with tempfile.TemporaryDirectory() as folder:
        result = subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT_S,
            check=False,
        )
        if result.returncode:
            last = (result.stderr.strip().splitlines() or ["no message"])[-1]
            raise MetricError(f"{decoded.path}: ffmpeg {graph.split('=')[0]}: {last}")
        if "auto-inserting" in result.stderr:
            raise MetricError(f"{decoded.path}: ffmpeg put a conversion before {graph}")
        return _read_log(Path(folder) / log, decoded)


def _read_log(path: Path, decoded: VideoFile) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as problem:
        raise MetricError(f"{decoded.path}: ffmpeg wrote no {path.name}") from problem

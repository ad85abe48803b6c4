"""VMAF, VMAF-NEG and the elementary features of libvmaf, through the ffmpeg program.

Source: Netflix/vmaf, models vmaf_v0.6.1 and vmaf_v0.6.1neg. VMAF was trained on 1080p television
pictures at three screen heights; on 256x256 faces it saturates and is reported, never headlined.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from ctc.errors import MetricError
from ctc.metrics.base import Metric, Scores, VideoFile
from ctc.metrics.ffmpeg_program import missing_filter, pixel_format, program_version, run_filter
from ctc.metrics.pictures import check_pair
from reference_sw.video.format import VideoFormat

_LOG = "vmaf.json"


def _frames(text: str, decoded: VideoFile) -> tuple[str, list[dict[str, Any]]]:
    try:
        log = json.loads(text)
        frames = [frame["metrics"] for frame in log["frames"]]
        return str(log["version"]), frames
    except (ValueError, KeyError, TypeError) as problem:
        raise MetricError(f"{decoded.path}: libvmaf's log cannot be read: {problem!r}") from problem


@lru_cache(maxsize=1)
def libvmaf_version() -> str:
    """Return libvmaf's version as its own log states it; `absent` without the filter."""
    if missing_filter("libvmaf"):
        return "absent"
    with TemporaryDirectory() as folder:
        path = Path(folder) / "grey.yuv"
        layout = VideoFormat(64, 64)
        path.write_bytes(bytes([128]) * layout.bytes_per_picture)
        grey = VideoFile(path, layout, 1)
        graph = f"libvmaf=feature=name=psnr:log_path={_LOG}:log_fmt=json:n_threads=1"
        return _frames(run_filter(grey, grey, graph, _LOG), grey)[0]


@dataclass(frozen=True)
class Vmaf(Metric):
    """VMAF by one of libvmaf's built-in models, 0..100; the mean over pictures."""

    name: ClassVar[str] = "vmaf"

    model: str = "vmaf_v0.6.1"
    pool: str = "mean"

    @property
    def title(self) -> str:
        """`VMAF` or `VMAF-NEG`."""
        return "VMAF-NEG" if self.model.endswith("neg") else "VMAF"

    def extra_signature(self) -> list[str]:
        """The versions of libvmaf and of the program: figures move in the fourth decimal."""
        return [f"libvmaf:{libvmaf_version()}", f"ffmpeg:{program_version()}"]

    def unavailable(self) -> str:
        """The filter may be absent from another platform's program."""
        return missing_filter("libvmaf")

    def applies_to(self, video: VideoFormat) -> str:
        """Defined for Y'CbCr of 8, 10 or 12 bits with chroma."""
        return filter_refuses(video)

    def measure(self, original: VideoFile, decoded: Sequence[VideoFile]) -> list[Scores]:
        """Return one Scores for each decoded file.

        Raises:
            MetricError: a file unlike the original, or a program that fails.
        """
        graph = f"libvmaf=model='version={self.model}\\:name=score'"
        return [_measure(original, video, graph, "score") for video in decoded]


@dataclass(frozen=True)
class VmafFeature(Metric):
    """A feature of libvmaf under its own name: psnr_hvs, ciede, float_ssim or float_ms_ssim."""

    name: ClassVar[str] = "libvmaf-feature"

    feature: str = "psnr_hvs"
    pool: str = "mean"

    @property
    def title(self) -> str:
        """`libvmaf psnr_hvs`."""
        return f"libvmaf {self.feature}"

    def extra_signature(self) -> list[str]:
        """The versions of libvmaf and of the program."""
        return [f"libvmaf:{libvmaf_version()}", f"ffmpeg:{program_version()}"]

    def unavailable(self) -> str:
        """The filter may be absent from another platform's program."""
        return missing_filter("libvmaf")

    def applies_to(self, video: VideoFormat) -> str:
        """Defined for Y'CbCr of 8, 10 or 12 bits with chroma."""
        return filter_refuses(video)

    def measure(self, original: VideoFile, decoded: Sequence[VideoFile]) -> list[Scores]:
        """Return one Scores for each decoded file.

        Raises:
            MetricError: a file unlike the original, or a program that fails.
        """
        key = {"ciede": "ciede2000"}.get(self.feature, self.feature)
        graph = f"libvmaf=feature=name={self.feature}"
        return [_measure(original, video, graph, key) for video in decoded]


def filter_refuses(video: VideoFormat) -> str:
    """Return why ffmpeg's filters cannot take a format unconverted; empty when they can."""
    if not pixel_format(video) or len(video.plane_shapes) == 1:
        return "defined for Y'CbCr 4:2:0, 4:2:2 and 4:4:4 of 8, 10 or 12 bits"
    return ""


def _measure(original: VideoFile, decoded: VideoFile, graph: str, key: str) -> Scores:
    check_pair(original, decoded)
    options = f"{graph}:log_path={_LOG}:log_fmt=json:n_threads=1"
    _, frames = _frames(run_filter(original, decoded, options, _LOG), decoded)
    if len(frames) != decoded.frames or any(key not in frame for frame in frames):
        raise MetricError(
            f"{decoded.path}: libvmaf scored {len(frames)} pictures: shall be {decoded.frames}"
        )
    figures = tuple(float(frame[key]) for frame in frames)
    return Scores(math.fsum(figures) / len(figures), figures)


METRICS: dict[str, Metric] = {
    "vmaf": Vmaf(),
    "vmaf-neg": Vmaf("vmaf_v0.6.1neg"),
    "psnr-hvs-libvmaf": VmafFeature("psnr_hvs"),
    "ciede2000-libvmaf": VmafFeature("ciede"),
    "ssim-y-libvmaf": VmafFeature("float_ssim"),
    "ms-ssim-y-libvmaf": VmafFeature("float_ms_ssim"),
}

"""XPSNR: PSNR with errors weighted by local spatio-temporal activity, through the ffmpeg program.

Source: C. Helmrich et al., "XPSNR: a low-complexity extension of the perceptually weighted peak
signal-to-noise ratio for high-resolution video quality assessment", ICASSP 2020.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ctc.errors import MetricError
from ctc.metrics.base import Metric, Scores, VideoFile
from ctc.metrics.ffmpeg_program import missing_filter, program_version, run_filter
from ctc.metrics.pictures import check_pair
from ctc.metrics.vmaf import filter_refuses
from reference_sw.video.format import VideoFormat

_LOG = "xpsnr.log"
IDENTICAL = "infinite: every picture is identical to the original"


@dataclass(frozen=True)
class Xpsnr(Metric):
    """XPSNR of one plane, in dB; the sequence's figure is of the mean weighted error."""

    name: ClassVar[str] = "xpsnr"
    unit: ClassVar[str] = "dB"

    plane: str = "y"
    average: str = "of mean weighted MSE"

    @property
    def title(self) -> str:
        """`XPSNR Y`."""
        return f"XPSNR {self.plane.upper()}"

    def extra_signature(self) -> list[str]:
        """The filter is part of the program."""
        return [f"ffmpeg:{program_version()}"]

    def unavailable(self) -> str:
        """The filter may be absent from another platform's program."""
        return missing_filter("xpsnr")

    def applies_to(self, video: VideoFormat) -> str:
        """Defined for Y'CbCr of 8, 10 or 12 bits with chroma."""
        return filter_refuses(video)

    def measure(self, original: VideoFile, decoded: Sequence[VideoFile]) -> list[Scores]:
        """Return one Scores for each decoded file.

        Raises:
            MetricError: a file unlike the original, or a program that fails.
        """
        return [self._measure(original, video) for video in decoded]

    def _measure(self, original: VideoFile, decoded: VideoFile) -> Scores:
        check_pair(original, decoded)
        text = run_filter(original, decoded, f"xpsnr=stats_file={_LOG}", _LOG)
        figure = r"([\d.]+|inf)"
        pictures = re.findall(rf"^n: *\d+ .*XPSNR {self.plane}: *{figure}", text, re.MULTILINE)
        whole = re.search(rf"^XPSNR average.* {self.plane}: *{figure}", text, re.MULTILINE)
        if whole is None or len(pictures) != decoded.frames:
            raise MetricError(
                f"{decoded.path}: xpsnr scored {len(pictures)} pictures: shall be {decoded.frames}"
            )
        values = tuple(None if math.isinf(float(p)) else float(p) for p in pictures)
        total = float(whole.group(1))
        return Scores(None, values, IDENTICAL) if math.isinf(total) else Scores(total, values)


METRICS: dict[str, Metric] = {f"xpsnr-{plane}": Xpsnr(plane) for plane in "yuv"}

"""What FFmpeg says of a clip: pixel format, colour, frame rate."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import imageio_ffmpeg

from ctc.errors import SequenceError
from reference_sw.video.format import Matrix

TIMEOUT_S = 60.0
_PLANAR = re.compile(r"(?:yuvj?(?:420|422|444)p|gray)(?:(?:9|1[0-6])le)?")
_PLANAR_RGB = re.compile(r"gbrp(?:(?:9|1[0-6])le)?")
# Bytes of a pixel, and where in them R, G and B are.
PACKED_RGB = {
    "rgb24": (3, (0, 1, 2)),
    "bgr24": (3, (2, 1, 0)),
    "rgb0": (4, (0, 1, 2)),
    "bgr0": (4, (2, 1, 0)),
    "0rgb": (4, (1, 2, 3)),
    "0bgr": (4, (3, 2, 1)),
}
_MATRICES = {"bt709": Matrix.BT709, "smpte170m": Matrix.BT601, "bt470bg": Matrix.BT601}
_RATES = {"23.98": "24000/1001", "29.97": "30000/1001", "59.94": "60000/1001"}
HD_HEIGHT = 720


@dataclass(frozen=True)
class ClipInfo:
    """pixel_format: FFmpeg's name; matrix: as the file says, else the usual one."""

    pixel_format: str
    width: int
    height: int
    frame_rate: Fraction | None
    full_range: bool
    matrix: Matrix

    @property
    def is_rgb(self) -> bool:
        """Whether the samples are R, G, B."""
        return self.pixel_format in PACKED_RGB or self.pixel_format.startswith("gbrp")


def probe_clip(path: Path) -> ClipInfo:
    """Return what FFmpeg finds in the first video stream of `path`.

    Raises:
        SequenceError: no such file, no video, or a pixel format or matrix that cannot be taken
            over exactly.
    """
    if not path.is_file():
        raise SequenceError(f"{path}: no such file")
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-hide_banner", "-i", f"file:{path}"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired as problem:
        raise SequenceError(f"{path}: not opened within {TIMEOUT_S:.0f} s") from problem
    text = done.stderr.decode("utf-8", "replace")
    stream = re.search(r"^\s*Stream #\d+:\d+.*?: Video: (.*)$", text, re.MULTILINE)
    if stream is None:
        reason = (text.strip().splitlines() or ["no message"])[-1]
        raise SequenceError(f"{path}: holds no video that can be decoded: {reason[:200]}")
    return parse_stream(path, stream[1])


def parse_stream(path: Path, line: str) -> ClipInfo:
    """Return what the line says that FFmpeg prints after `Video:`.

    Raises:
        SequenceError: as probe_clip.
    """
    fields = re.split(r", (?![^()]*\))", line)
    if len(fields) < 3:
        raise SequenceError(f"{path}: unknown kind of video: {line[:100]}")
    pixel, _, details = fields[1].partition("(")
    if not (_PLANAR.fullmatch(pixel) or _PLANAR_RGB.fullmatch(pixel) or pixel in PACKED_RGB):
        raise SequenceError(
            f"{path}: pixel format {pixel[:30]} cannot be taken over exactly: "
            "shall be planar YCbCr, grey, or RGB without alpha"
        )
    size = next((m for f in fields[2:] if (m := re.match(r"(\d+)x(\d+)", f))), None)
    if size is None:
        raise SequenceError(f"{path}: the size of its pictures is unknown")
    words = set(re.split(r"[(),/ ]+", details))
    unknown = sorted(
        w for w in words if w.startswith(("bt2020", "ycgco", "smpte240", "fcc", "ictcp"))
    )
    if unknown:
        raise SequenceError(f"{path}: matrix {unknown[0]}: shall be BT.601 or BT.709")
    named = [_MATRICES[w] for w in _MATRICES if w in words]
    height = int(size[2])
    return ClipInfo(
        pixel_format=pixel,
        width=int(size[1]),
        height=height,
        frame_rate=_rate(fields),
        full_range="pc" in words or pixel.startswith("yuvj"),
        matrix=named[0] if named else usual_matrix(height),
    )


def usual_matrix(height: int) -> Matrix:
    """Return the matrix of video that does not state its own: BT.709 from 720 lines up."""
    return Matrix.BT709 if height >= HD_HEIGHT else Matrix.BT601


def _rate(fields: list[str]) -> Fraction | None:
    """Return the frame rate that is printed, else the rate of the time stamps."""
    for unit in ("fps", "tbr"):
        for field in fields:
            if match := re.fullmatch(rf"(\d+(?:\.\d+)?)(k?) {unit}", field.strip()):
                rate = Fraction(_RATES.get(match[1], match[1])) * (1000 if match[2] else 1)
                return rate if rate > 0 else None
    return None

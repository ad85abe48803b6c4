"""Decoding of losslessly coded originals to their own samples, with no conversion of any kind."""

from __future__ import annotations

import subprocess
from pathlib import Path

import imageio_ffmpeg

from ctc.errors import SequenceError
from reference_sw.video.format import ChromaFormat, ColourModel, VideoFormat

TIMEOUT_S = 600.0


def native_pixel_format(video: VideoFormat) -> str:
    """Return FFmpeg's name of the planar YCbCr format.

    Raises:
        SequenceError: RGB, which is not kept coded.
    """
    if video.colour is not ColourModel.YCBCR:
        raise SequenceError("a coded original shall be YCbCr")
    depth = "" if video.bit_depth == 8 else f"{video.bit_depth}le"
    if video.chroma_format is ChromaFormat.MONOCHROME:
        return f"gray{depth}"
    digits = video.chroma_format.value.replace(":", "")
    return f"yuv{digits}p{depth}"


def decode_lossless(coded: Path, video: VideoFormat, target: Path) -> None:
    """Write the pictures of `coded` to `target` as raw planar video of the stated format.

    The conversion filters of FFmpeg are switched off: another pixel format, or a picture of
    another size, is an error, never a silent conversion.

    Raises:
        SequenceError: it cannot be decoded to exactly this format.
    """
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(),
        *("-v", "error", "-nostdin", "-y", "-threads", "1", "-noauto_conversion_filters"),
        *("-noautorotate", "-i", f"file:{coded}", "-map", "0:v:0", "-fps_mode", "passthrough"),
        *("-pix_fmt", native_pixel_format(video), "-c:v", "rawvideo", "-f", "rawvideo"),
        f"file:{target}",
    ]
    try:
        done = subprocess.run(command, capture_output=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired as problem:
        raise SequenceError(f"{coded}: not decoded within {TIMEOUT_S:.0f} s") from problem
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise SequenceError(
            f"{coded}: cannot be decoded to {native_pixel_format(video)} without conversion: "
            f"{lines[0] if lines else 'no message'}"
        )

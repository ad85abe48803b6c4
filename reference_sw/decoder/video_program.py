"""Key pictures by a conventional decoder: the ffmpeg program, in a folder of its own.

Source: specification clause 5.4: the decoded samples are those of the key picture's own standard.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from reference_sw.bitstream.code_points import KeyPictureCodec
from reference_sw.decoder.errors import DecodingError
from reference_sw.video.format import Picture, VideoFormat
from reference_sw.video.raw import VideoReader

VARIABLE = "GVC_FFMPEG"
TIMEOUT_S = 60
MAX_OUTPUT_BYTES = 1 << 30
_DEMUXER = {KeyPictureCodec.VVC: "vvc", KeyPictureCodec.HEVC: "hevc"}


def video_program() -> Path:
    """Return the ffmpeg program: `GVC_FFMPEG` if set, else the one imageio-ffmpeg installs.

    Raises:
        DecodingError: there is none.
    """
    chosen = os.environ.get(VARIABLE)
    if chosen:
        if not Path(chosen).is_file():
            raise DecodingError(f"{VARIABLE}={chosen}: no such file")
        return Path(chosen)
    import imageio_ffmpeg

    try:
        return Path(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as problem:
        raise DecodingError(f"no ffmpeg program: {problem}; set {VARIABLE}") from problem


def run_video_program(arguments: list[str], what: str) -> None:
    """Run the program; raises DecodingError with the last line it said."""
    command = [str(video_program()), "-hide_banner", "-nostdin", "-loglevel", "error", *arguments]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as problem:
        raise DecodingError(f"{what}: not finished after {TIMEOUT_S} s") from problem
    except OSError as problem:
        raise DecodingError(f"{what}: {command[0]}: {problem.strerror}") from problem
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["no message"]
        raise DecodingError(f"{what}: exit code {done.returncode}: {said[-1][:200]}")


def decode_access_units(
    access_units: list[bytes], codec: KeyPictureCodec, video: VideoFormat
) -> Picture:
    """Return the last picture of a byte stream of one access unit a picture.

    Raises:
        DecodingError: the program fails, or gives other pictures than the parameter set says.
    """
    with tempfile.TemporaryDirectory(prefix="gvc-key-") as folder:
        source, target = Path(folder) / "key.bin", Path(folder) / "key.yuv"
        source.write_bytes(b"".join(access_units))
        arguments = ["-threads", "1", "-f", _DEMUXER[codec], "-i", str(source)]
        arguments += ["-fps_mode", "passthrough", "-fs", str(MAX_OUTPUT_BYTES)]
        run_video_program([*arguments, "-f", "rawvideo", str(target)], "key picture")
        expected = len(access_units) * video.bytes_per_picture
        size = target.stat().st_size if target.exists() else 0
        if size != expected:
            raise DecodingError(
                f"key picture: decoded to {size} bytes; {len(access_units)} pictures of "
                f"{video.width}x{video.height} {video.chroma_format.value} at {video.bit_depth} "
                f"bits are {expected}"
            )
        last = VideoReader(target, video, len(access_units)).picture(len(access_units) - 1)
        return Picture(tuple(plane.copy() for plane in last.planes))

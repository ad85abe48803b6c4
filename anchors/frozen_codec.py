"""The frozen-picture floor codec: the first picture as a VVC intra picture, repeated to the end.

A metric of single pictures may prefer one sharp picture to a moving but coarser video; a codec
that does nothing but that is the line which every other codec has to beat.

The bitstream decodes alone: `FRZN`, version (1 byte), width and height (2 bytes each), number of
pictures (4 bytes), all big endian, then one VVC access unit. Pictures are Y'CbCr 4:2:0 of 10 bits,
raw, little endian.

  python -m anchors.frozen_codec encode --input a.yuv --size 256x256 --frames 100 --qp 32 \\
    --output a.bin
  python -m anchors.frozen_codec decode --input a.bin --output b.yuv
"""

from __future__ import annotations

import argparse
import os
import struct
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

_HEADER = struct.Struct(">4sBHHI")
_MAGIC = b"FRZN"
_VERSION = 1
_MAX_SIDE = 8192
_MAX_OUTPUT = 1 << 40
_QP_RANGE = (0, 63)
_RAW = ["-f", "rawvideo", "-pixel_format", "yuv420p10le"]
_QUIET = ["-hide_banner", "-nostdin", "-loglevel", "error", "-y"]
_VVENC = "MCTF=0:BIM=0:SEIDecodedPictureHash=0"


class FrozenCodecError(Exception):
    """Input that cannot be encoded or decoded."""


def picture_bytes(width: int, height: int) -> int:
    """Return the size of one 10-bit 4:2:0 picture.

    >>> picture_bytes(256, 256)
    196608
    """
    return 2 * (width * height + 2 * ((width + 1) // 2) * ((height + 1) // 2))


def encode(source: Path, size: tuple[int, int], frames: int, qp: int, bitstream: Path) -> None:
    """Write the bitstream of a raw sequence: its first picture at `qp`, its size and length.

    Raises:
        FrozenCodecError: a source of another size, a value out of range, or a failing encoder.
    """
    width, height = size
    if not _QP_RANGE[0] <= qp <= _QP_RANGE[1]:
        raise FrozenCodecError(f"qp = {qp}: shall be in {_QP_RANGE[0]}..{_QP_RANGE[1]}")
    _check(width, height, frames)
    expected = frames * picture_bytes(width, height)
    if source.stat().st_size != expected:
        raise FrozenCodecError(
            f"{source}: {source.stat().st_size} bytes: shall be {expected} for {frames} pictures "
            f"of {width}x{height}, 4:2:0, 10 bits"
        )
    with tempfile.TemporaryDirectory() as folder:
        access_unit = Path(folder) / "picture.vvc"
        command = [*_QUIET, *_RAW, "-video_size", f"{width}x{height}", "-i", str(source)]
        command += ["-frames:v", "1", "-c:v", "libvvenc", "-threads", "1", "-preset", "slower"]
        command += ["-qp", str(qp), "-qpa", "0", "-vvenc-params", _VVENC, "-f", "vvc"]
        _run([*command, str(access_unit)])
        header = _HEADER.pack(_MAGIC, _VERSION, width, height, frames)
        bitstream.write_bytes(header + access_unit.read_bytes())


def decode(bitstream: Path, decoded: Path) -> None:
    """Write the pictures of a bitstream: one picture, as often as the sequence is long.

    Raises:
        FrozenCodecError: not such a bitstream, or its picture is not of the size it states.
    """
    data = bitstream.read_bytes()
    if len(data) < _HEADER.size:
        raise FrozenCodecError(f"{bitstream}: {len(data)} bytes: shall be at least {_HEADER.size}")
    magic, version, width, height, frames = _HEADER.unpack_from(data)
    if magic != _MAGIC or version != _VERSION:
        raise FrozenCodecError(f"{bitstream}: begins with {magic!r}, version {version}")
    _check(width, height, frames)
    with tempfile.TemporaryDirectory() as folder:
        access_unit, picture = Path(folder) / "picture.vvc", Path(folder) / "picture.yuv"
        access_unit.write_bytes(data[_HEADER.size :])
        command = [*_QUIET, "-threads", "1", "-f", "vvc", "-i", str(access_unit), "-frames:v", "1"]
        _run([*command, "-f", "rawvideo", str(picture)])
        samples = picture.read_bytes()
    if len(samples) != picture_bytes(width, height):
        raise FrozenCodecError(
            f"{bitstream}: its picture has {len(samples)} bytes: shall have "
            f"{picture_bytes(width, height)} for {width}x{height}"
        )
    with decoded.open("wb") as stream:
        for _ in range(frames):
            stream.write(samples)


def _check(width: int, height: int, frames: int) -> None:
    if not (1 <= width <= _MAX_SIDE and 1 <= height <= _MAX_SIDE):
        raise FrozenCodecError(f"size {width}x{height}: sides shall be in 1..{_MAX_SIDE}")
    if frames < 1 or frames * picture_bytes(width, height) > _MAX_OUTPUT:
        raise FrozenCodecError(
            f"{frames} pictures of {width}x{height}: shall be 1 to 1 TiB of them"
        )


def _run(arguments: list[str]) -> None:
    program = os.environ.get("CTC_FFMPEG", "")
    if not program:
        import imageio_ffmpeg

        program = imageio_ffmpeg.get_ffmpeg_exe()
    result = subprocess.run(
        [program, *arguments], capture_output=True, text=True, errors="replace", check=False
    )
    if result.returncode:
        last = (result.stderr.strip().splitlines() or ["no message"])[-1]
        raise FrozenCodecError(f"ffmpeg exited {result.returncode}: {last}")


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    return int(width), int(height)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="frozen_codec",
        description=(__doc__ or "").strip(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(dest="action", required=True)
    for action in ("encode", "decode"):
        sub = actions.add_parser(action)
        sub.add_argument("--input", type=Path, required=True)
        sub.add_argument("--output", type=Path, required=True)
        if action == "encode":
            sub.add_argument("--size", type=_size, required=True, metavar="WIDTHxHEIGHT")
            sub.add_argument("--frames", type=int, required=True)
            sub.add_argument("--qp", type=int, required=True)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Encode or decode; return the exit code."""
    args = _parser().parse_args(arguments)
    try:
        if args.action == "encode":
            encode(args.input, args.size, args.frames, args.qp, args.output)
        else:
            decode(args.input, args.output)
    except (FrozenCodecError, OSError) as problem:
        print(f"frozen_codec: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

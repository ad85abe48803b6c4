"""YUV4MPEG2 files: header, reading and writing.

Source: mjpegtools, yuv4mpeg(5); the chroma tags with bit depths are those FFmpeg writes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from reference_sw.video.chroma import ChromaSiting
from reference_sw.video.format import ChromaFormat, ColourModel, VideoFormat, VideoFormatError
from reference_sw.video.raw import VideoReader, VideoWriter, describe, file_size

MAGIC = b"YUV4MPEG2"
FRAME = b"FRAME"
# A header line longer than this is not a header; it bounds what is read of a hostile file.
MAX_HEADER_BYTES = 1024
MAX_SIZE = 1 << 16
MAX_RATE = 1 << 32

_EIGHT_BIT_420 = {
    "420": ChromaSiting.CENTRE,
    "420jpeg": ChromaSiting.CENTRE,
    "420mpeg2": ChromaSiting.LEFT,
    "420paldv": ChromaSiting.TOP_LEFT,
}
_TAG = re.compile(r"(420|422|444|mono)(?:(?<!mono)p|(?<=mono))(9|1[0-6])")
_CHROMA = {
    "420": ChromaFormat.C420,
    "422": ChromaFormat.C422,
    "444": ChromaFormat.C444,
    "mono": ChromaFormat.MONOCHROME,
}


@dataclass(frozen=True)
class Y4mHeader:
    """The first line: format, siting of 4:2:0 chroma, and its length in bytes with newline."""

    format: VideoFormat
    siting: ChromaSiting
    length: int


def read_header(path: Path) -> Y4mHeader:
    """Return the stream header of the file at `path`.

    Raises:
        VideoFormatError: not a Y4M file, or a parameter that is missing, malformed or unsupported.
    """
    file_size(path)
    with path.open("rb") as file:
        return parse_header(file.readline(MAX_HEADER_BYTES), str(path))


def parse_header(line: bytes, origin: str) -> Y4mHeader:
    """Return what a header line, with its newline, says; `origin` names the source in errors.

    Raises:
        VideoFormatError: as read_header.
    """
    if not line.startswith(MAGIC + b" "):
        raise VideoFormatError(f"{origin}: not a Y4M file: does not start with YUV4MPEG2")
    if not line.endswith(b"\n"):
        raise VideoFormatError(f"{origin}: Y4M header longer than {MAX_HEADER_BYTES} bytes")
    try:
        video, siting = _parse(line[:-1].decode("ascii").split(" ")[1:])
    except UnicodeDecodeError as problem:
        raise VideoFormatError(f"{origin}: Y4M header is not ASCII") from problem
    except VideoFormatError as problem:
        raise VideoFormatError(f"{origin}: Y4M header: {problem}") from problem
    return Y4mHeader(video, siting, len(line))


def _parse(words: list[str]) -> tuple[VideoFormat, ChromaSiting]:
    parameters: dict[str, str] = {}
    full_range = False
    for word in filter(None, words):
        if word[0] == "X":
            full_range |= word == "XCOLORRANGE=FULL"
        elif word[0] not in "WHFIAC":
            raise VideoFormatError(f"unknown parameter '{word[:40]}'")
        elif word[0] in parameters:
            raise VideoFormatError(f"parameter {word[0]} given twice")
        else:
            parameters[word[0]] = word[1:]
    if parameters.get("I", "p") not in ("p", "?"):
        raise VideoFormatError(f"interlacing I{parameters['I'][:20]}: shall be progressive (Ip)")
    chroma_format, bit_depth, siting = _chroma(parameters.get("C", "420jpeg"))
    video = VideoFormat(
        width=_size(parameters, "W"),
        height=_size(parameters, "H"),
        frame_rate=_rate(parameters),
        bit_depth=bit_depth,
        chroma_format=chroma_format,
        full_range=full_range,
    )
    return video, siting


def _size(parameters: dict[str, str], letter: str) -> int:
    text = parameters.get(letter)
    if text is None:
        raise VideoFormatError(f"no {letter} parameter")
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 1 <= int(text) <= MAX_SIZE:
        raise VideoFormatError(f"{letter}{text[:20]}: shall be in 1..{MAX_SIZE}")
    return int(text)


def _rate(parameters: dict[str, str]) -> Fraction:
    text = parameters.get("F")
    if text is None:
        raise VideoFormatError("no F parameter")
    match = re.fullmatch(r"([0-9]{1,10}):([0-9]{1,10})", text)
    if not match or not all(1 <= int(part) < MAX_RATE for part in match.groups()):
        raise VideoFormatError(f"F{text[:30]}: shall be two numbers above 0 such as F30000:1001")
    return Fraction(int(match[1]), int(match[2]))


def _chroma(tag: str) -> tuple[ChromaFormat, int, ChromaSiting]:
    if tag in _EIGHT_BIT_420:
        return ChromaFormat.C420, 8, _EIGHT_BIT_420[tag]
    if tag in _CHROMA:
        return _CHROMA[tag], 8, ChromaSiting.LEFT
    match = _TAG.fullmatch(tag)
    if not match:
        raise VideoFormatError(
            f"C{tag[:20]}: shall be 420, 420jpeg, 420mpeg2, 420paldv, 422, 444 or mono, "
            f"or one of 420, 422, 444, mono with a depth, as 420p10 or mono10"
        )
    return _CHROMA[match[1]], int(match[2]), ChromaSiting.LEFT


def format_header(video: VideoFormat, siting: ChromaSiting = ChromaSiting.LEFT) -> bytes:
    """Return the header line with its newline.

    Raises:
        VideoFormatError: RGB, which Y4M cannot carry.

    >>> format_header(VideoFormat(256, 256))
    b'YUV4MPEG2 W256 H256 F25:1 Ip A1:1 C420mpeg2 XCOLORRANGE=LIMITED\\n'
    """
    if video.colour is not ColourModel.YCBCR:
        raise VideoFormatError("Y4M carries YCbCr only, not RGB")
    rate = video.frame_rate
    colour_range = "FULL" if video.full_range else "LIMITED"
    line = (
        f"YUV4MPEG2 W{video.width} H{video.height} F{rate.numerator}:{rate.denominator} Ip A1:1 "
        f"C{_tag(video, siting)} XCOLORRANGE={colour_range}\n"
    )
    return line.encode("ascii")


def _tag(video: VideoFormat, siting: ChromaSiting) -> str:
    name = next(tag for tag, chroma in _CHROMA.items() if chroma is video.chroma_format)
    if video.bit_depth > 8:
        return f"{name}{video.bit_depth}" if name == "mono" else f"{name}p{video.bit_depth}"
    if video.chroma_format is ChromaFormat.C420:
        return next(
            t
            for t, place in reversed(list(_EIGHT_BIT_420.items()))
            if place is siting and t != "420"
        )
    return name


class Y4mReader(VideoReader):
    """Pictures of a Y4M file.

    Raises:
        VideoFormatError: as read_header; a frame header that is absent or malformed; a last
            picture that is cut short; no picture at all; not `frames` pictures if that is given.
    """

    def __init__(self, path: Path, frames: int | None = None) -> None:
        self.header = read_header(path)
        self.path = path
        self.format = self.header.format
        self._bytes = np.asarray(np.memmap(path, dtype=np.uint8, mode="r"))
        self._offsets = self._find_pictures()
        self._frames = len(self._offsets)
        if not self._frames:
            raise VideoFormatError(f"{path}: Y4M file without a picture")
        if frames is not None and frames != self._frames:
            raise VideoFormatError(f"{path}: {self._frames} pictures, {frames} expected")

    def _offset(self, index: int) -> int:
        return self._offsets[index]

    def _find_pictures(self) -> list[int]:
        offsets: list[int] = []
        position = self.header.length
        end = len(self._bytes)
        while position < end:
            head = self._bytes[position : position + MAX_HEADER_BYTES].tobytes()
            line, newline, _ = head.partition(b"\n")
            if not newline or not (line == FRAME or line.startswith(FRAME + b" ")):
                raise VideoFormatError(
                    f"{self.path}: no FRAME header at byte {position}, picture {len(offsets)}"
                )
            start = position + len(line) + 1
            position = start + self.format.bytes_per_picture
            if position > end:
                raise VideoFormatError(
                    f"{self.path}: picture {len(offsets)} is cut short: {end - start} of "
                    f"{self.format.bytes_per_picture} bytes of {describe(self.format)}"
                )
            offsets.append(start)
        return offsets


class Y4mWriter(VideoWriter):
    """Writer of a Y4M file; the file appears under its name only when complete."""

    def __init__(
        self, path: Path, video: VideoFormat, siting: ChromaSiting = ChromaSiting.LEFT
    ) -> None:
        header = format_header(video, siting)
        super().__init__(path, video)
        self._file.write(header)

    def _begin_picture(self) -> None:
        self._file.write(FRAME + b"\n")

"""What VTM's and HM's logs say of an encode: a cross-check of figures measured from files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ctc.errors import StageError

_NUMBER = r"(-?\d+(?:\.\d+)?|-?nan|-?inf)"
_PSNR = re.compile(rf"\[Y {_NUMBER} dB(?:\s+U {_NUMBER} dB\s+V {_NUMBER} dB)?\]")
_BITS = re.compile(r"\)\s+(\d+) bits")
_POC = re.compile(r"^POC\s+(-?\d+)\b")


@dataclass(frozen=True)
class PictureLog:
    """One coded picture: picture order count, bits, PSNR of its planes in dB."""

    poc: int
    bits: int
    psnr: tuple[float, ...]


@dataclass(frozen=True)
class EncoderLog:
    """One encode: version, pictures in coding order, and the summary row of all pictures.

    bitrate_kbps: kbit/s without SEI; psnr: means of picture PSNRs by column name, dB.
    """

    version: str
    pictures: tuple[PictureLog, ...]
    total_frames: int
    bitrate_kbps: float
    psnr: dict[str, float]

    @property
    def bits(self) -> int:
        """Bits of all pictures; SEI messages are not in it."""
        return sum(picture.bits for picture in self.pictures)


def read_pictures(text: str) -> tuple[PictureLog, ...]:
    """Return the POC lines of an encoder log; unknown bracket groups are passed over."""
    pictures = []
    for line in text.splitlines():
        head, bits, psnr = _POC.match(line), _BITS.search(line), _PSNR.search(line)
        if head and bits and psnr:
            values = tuple(float(value) for value in psnr.groups() if value is not None)
            pictures.append(PictureLog(int(head[1]), int(bits[1]), values))
    return tuple(pictures)


def read_summary(text: str) -> dict[str, float]:
    """Return the last summary row marked `a` (all pictures), by the names in its header.

    Raises:
        StageError: there is none: the encoder did not finish.
    """
    names: list[str] = []
    row: dict[str, float] = {}
    for line in text.splitlines():
        if "Total Frames |" in line:
            names = [
                name for name in re.split(r"[|\s]{1,}", line.replace("Total Frames", "")) if name
            ]
            continue
        parts = line.split()
        if names and len(parts) >= 2 and parts[1] == "a" and parts[0].isdigit():
            values = [float(value) for value in parts[2:]]
            row = {"Frames": float(parts[0]), **dict(zip(names, values, strict=False))}
    if not row:
        raise StageError("encoder log: no summary row; the encoder did not finish")
    return row


def read_encoder_log(text: str, banner: re.Pattern[str]) -> EncoderLog:
    """Return the log of one encode, whose version `banner` finds.

    Raises:
        StageError: no summary row.
    """
    summary = read_summary(text)
    version = banner.search(text)
    psnr = {name: value for name, value in summary.items() if name.endswith("-PSNR")}
    return EncoderLog(
        version[1] if version else "",
        read_pictures(text),
        int(summary["Frames"]),
        summary.get("Bitrate", float("nan")),
        psnr,
    )


def join_logs(logs: Sequence[EncoderLog]) -> EncoderLog:
    """Return the log of an encode from those of its segments, a single one as it is.

    The first picture of each segment but the first is the last of the one before, and left out.
    Means are taken over the pictures anew; there is then no bit rate.
    """
    if len(logs) == 1:
        return logs[0]
    pictures: list[PictureLog] = []
    first = 0
    for number, log in enumerate(logs):
        pictures += [replace(p, poc=first + p.poc) for p in log.pictures if p.poc or not number]
        first += log.total_frames - 1
    planes = zip(*(picture.psnr for picture in pictures), strict=False)
    means = [sum(plane) / len(pictures) for plane in planes]
    psnr = {f"{name}-PSNR": mean for name, mean in zip("YUV", means, strict=False)}
    return EncoderLog(logs[0].version, tuple(pictures), first + 1, float("nan"), psnr)


def differences(log: EncoderLog, file_bytes: int, frames: int) -> list[str]:
    """Say where the log disagrees with the file that was written; empty when it agrees.

    Rate is always taken from the file; the log leaves SEI messages out.
    """
    found = []
    if log.total_frames != frames or len(log.pictures) != frames:
        found.append(
            f"log: {log.total_frames} frames in the summary, {len(log.pictures)} POC lines; "
            f"expected {frames}"
        )
    if log.bits != 8 * file_bytes:
        found.append(f"log: {log.bits} bits in pictures; the file has {8 * file_bytes}")
    return found

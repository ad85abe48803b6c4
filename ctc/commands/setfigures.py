"""ctc setfigures: distances between the pictures of whole sets, originals against decoded."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ctc.metrics import VideoFile
    from reference_sw.video.format import VideoFormat

HELP = "Fréchet and kernel distance between a set of originals and a set of decoded files"
EXAMPLES = """examples:
  ctc setfigures --size 256x256 a.yuv=a_dec.yuv b.yuv=b_dec.yuv
  ctc setfigures --size 256x256 --rgb VOXCELEB_001.rgb=out_001.rgb ...

At least 2048 pictures, and 256 clips of 16 pictures for the video form; below, no figure is given.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument("pairs", nargs="+", metavar="ORIGINAL=DECODED", help="raw 8-bit files")
    parser.add_argument("--size", required=True, metavar="WIDTHxHEIGHT")
    parser.add_argument("--rgb", action="store_true", help="planar RGB 4:4:4; default is 4:2:0")


def run(args: argparse.Namespace) -> int:
    """Print each figure with its signature; 1 when one is withheld."""
    from ctc.metrics.set_figures import set_figures
    from ctc.set_names import NOT_AVAILABLE, SET_WARNING

    layout = _layout(args.size, args.rgb)
    figures = set_figures([_pair(text, layout) for text in args.pairs])
    print(f"warning: {SET_WARNING}")
    for figure in figures:
        value = f"{figure.value:.6f}" if figure.value is not None else f"absent: {figure.reason}"
        print(f"{figure.name:<26} {value}  ({figure.samples} samples)  {figure.signature}")
    for name, reason in NOT_AVAILABLE.items():
        print(f"{name:<26} not available: {reason}")
    return 1 if any(figure.value is None for figure in figures) else 0


def _layout(size: str, rgb: bool) -> VideoFormat:
    from ctc.errors import MetricError
    from reference_sw.video.format import ChromaFormat, ColourModel, VideoFormat, VideoFormatError

    width, _, height = size.partition("x")
    try:
        if rgb:
            chroma = ChromaFormat.C444
            return VideoFormat(
                int(width), int(height), chroma_format=chroma, colour=ColourModel.RGB
            )
        return VideoFormat(int(width), int(height))
    except (ValueError, VideoFormatError) as problem:
        raise MetricError(f"--size {size}: shall be WIDTHxHEIGHT, such as 256x256") from problem


def _pair(text: str, layout: VideoFormat) -> tuple[VideoFile, VideoFile]:
    from ctc.errors import MetricError

    original, divided, decoded = text.partition("=")
    if not divided or not original or not decoded:
        raise MetricError(f"'{text}': shall be ORIGINAL=DECODED")
    return _file(Path(original), layout), _file(Path(decoded), layout)


def _file(path: Path, layout: VideoFormat) -> VideoFile:
    from ctc.errors import MetricError
    from ctc.metrics import VideoFile

    try:
        return VideoFile(path, layout, max(1, path.stat().st_size // layout.bytes_per_picture))
    except OSError as problem:
        raise MetricError(f"{path}: cannot be read: {problem.strerror}") from problem

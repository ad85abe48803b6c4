"""ctc sequences: list the test sequences, verify them, import a clip."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from ctc.errors import SequenceError

if TYPE_CHECKING:
    from ctc.sequence_import import ImportRequest
    from ctc.sequences import Sequence
    from reference_sw.video.format import Picture, VideoFormat
    from reference_sw.video.resize import Crop

HELP = "list the test sequences, verify their md5s, import a clip of your own"
EXAMPLES = """examples:
  ctc sequences list
  ctc sequences list --class DEMO --json
  ctc sequences verify                       every sequence that is found
  ctc sequences verify Johnny --class DEMO   these, found or not
  ctc sequences import holiday.mp4 --crop 420,0,1080,1080 --size 256x256 --frames 125
  ctc sequences import clip.mov --name anna --class FACES --as rgb
  ctc sequences import raw.yuv --geometry 1920x1080 --frame-rate 30000/1001 --bit-depth 10
  ctc sequences import VOXCELEB_001_256x256_25_8bit_444.rgb   records the md5 of a listed sequence

folders searched: those of GVC_SEQUENCES, then CTC_HOME/sequences (default .ctc/sequences), then
GVC_DATA/sequences/test; each also in a subfolder of the class's name. Imports go to the second."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add list, verify and import with their options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    plain = argparse.RawDescriptionHelpFormatter
    listing = actions.add_parser("list", help="every sequence, and whether it is found")
    listing.add_argument("--class", dest="classes", action="append", default=[], metavar="CLASS")
    listing.add_argument("--json", action="store_true", help="print JSON instead of a table")
    verify = actions.add_parser("verify", help="check size and md5; render the demo sequences")
    verify.add_argument("names", nargs="*", metavar="SEQUENCE", help="default: all that are found")
    verify.add_argument("--class", dest="classes", action="append", default=[], metavar="CLASS")
    clip = actions.add_parser(
        "import", help="take a clip over exactly", epilog=EXAMPLES, formatter_class=plain
    )
    _add_import_arguments(clip)
    for sub in (listing, verify, clip):
        sub.add_argument("--sequences", type=Path, metavar="FILE", help="another sequences.yaml")


def _add_import_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("clip", type=Path, help="any video file, a Y4M file or a raw planar file")
    parser.add_argument("--name", default="", help="name of the sequence (default: the file's)")
    parser.add_argument("--class", dest="sequence_class", default="USER", help="default: USER")
    parser.add_argument("--crop", metavar="X,Y,W,H", help="rectangle in luma samples")
    parser.add_argument("--size", metavar="WxH", help="scale to this size after cropping")
    parser.add_argument("--filter", choices=["lanczos", "area"], default="lanczos")
    parser.add_argument("--start", type=int, default=0, metavar="N", help="first picture, from 0")
    parser.add_argument("--frames", type=int, metavar="N", help="number of pictures")
    parser.add_argument(
        "--as",
        dest="target",
        choices=["420", "420-10", "444", "rgb"],
        help="convert to this format (default: the clip's own)",
    )
    parser.add_argument("--replace", action="store_true", help="import a name of yours anew")
    parser.add_argument("--frame-rate", metavar="R", help="as 25 or 30000/1001, where not stated")
    parser.add_argument(
        "--matrix",
        choices=["bt601", "bt709"],
        help="of the clip, where it does not say (default: bt709 from 720 lines up, else bt601)",
    )
    parser.add_argument("--full-range", action="store_true", help="the clip's samples use 0..max")
    raw = parser.add_argument_group("raw planar files")
    raw.add_argument("--geometry", metavar="WxH", help="size of the pictures in the file")
    raw.add_argument("--bit-depth", type=int, default=8, metavar="B", help="8 to 16 (default: 8)")
    raw.add_argument(
        "--chroma-format", choices=["4:0:0", "4:2:0", "4:2:2", "4:4:4"], default="4:2:0"
    )
    raw.add_argument("--rgb", action="store_true", help="all R, all G, all B in each picture")


def run(args: argparse.Namespace) -> int:
    """Run one action; 1 when a sequence is wrong or missing."""
    return {"list": _list, "verify": _verify, "import": _import}[args.action](args)


def _list(args: argparse.Namespace) -> int:
    from ctc.sequence_list import load_sequences

    known = load_sequences(args.sequences)
    chosen = known.select(args.classes, []) if args.classes else known.sequences
    rows = [_row(sequence) for sequence in chosen]
    if args.json:
        print(json.dumps(rows, indent=2))
        return 0
    shown = [list(rows[0])] if rows else []
    shown += [[str(value) for value in row.values()] for row in rows]
    widths = [max(len(line[i]) for line in shown) for i in range(len(shown[0]))] if shown else []
    for line in shown:
        print("  ".join(v.ljust(w) for v, w in zip(line, widths, strict=True)).rstrip())
    return 0


def _row(sequence: Sequence) -> dict[str, str | int]:
    from ctc.sequence_folders import find_file
    from reference_sw.video.raw import describe

    if find_file(sequence) is not None:
        state = "found" if sequence.md5 else "found, md5 not recorded: import it"
    else:
        state = "rendered on first use" if sequence.storage == "generated" else "missing"
    return {
        "class": sequence.sequence_class,
        "name": sequence.name,
        "format": describe(sequence.format),
        "rate": str(sequence.format.frame_rate),
        "frames": sequence.frames,
        "md5": sequence.md5[:8] or "-",
        "state": state,
    }


def _verify(args: argparse.Namespace) -> int:
    import tempfile

    from tqdm import tqdm

    from ctc.sequence_folders import find_file
    from ctc.sequence_list import load_sequences
    from ctc.sources import whole_file

    known = load_sequences(args.sequences)
    named = bool(args.names or args.classes)
    chosen = known.select(args.classes, args.names)
    if not named:
        usable = (s for s in known.sequences if s.storage == "generated" or find_file(s))
        chosen = tuple(usable)
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for sequence in tqdm(chosen, unit="sequence", disable=None, leave=False):
            try:
                path = whole_file(sequence, Path(folder))
                tqdm.write(f"ok     {sequence.name}  {sequence.md5}")
                if path.parent == Path(folder):
                    path.unlink()
            except SequenceError as problem:
                wrong += 1
                tqdm.write(f"WRONG  {problem}")
    print(f"{len(chosen) - wrong} of {len(chosen)} sequences verified")
    return 1 if wrong else 0


def _import(args: argparse.Namespace) -> int:
    from tqdm import tqdm

    from ctc.sequence_import import import_sequence, make_derived
    from ctc.sequence_list import load_sequences
    from reference_sw.video.raw import describe

    def bar(pictures: Iterator[Picture], total: int | None) -> Iterator[Picture]:
        return iter(tqdm(pictures, total=total, unit="picture", disable=None, file=sys.stderr))

    known = load_sequences(args.sequences)
    sequence, path = import_sequence(_request(args), known, bar)
    for done, where in [(sequence, path), *make_derived(sequence, path, known, bar)]:
        print(f"{done.name}: {describe(done.format)}, {done.frames} pictures, {where}")
        print(f"md5 {done.md5}")
    return 0


def _request(args: argparse.Namespace) -> ImportRequest:
    from ctc.clip_decoding import Stated
    from ctc.sequence_import import ImportRequest
    from reference_sw.video.format import Matrix

    if args.start < 0 or (args.frames is not None and args.frames < 1):
        raise SequenceError("--start shall be at least 0 and --frames at least 1")
    return ImportRequest(
        clip=args.clip,
        name=args.name,
        sequence_class=args.sequence_class,
        stated=Stated(
            raw=_raw_format(args),
            frame_rate=_rate(args.frame_rate) if args.frame_rate else None,
            matrix=Matrix(args.matrix) if args.matrix else None,
            full_range=True if args.full_range else None,
        ),
        crop=_crop(args.crop) if args.crop else None,
        size=_size("--size", args.size) if args.size else None,
        method=args.filter,
        target=args.target,
        start=args.start,
        frames=args.frames,
        replace=args.replace,
    )


def _raw_format(args: argparse.Namespace) -> VideoFormat | None:
    from reference_sw.video.format import ChromaFormat, ColourModel, VideoFormat, VideoFormatError

    if args.geometry is None:
        return None
    if args.frame_rate is None:
        raise SequenceError("--geometry states a raw file, which needs --frame-rate too")
    width, height = _size("--geometry", args.geometry)
    try:
        return VideoFormat(
            width,
            height,
            _rate(args.frame_rate),
            args.bit_depth,
            ChromaFormat.C444 if args.rgb else ChromaFormat(args.chroma_format),
            ColourModel.RGB if args.rgb else ColourModel.YCBCR,
        )
    except VideoFormatError as problem:
        raise SequenceError(str(problem)) from problem


def _rate(text: str) -> Fraction:
    match = re.fullmatch(r"([1-9][0-9]{0,8})(?:/([1-9][0-9]{0,8}))?", text)
    if match is None:
        raise SequenceError(f"--frame-rate {text}: shall be as 25 or 30000/1001")
    return Fraction(int(match[1]), int(match[2] or 1))


def _size(option: str, text: str) -> tuple[int, int]:
    match = re.fullmatch(r"([1-9][0-9]{0,4})x([1-9][0-9]{0,4})", text)
    if match is None:
        raise SequenceError(f"{option} {text}: shall be WIDTHxHEIGHT, as 256x256")
    return int(match[1]), int(match[2])


def _crop(text: str) -> Crop:
    from reference_sw.video.resize import Crop

    match = re.fullmatch(r"(\d{1,5}),(\d{1,5}),(\d{1,5}),(\d{1,5})", text)
    if match is None:
        raise SequenceError(f"--crop {text}: shall be X,Y,WIDTH,HEIGHT, as 420,0,1080,1080")
    return Crop(*(int(part) for part in match.groups()))

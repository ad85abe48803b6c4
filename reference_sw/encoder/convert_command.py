"""gvc-convert: from the native carriage to SEI messages in VVC or HEVC, and back."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from reference_sw.bitstream.command_line import EXIT_CODES, EXIT_OK, read_input, run_command
from reference_sw.bitstream.native_stream import is_native
from reference_sw.bitstream.output_file import write_atomic
from reference_sw.bitstream.segment import MAX_PICTURES_PER_SEGMENT
from reference_sw.bitstream.sei_generation import GENERATION_NAMES, generation_of
from reference_sw.encoder.native_to_sei import native_to_sei
from reference_sw.encoder.sei_to_native import sei_to_native

PROGRAM = "gvc-convert"
EXAMPLES = f"""examples:
  gvc-convert face.gvc face.vvc                native to SEI messages; any VVC decoder plays the
                                               key pictures of face.vvc
  gvc-convert face.vvc face.gvc                back, with the same decoded parameters
  gvc-convert --pictures-per-segment 25 face.vvc face.gvc
                                               more pictures per segment: less overhead, more delay
  gvc-convert --frame-rate 30000/1001 vtm.bin out.gvc
                                               a stream of another encoder, which states no rate

The direction follows from the input. {EXIT_CODES}"""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of gvc-convert."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Convert a bitstream between the native and the SEI carriage.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("input", type=Path, help="the file to read")
    parser.add_argument("output", type=Path, help="the file to write, whole or not at all")
    parser.add_argument(
        "--sei-syntax",
        choices=sorted(GENERATION_NAMES),
        default="vtm-23.12",
        help="generation of the generative face video syntax (default: vtm-23.12)",
    )
    parser.add_argument(
        "--pictures-per-segment",
        type=_segment_size,
        default=1,
        metavar="N",
        help=f"to native: 1..{MAX_PICTURES_PER_SEGMENT} (default: 1)",
    )
    parser.add_argument(
        "--frame-rate",
        type=_frame_rate,
        default=Fraction(25),
        metavar="R",
        help="to native: rate of a stream that carries no native parameter set (default: 25)",
    )
    parser.add_argument(
        "--gfv-id", type=_gfv_id, default=0, metavar="ID", help="to SEI: gfv_id (default: 0)"
    )
    return parser


def _segment_size(text: str) -> int:
    return _integer(text, 1, MAX_PICTURES_PER_SEGMENT)


def _gfv_id(text: str) -> int:
    return _integer(text, 0, 2**32 - 2)


def _integer(text: str, low: int, high: int) -> int:
    if not text.isdecimal() or not low <= int(text) <= high:
        raise argparse.ArgumentTypeError(f"{text!r}: shall be in {low}..{high}")
    return int(text)


def _frame_rate(text: str) -> Fraction:
    try:
        rate = Fraction(text)
    except (ValueError, ZeroDivisionError) as problem:
        raise argparse.ArgumentTypeError(f"{text!r}: shall be like 25 or 30000/1001") from problem
    if not 0 < rate <= 1000 or rate.denominator > 1 << 20:
        raise argparse.ArgumentTypeError(f"{text!r}: shall be above 0 and at most 1000")
    return rate


def main(arguments: Sequence[str] | None = None) -> int:
    """Run gvc-convert and return its exit code."""
    args = build_parser().parse_args(arguments)
    return run_command(PROGRAM, args.input, lambda: _run(args))


def _run(args: argparse.Namespace) -> int:
    stream = read_input(args.input)
    generation = generation_of(args.sei_syntax)
    if is_native(stream):
        converted = native_to_sei(stream, generation, args.gfv_id)
    else:
        converted = sei_to_native(
            stream,
            generation=generation,
            pictures_per_segment=args.pictures_per_segment,
            frame_rate=args.frame_rate,
        )
    write_atomic(args.output, converted)
    print(f"{args.output}: {len(converted)} bytes (from {len(stream)})")
    return EXIT_OK


if __name__ == "__main__":
    sys.exit(main())

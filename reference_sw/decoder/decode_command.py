"""gvc-decode: from a generative bitstream to raw video."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.sei_generation import GENERATION_NAMES, SeiGeneration
from reference_sw.decoder.decoding import Decoder
from reference_sw.decoder.errors import DecodingError
from reference_sw.video.format import VideoFormatError
from reference_sw.video.raw import VideoWriter, describe
from reference_sw.video.y4m import Y4mWriter

MAX_STREAM_BYTES = 1 << 30
EXIT_OK, EXIT_FAILED = 0, 1

EXAMPLES = """examples:
  gvc-decode head.gvc -o head.yuv
  gvc-decode head.gvc -o head.y4m
  gvc-decode head.gvc -o head.yuv --model trained.safetensors
  gvc-decode head.vvc -o head.yuv     the same stream in the SEI carriage (gvc-convert)

The bitstream says all that is needed: size, format, frame rate, model. A picture hash in the
bitstream is compared; where it differs, nothing is written.

exit code: 0 decoded, 1 anything else (one line on stderr says what)"""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of gvc-decode."""
    parser = argparse.ArgumentParser(
        prog="gvc-decode",
        description="Decode a generative bitstream to raw planar video or Y4M.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("bitstream", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True, help=".y4m, or any other: raw")
    parser.add_argument("--model", type=Path, help="model file, where it is not a shipped one")
    parser.add_argument(
        "--sei-syntax",
        choices=sorted(GENERATION_NAMES),
        default="vtm-23.12",
        help="syntax of generative face video messages (default: vtm-23.12)",
    )
    parser.add_argument("--threads", type=int, default=0, help="CPU threads (default: all)")
    parser.add_argument("--quiet", action="store_true", help="no report on stderr")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Decode one bitstream; return the exit code."""
    args = build_parser().parse_args(arguments)
    if args.threads > 0:
        import torch

        torch.set_num_threads(args.threads)
    try:
        generation = GENERATION_NAMES[args.sei_syntax]
        report = decode_file(args.bitstream, args.output, args.model, generation)
    except (BitstreamError, DecodingError, VideoFormatError) as problem:
        print(f"gvc-decode: {args.bitstream}: {problem}", file=sys.stderr)
        return EXIT_FAILED
    except OSError as problem:
        print(f"gvc-decode: {problem.filename}: {problem.strerror}", file=sys.stderr)
        return EXIT_FAILED
    except KeyboardInterrupt:
        print("gvc-decode: interrupted; nothing written", file=sys.stderr)
        return 130
    if not args.quiet:
        print(report, file=sys.stderr)
    return EXIT_OK


def decode_file(
    bitstream: Path,
    output: Path,
    model: Path | None = None,
    generation: SeiGeneration = SeiGeneration.VTM_23_12,
) -> str:
    """Decode `bitstream` into `output`, whole or not at all; return one line that says what was.

    Raises:
        BitstreamError, DecodingError: the bitstream cannot be decoded.
        OSError: a file cannot be read or written.
    """
    if bitstream.stat().st_size > MAX_STREAM_BYTES:
        raise DecodingError(f"larger than {MAX_STREAM_BYTES} bytes")
    decoder = Decoder(model, generation)
    pictures = decoder.decode(bitstream.read_bytes())
    first = next(pictures, None)
    if first is None:
        raise DecodingError("no pictures")
    sequence = decoder.sequence
    video = sequence.gps.video_format
    kind = Y4mWriter if output.suffix == ".y4m" else VideoWriter
    with kind(output, video) as writer:
        writer.write(first)
        for picture in pictures:
            writer.write(picture)
    verified = sequence.hashes.verified
    hashes = f"{verified} picture hashes agree" if verified else "no picture hash in the bitstream"
    return f"{sequence.pictures} pictures of {describe(video)}; {hashes}"


if __name__ == "__main__":
    sys.exit(main())

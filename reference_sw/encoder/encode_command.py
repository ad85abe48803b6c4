"""gvc-encode: from raw video of a talking head to one generative bitstream."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Any

from tqdm import tqdm

from reference_sw.bitstream.code_points import HashScope, HashType, KeyPictureCodec
from reference_sw.bitstream.errors import BitstreamError
from reference_sw.decoder.errors import DecodingError
from reference_sw.decoder.model_store import ANALYSIS_SUFFIX, MODELS_FOLDER
from reference_sw.encoder.analysis_file import AnalysisError, AnalysisNetwork, load_detector
from reference_sw.encoder.errors import EncodingError
from reference_sw.encoder.face_encoder import EncodeReport, FaceEncoder
from reference_sw.encoder.key_encoder import KeyEncoder
from reference_sw.encoder.presets import PRESETS, Preset, preset, steps_for
from reference_sw.encoder.quantise import Steps
from reference_sw.encoder.settings import Settings
from reference_sw.encoder.source import Source
from reference_sw.encoder.vtm_program import VtmProgram
from reference_sw.network.errors import ModelError
from reference_sw.network.runtime import IntegerModel, load_model
from reference_sw.video.format import ChromaFormat, ColourModel, VideoFormat, VideoFormatError
from reference_sw.video.raw import VideoReader
from reference_sw.video.y4m import Y4mReader

DEFAULT_MODEL = "face-restored-20"
STEP_OPTIONS = {
    "points": "point-shift",
    "matrices": "matrix-shift",
    "features": "feature-shift",
}
EXIT_OK, EXIT_FAILED = 0, 1

EXAMPLES = """examples:
  gvc-encode head.y4m -o head.gvc --key-qp 37
  gvc-encode head.yuv --size 256x256 --frame-rate 25 -o head.gvc --key-qp 42 --report head.json
  gvc-encode head.rgb --size 256x256 --format rgb -o head.gvc --key-qp 32 --preset slow
  gvc-encode head.y4m -o head.gvc --model face-features-64
  gvc-encode head.y4m -o head.gvc --vtm VTM/bin/EncoderAppStatic VTM/cfg/encoder_intra_vtm.cfg

The bitstream holds all that the decoder needs. One pass; the structural delay is the larger of
--segment-pictures and the preset's lookahead (fast: none), and is printed.

exit code: 0 encoded, 1 anything else (one line on stderr says what)"""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of gvc-encode."""
    parser = argparse.ArgumentParser(
        prog="gvc-encode",
        description="Encode a talking-head sequence as key pictures and motion parameters.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_video(parser)
    add = parser.add_argument
    add("--key-qp", type=int, default=37, help="QP of key pictures, the rate point (default: 37)")
    add("--key-codec", default="vvc", choices=["vvc", "hevc"], help="of key pictures")
    add(
        "--vtm",
        nargs=2,
        type=Path,
        metavar=("PROGRAM", "CONFIG"),
        help="code key pictures with VTM: EncoderAppStatic and encoder_intra_vtm.cfg",
    )
    add("--preset", default="default", choices=list(PRESETS))
    add(
        "--segment-pictures",
        type=int,
        default=25,
        help="pictures a segment, 1 to 4096 (default: 25)",
    )
    for name, option in STEP_OPTIONS.items():
        add(f"--{option}", type=int, help=f"step 2^-N of {name} instead of the rate point's")
    add("--hash", default="md5", choices=["none", "md5", "crc", "checksum"])
    add("--hash-scope", default="stream", choices=["picture", "stream"])
    add(
        "--model",
        type=Path,
        help="model file, its analysis network beside it, or name of a shipped model",
    )
    add("--report", type=Path, help="write a JSON report: bytes by component, seconds by part")
    add("--quiet", action="store_true", help="no progress bar, no report on stderr")
    return parser


def _add_video(parser: argparse.ArgumentParser) -> None:
    """Input and output files, and the format of raw video."""
    add = parser.add_argument
    add("source", type=Path, help=".y4m, or raw planar video with --size")
    add("-o", "--output", type=Path, required=True)
    add("--size", help="WIDTHxHEIGHT of raw video")
    add("--frame-rate", type=Fraction, default=Fraction(25), help="of raw video (default: 25)")
    add("--bit-depth", type=int, default=8, help="of raw video (default: 8)")
    add("--format", default="420", choices=["400", "420", "422", "444", "rgb"], help="raw samples")


def main(arguments: Sequence[str] | None = None) -> int:
    """Encode one sequence; return the exit code."""
    args = build_parser().parse_args(arguments)
    try:
        line = _encode(args)
    except (
        AnalysisError,
        BitstreamError,
        DecodingError,
        EncodingError,
        ModelError,
        VideoFormatError,
    ) as problem:
        print(f"gvc-encode: {args.source}: {problem}", file=sys.stderr)
        return EXIT_FAILED
    except OSError as problem:
        print(f"gvc-encode: {problem.filename}: {problem.strerror}", file=sys.stderr)
        return EXIT_FAILED
    except KeyboardInterrupt:
        print("gvc-encode: interrupted; nothing written", file=sys.stderr)
        return 130
    if not args.quiet:
        print(line, file=sys.stderr)
    return EXIT_OK


def _encode(args: argparse.Namespace) -> str:
    source = Source(_reader(args))
    model, detector = load_networks(args.model)
    settings = settings_of(args, detector.coded)
    started = time.perf_counter()
    encoder = FaceEncoder(source, settings, model, detector)
    with tqdm(total=len(source), unit="picture", disable=args.quiet or None) as bar:
        stream = encoder.encode(lambda done: (bar.update(done), None)[1])
    _publish(args.output, stream)
    report = _report(encoder.report, settings, source, len(stream), time.perf_counter() - started)
    if args.report:
        _publish(args.report, (json.dumps(report, indent=2) + "\n").encode())
    return (
        f"{len(source)} pictures, {len(stream)} bytes, {report['bitrate_kbps']:.2f} kbit/s, "
        f"{report['pictures_per_second']:.1f} pictures/s, {len(report['key_pictures'])} key "
        f"pictures, delay {report['delay_pictures']} pictures"
    )


def _reader(args: argparse.Namespace) -> VideoReader:
    if args.source.suffix == ".y4m":
        return Y4mReader(args.source)
    if not args.size:
        raise EncodingError("raw video needs --size WIDTHxHEIGHT")
    width, _, height = args.size.partition("x")
    if not (width.isdigit() and height.isdigit()):
        raise EncodingError(f"--size {args.size}: shall be WIDTHxHEIGHT")
    rgb = args.format == "rgb"
    chroma = "4:4:4" if rgb else ":".join(args.format)
    video = VideoFormat(
        int(width),
        int(height),
        args.frame_rate,
        args.bit_depth,
        ChromaFormat(chroma),
        ColourModel.RGB if rgb else ColourModel.YCBCR,
    )
    return VideoReader(args.source, video)


def settings_of(args: argparse.Namespace, coded: tuple[str, ...]) -> Settings:
    """Return the settings that the options ask for; raises EncodingError.

    coded: the tensors that the model's family transmits.
    """
    if not 1 <= args.segment_pictures <= 4096:
        raise EncodingError(f"--segment-pictures {args.segment_pictures}: shall be in 1..4096")
    usual = dict(steps_for(args.key_qp, coded).shifts)
    for name, option in STEP_OPTIONS.items():
        shift = getattr(args, option.replace("-", "_"))
        if shift is None:
            continue
        if not 0 <= shift <= 16:
            raise EncodingError(f"--{option} {shift}: shall be in 0..16")
        if name not in usual:
            raise EncodingError(f"--{option} {shift}: this model has no {name}")
        usual[name] = shift
    chosen = preset(args.preset)
    return Settings(
        args.key_qp,
        Steps(usual),
        chosen,
        _key_encoder(args, chosen),
        args.segment_pictures,
        hash_type=HashType[args.hash.upper()],
        hash_scope=HashScope[args.hash_scope.upper()],
    )


def _key_encoder(args: argparse.Namespace, chosen: Preset) -> KeyEncoder:
    if args.vtm and args.key_codec != "vvc":
        raise EncodingError(f"--vtm codes VVC; --key-codec {args.key_codec} is another")
    vtm = VtmProgram(*args.vtm) if args.vtm else None
    return KeyEncoder(KeyPictureCodec[args.key_codec.upper()], chosen.key_preset, vtm)


def load_networks(model: Path | None) -> tuple[IntegerModel, AnalysisNetwork]:
    """Return the normative model and the analysis network that was trained with it.

    Raises:
        ModelError, AnalysisError: a file that is missing or not what it should be.
    """
    path = model or Path(DEFAULT_MODEL)
    shipped = MODELS_FOLDER / f"{path}.safetensors"
    if path.name == str(path) and not path.suffix and shipped.exists():
        path = shipped
    beside = path.with_name(path.stem + ANALYSIS_SUFFIX)
    return load_model(path), load_detector(beside)


def _report(
    report: EncodeReport, settings: Settings, source: Source, size: int, seconds: float
) -> dict[str, Any]:
    duration = len(source) / float(source.format.frame_rate)
    return {
        **asdict(report),
        "bytes": size,
        "bitrate_kbps": size * 8 / 1000 / duration,
        "wall_s": seconds,
        "pictures_per_second": len(source) / seconds,
        "delay_pictures": settings.delay_pictures,
        "preset": settings.preset.name,
        "key_qp": settings.key_qp,
        "step_shifts": dict(settings.steps.shifts),
    }


def _publish(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        part.write_bytes(data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())

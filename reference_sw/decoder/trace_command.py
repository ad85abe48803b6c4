"""gvc-trace: prints every syntax element of a bitstream."""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from reference_sw.bitstream.carriage import StreamReader, TracedUnit
from reference_sw.bitstream.command_line import EXIT_CODES, EXIT_OK, read_input, run_command
from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.gfv_state import FaceParameters
from reference_sw.bitstream.native_unit import NativeUnit
from reference_sw.bitstream.output_file import write_atomic
from reference_sw.bitstream.sei_generation import FRACTION_BITS, GENERATION_NAMES, generation_of
from reference_sw.bitstream.sei_message import SeiMessage, SeiState
from reference_sw.bitstream.sei_unit import SeiUnit
from reference_sw.decoder.parameter_reader import ParameterReader

PROGRAM = "gvc-trace"
EXAMPLES = f"""examples:
  gvc-trace face.gvc                      every element of a native stream
  gvc-trace --values face.gvc             and the parameters that the segments decode to
  gvc-trace --json face.gvc --out t.json  the same as JSON, written whole or not at all
  gvc-trace --parameters face.gvc         only decoded parameters, one line a picture: the output
                                          that the conformance streams' hashes are taken of
  gvc-trace --units face.vvc              only the NAL units of a VVC stream with SEI messages
  gvc-trace --sei-syntax vtm-23.9 old.vvc the older generation of the SEI syntax

columns: bit position in the unit (emulation prevention removed), name, descriptor, bits, value
{EXIT_CODES}"""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of gvc-trace."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Print every syntax element of a native, VVC or HEVC bitstream.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("bitstream", type=Path, help="the file to read")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--units", action="store_true", help="print units without their elements")
    parser.add_argument("--values", action="store_true", help="print decoded parameters too")
    parser.add_argument(
        "--parameters",
        action="store_true",
        help="print decoded parameters only, one line a picture",
    )
    parser.add_argument("--out", type=Path, help="write to this file instead of standard output")
    parser.add_argument(
        "--sei-syntax",
        choices=sorted(GENERATION_NAMES),
        default="vtm-23.12",
        help="generation of the generative face video syntax (default: vtm-23.12)",
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run gvc-trace and return its exit code."""
    args = build_parser().parse_args(arguments)
    return run_command(PROGRAM, args.bitstream, lambda: _run(args))


def _run(args: argparse.Namespace) -> int:
    stream = read_input(args.bitstream)
    reader = StreamReader(stream, SeiState(generation_of(args.sei_syntax)))
    if args.parameters:
        lines = parameter_lines(reader)
        if args.out is None:
            sys.stdout.write(lines)
        else:
            write_atomic(args.out, lines.encode())
        return EXIT_OK
    if args.out is None:
        _print(reader, args, sys.stdout)
    else:
        text = io.StringIO()
        _print(reader, args, text)
        write_atomic(args.out, text.getvalue().encode())
    return EXIT_OK


def parameter_lines(reader: StreamReader) -> str:
    """Return one line for each picture or message, exact integers throughout.

    Native: layer, picture index, 1 for a key picture, and the quantised values. Messages: payload
    type, gfv_id, gfv_cnt, then values in units of 2**-32.
    """
    native = ParameterReader()
    lines = []
    for unit in reader.units():
        if isinstance(unit.body, NativeUnit):
            for picture in native.follow(unit.body):
                numbers = [picture.layer, picture.picture_index, int(picture.key_picture)]
                lines.append(numbers + [int(v) for group in picture.values for v in group])
        elif isinstance(unit.body, SeiUnit):
            lines += [line for m in unit.body.messages if (line := _message_line(m)) is not None]
    return "".join(" ".join(map(str, line)) + "\n" for line in lines)


def _message_line(message: SeiMessage) -> list[int] | None:
    values = message.values
    if values is None:
        return None
    first = values.coordinates if isinstance(values, FaceParameters) else values.pupils
    return [message.payload_type, values.gfv_id, values.gfv_cnt, *first, *values.matrices]


def _print(reader: StreamReader, args: argparse.Namespace, out: TextIO) -> None:
    values = ParameterReader()
    units: list[dict[str, Any]] = []
    error = ""
    try:
        for unit in reader.units():
            decoded = _values(unit, values) if args.values else []
            if args.json:
                units.append(_as_json(unit, decoded, with_elements=not args.units))
            else:
                _print_unit(unit, decoded, out, with_elements=not args.units)
    except BitstreamError as problem:
        error = str(problem)
        raise
    finally:
        if args.json:
            document: dict[str, Any] = {"units": units}
            if error:
                document["error"] = error
            out.write(json.dumps(document, indent=1) + "\n")


def _print_unit(
    unit: TracedUnit, decoded: list[dict[str, Any]], out: TextIO, *, with_elements: bool
) -> None:
    place = unit.place
    out.write(
        f"unit {unit.number}  {unit.name}  layer {unit.layer}  byte {place.offset}  "
        f"size {place.size}\n"
    )
    if with_elements:
        out.writelines(entry.line() + "\n" for entry in unit.trace.entries)
    for row in decoded:
        text = "  ".join(f"{name} {value}" for name, value in row.items())
        out.write(f"          {text}\n")


def _as_json(
    unit: TracedUnit, decoded: list[dict[str, Any]], *, with_elements: bool
) -> dict[str, Any]:
    document: dict[str, Any] = {
        "unit": unit.number,
        "name": unit.name,
        "layer": unit.layer,
        "byte": unit.place.offset,
        "size": unit.place.size,
    }
    if with_elements:
        document["elements"] = [entry.as_json() for entry in unit.trace.entries]
    if decoded:
        document["values"] = decoded
    return document


def _values(unit: TracedUnit, reader: ParameterReader) -> list[dict[str, Any]]:
    if isinstance(unit.body, NativeUnit):
        return [
            {
                "picture": picture.picture_index,
                "key": picture.key_picture,
                "quantised": [group.tolist() for group in picture.values],
            }
            for picture in reader.follow(unit.body)
        ]
    if not isinstance(unit.body, SeiUnit):
        return []
    return [_message_values(message.values) for message in unit.body.messages if message.values]


def _message_values(values: Any) -> dict[str, Any]:
    scale = 1 << FRACTION_BITS
    shown = {"gfv_id": values.gfv_id, "gfv_cnt": values.gfv_cnt}
    if isinstance(values, FaceParameters):
        shown["coordinates"] = [v / scale for v in values.coordinates]
    else:
        shown["pupils"] = [v / scale for v in values.pupils]
    shown["matrices"] = [v / scale for v in values.matrices]
    return shown


if __name__ == "__main__":
    sys.exit(main())

"""gvc-probe: summary of a bitstream: geometry, pictures, bytes by component."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from reference_sw.bitstream.command_line import EXIT_CODES, EXIT_OK, read_input, run_command
from reference_sw.bitstream.sei_generation import GENERATION_NAMES, generation_of
from reference_sw.bitstream.sei_message import SeiState
from reference_sw.decoder.stream_summary import StreamSummary, summarise

PROGRAM = "gvc-probe"
EXAMPLES = f"""examples:
  gvc-probe face.gvc          geometry, pictures, codec family, bytes by component
  gvc-probe --json face.gvc   the same as JSON; `components` adds up to `size`

{EXIT_CODES}"""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of gvc-probe."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Summarise a native, VVC or HEVC bitstream.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("bitstream", type=Path, help="the file to read")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--components", action="store_true", help="print only the bytes by component, as JSON"
    )
    parser.add_argument(
        "--sei-syntax",
        choices=sorted(GENERATION_NAMES),
        default="vtm-23.12",
        help="generation of the generative face video syntax (default: vtm-23.12)",
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run gvc-probe and return its exit code."""
    args = build_parser().parse_args(arguments)
    return run_command(PROGRAM, args.bitstream, lambda: _run(args))


def _run(args: argparse.Namespace) -> int:
    state = SeiState(generation_of(args.sei_syntax))
    summary = summarise(read_input(args.bitstream), state)
    if args.components:
        print(json.dumps(summary.components))
    elif args.json:
        print(json.dumps(asdict(summary), indent=1))
    else:
        print("\n".join(_lines(summary)))
    return EXIT_OK


def _lines(summary: StreamSummary) -> list[str]:
    shown = {name: value for name, value in asdict(summary).items() if name != "components"}
    lines = []
    for name, value in shown.items():
        text = ", ".join(str(v) for v in value) if isinstance(value, list) else str(value)
        if text not in ("", "0"):
            lines.append(f"{name.replace('_', ' '):<18} {text}")
    lines.append("bytes by component")
    for name, count in summary.components.items():
        share = 100 * count / summary.size
        lines.append(f"  {name.replace('_', ' '):<16} {count:>10}  {share:5.1f} %")
    return lines


if __name__ == "__main__":
    sys.exit(main())

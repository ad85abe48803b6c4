"""ctc package: the archive that is submitted."""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = "gather bitstreams, md5 lists, logs, records and reports into one archive to submit"
EXAMPLES = """examples:
  ctc package reports/demo                           writes demo.zip
  ctc package reports/demo --codec acme --output JVET-X0001.zip

The campaign is checked first ('ctc check'). The same campaign gives the same bytes every time.
Whoever receives the archive runs 'ctc crosscheck ARCHIVE'."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument("folder", type=Path, help="folder of the campaign")
    parser.add_argument("--output", type=Path, help="archive to write (default: NAME.zip)")
    parser.add_argument("--store", type=Path, help="folder of the store (default: $CTC_HOME/store)")
    parser.add_argument(
        "--codec", action="append", default=[], help="bitstreams of this codec only; repeatable"
    )


def run(args: argparse.Namespace) -> int:
    """Write the archive; return the exit code."""
    from ctc.keys import file_sha256
    from ctc.package import package_campaign
    from ctc.store import default_store_root

    store = args.store or default_store_root()
    target = args.output or Path(f"{args.folder.resolve().name}.zip")
    manifest = package_campaign(args.folder, store / "artefacts", target, args.codec)
    print(f"{target}: {len(manifest.files)} files, {len(manifest.bitstreams)} bitstreams")
    print(f"sha256 {file_sha256(target)}")
    return 0

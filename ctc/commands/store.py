"""ctc store: what the store holds, and removing what is not needed or not sound."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ctc.store import Store
    from ctc.store_contents import Contents, StoredFile
    from ctc.store_garbage import Removal

HELP = "list, add up, verify and clear bitstreams and decoded files in the store"
EXAMPLES = """examples:
  ctc store du                                  how much there is, by campaign, codec, sequence
  ctc store ls --codec vtm-ldb --sequence Kimono
  ctc store gc --keep-size 50G                  what would go; nothing is removed
  ctc store gc --keep-size 50G --yes            remove it
  ctc store gc --older-than 30d --stage decode --yes
  ctc store verify                              hash everything again
  ctc store verify --remove                     and take out what is damaged

Only what can be made again is ever removed: bitstreams, decoded files, converted originals; the
least recently used first, never what a running campaign may need. Records stay, so a finished
stage stays finished: it runs again only if its file is needed for a stage that is not.

exit code: 0 done, 1 verify found damage, or gc could not remove enough, 2 wrong input"""

GROUPINGS = ("campaign", "codec", "sequence", "stage")
STAGES = ("encode", "decode", "source", "unknown")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the actions."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("ls", help="list files, last used first")
    listing.add_argument("--sort", choices=("used", "size"), default="used")
    listing.add_argument("--limit", type=int, metavar="N", help="the first N alone")
    summing = actions.add_parser("du", help="add up files")
    summing.add_argument("--by", choices=GROUPINGS, action="append", help="these tables alone")
    for action in (listing, summing):
        for name in ("campaign", "codec", "sequence"):
            action.add_argument(f"--{name}", action="append", default=[], metavar="NAME")
    clearing = actions.add_parser(
        "gc",
        help="remove what has not been used for longest; without --yes only say what would go",
    )
    clearing.add_argument("--keep-size", metavar="SIZE", help="what may stay, such as 50G")
    clearing.add_argument("--older-than", metavar="AGE", help="unused for longer, such as 30d")
    clearing.add_argument("--yes", action="store_true", help="remove; else nothing is removed")
    clearing.add_argument("--list", action="store_true", help="print every file")
    for action in (listing, summing, clearing):
        text = "encode (bitstreams), decode, source (converted originals), unknown (no record)"
        action.add_argument("--stage", action="append", choices=STAGES, default=[], help=text)
    checking = actions.add_parser("verify", help="hash every artefact, read every record")
    checking.add_argument(
        "--remove", action="store_true", help="take out what is damaged, so that it is made again"
    )
    for action in (listing, summing, clearing, checking):
        action.add_argument("--json", action="store_true", help="print JSON")
        action.add_argument("--store", type=Path, help="folder (default: $CTC_HOME/store)")


def run(args: argparse.Namespace) -> int:
    """Run one action; return the exit code."""
    from ctc.store import Store, default_store_root

    store = Store(args.store or default_store_root())
    actions = {"ls": _list, "du": _sum, "gc": _collect, "verify": _verify}
    code = actions[args.action](store, args)
    for line in store.drain_warnings():
        print(line, file=sys.stderr)
    return code


@contextmanager
def _told() -> Iterator[Callable[[str], None]]:
    """Show on a terminal what is being looked at."""
    from tqdm import tqdm

    with tqdm(bar_format="{desc}", leave=False, file=sys.stderr, disable=None) as line:
        yield line.set_description_str


def _contents(store: Store) -> Contents:
    from ctc.store_contents import store_contents

    with _told() as told:
        return store_contents(store, told)


def _wanted(contents: Contents, args: argparse.Namespace) -> list[StoredFile]:
    """Return the files that the options choose; a name that no file has is refused."""
    from ctc.errors import StoreError, near_miss
    from ctc.store_tables import GROUPS

    files = contents.files
    for group in ("campaign", "codec", "sequence", "stage"):
        names: list[str] = getattr(args, group)
        known = {name for file in contents.files for name in GROUPS[group](file)}
        for name in names:
            if name not in known and group != "stage":
                missed = near_miss(name, known)
                raise StoreError(f"nothing in the store is of {group} '{name}'{missed}")
        if names:
            files = [file for file in files if set(GROUPS[group](file)) & set(names)]
    return files


def _list(store: Store, args: argparse.Namespace) -> int:
    from ctc.store_tables import file_json, file_lines, size_text

    contents = _contents(store)
    files = _wanted(contents, args)
    files.sort(key=lambda f: (-f.used if args.sort == "used" else -f.bytes, str(f.path)))
    shown = files[: args.limit]
    if args.json:
        _print_json({"now": contents.now, "files": [file_json(file) for file in shown]})
        return 0
    print("\n".join(file_lines(shown, contents.now)))
    total = size_text(sum(file.bytes for file in files))
    left = f", {len(files) - len(shown)} not shown" if len(shown) < len(files) else ""
    print(f"{len(files)} files, {total}{left}")
    return 0


def _sum(store: Store, args: argparse.Namespace) -> int:
    from ctc.store_tables import group_lines, grouped, part_json, part_lines

    contents = _contents(store)
    files = _wanted(contents, args)
    groups = args.by or GROUPINGS
    if args.json:
        tables = {
            group: {name: part_json(part) for name, part in grouped(files, group).items()}
            for group in groups
        }
        parts = {name: part_json(part) for name, part in contents.parts.items()}
        _print_json({"store": str(store.root), "parts": parts, "by": tables})
        return 0
    print(f"{store.root}\n")
    if not args.by:
        print("\n".join(part_lines(contents)) + "\n")
    print("\n\n".join("\n".join(group_lines(files, group)) for group in groups))
    if contents.strangers:
        print(f"\n{len(contents.strangers)} files are no artefacts; 'ctc store verify' names them")
    return 0


def _collect(store: Store, args: argparse.Namespace) -> int:
    from ctc.errors import StoreError
    from ctc.store_garbage import Limits, choose, parse_age, parse_size

    if args.keep_size is None and args.older_than is None:
        raise StoreError("ctc store gc: give --keep-size, --older-than, or both")
    limits = Limits(
        None if args.keep_size is None else parse_size(args.keep_size),
        None if args.older_than is None else parse_age(args.older_than),
        tuple(args.stage),
    )
    if not args.yes:
        contents = _contents(store)
        return _say_removal(choose(contents, limits), contents, [], args)
    with store.use.collection() as ours:
        if not ours:
            raise StoreError(f"{store.root}: garbage is being collected by another process")
        contents = _contents(store)
        removal = choose(contents, limits)
        problems = _remove(removal)
    return _say_removal(removal, contents, problems, args)


def _remove(removal: Removal) -> list[str]:
    from tqdm import tqdm

    from ctc.store_garbage import remove

    total = len(removal.chosen)
    with tqdm(total=total, unit="file", leave=False, file=sys.stderr, disable=None) as bar:
        return remove(removal, lambda _: bar.update())


def _say_removal(
    removal: Removal, contents: Contents, problems: list[str], args: argparse.Namespace
) -> int:
    from ctc.store_tables import file_json, file_lines, removal_lines

    if args.json:
        values = {
            "removed": args.yes,
            "bytes": sum(file.bytes for file in removal.chosen),
            "over": removal.over,
            "problems": problems,
            "files": [file_json(file) for file in removal.chosen],
            "in_use": [file_json(file) for file in removal.in_use],
        }
        _print_json(values)
    else:
        if args.list and removal.chosen:
            print("\n".join(file_lines(removal.chosen, contents.now)) + "\n")
        print("\n".join([*removal_lines(removal, args.yes), *problems]))
        if not args.yes:
            print("nothing has been removed; --yes removes")
    return int(removal.over > 0 or bool(problems))


def _verify(store: Store, args: argparse.Namespace) -> int:
    from tqdm import tqdm

    from ctc.store_tables import verified_json, verified_lines
    from ctc.store_verify import Verification, verified_bytes

    with tqdm(
        total=verified_bytes(store), unit="B", unit_scale=True, file=sys.stderr, disable=None
    ) as bar:
        result = Verification(store, args.remove, bar.update).run()
    if args.json:
        _print_json(verified_json(result))
    else:
        print("\n".join(verified_lines(result, args.remove)))
    return int(bool(result.findings))


def _print_json(values: dict[str, Any]) -> None:
    print(json.dumps(values, indent=1))

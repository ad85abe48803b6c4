"""The program ctc: one file of ctc/commands per verb."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
from collections.abc import Sequence
from types import ModuleType

import ctc.commands
from ctc.errors import CtcError

EXIT_OK = 0
EXIT_FAILURES = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130


def command_modules() -> dict[str, ModuleType]:
    """Return the modules of ctc/commands by verb: HELP, add_arguments(parser), run(args)."""
    names = sorted(module.name for module in pkgutil.iter_modules(ctc.commands.__path__))
    modules = {name: importlib.import_module(f"ctc.commands.{name}") for name in names}
    return {name.rstrip("_"): module for name, module in modules.items()}


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of every verb."""
    parser = argparse.ArgumentParser(
        prog="ctc", description="Run a test campaign, compare codecs, write reports."
    )
    verbs = parser.add_subparsers(dest="verb", metavar="COMMAND", required=True)
    for verb, module in command_modules().items():
        sub = verbs.add_parser(
            verb,
            help=module.HELP,
            description=module.HELP,
            epilog=getattr(module, "EXAMPLES", None),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(sub)
        sub.set_defaults(run=module.run)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code: 0 done, 1 something failed, 2 wrong input."""
    parsed = build_parser().parse_args(arguments)
    try:
        return int(parsed.run(parsed))
    except CtcError as problem:
        print(f"ctc: {problem}", file=sys.stderr)
        return EXIT_USAGE
    except BrokenPipeError:
        sys.stderr.close()
        return EXIT_OK
    except OSError as problem:  # a disk or mount failed where no stage was to blame
        where = f"{problem.filename}: " if problem.filename else ""
        print(f"ctc: {where}{problem.strerror or problem}", file=sys.stderr)
        return EXIT_FAILURES
    except KeyboardInterrupt:
        print("ctc: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())

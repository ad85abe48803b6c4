"""What a card alone may make this machine's own programs do: a card is data, not a script.

A program that comes with a card may be anything; isolation bounds it. A program that is on the
machine anyway (found in PATH, by a variable, ffmpeg, python) is more trusted than the card, so the
card may neither pick one that runs what it is told, nor hand it paths other than placeholders.
Source: docs/security.md, threats T1 to T3.
"""

from __future__ import annotations

import re
from pathlib import Path

from ctc.card import ProgramCard
from ctc.errors import CardError
from ctc.sequence_folders import HOME_VARIABLE, SEQUENCES_VARIABLE, ctc_home, search_folders

_WORDS = """
sh ash bash dash fish csh tcsh ksh mksh zsh busybox toybox env xargs find awk gawk mawk nawk
sed perl ruby lua luajit node nodejs php python pypy rscript tclsh wish guile expect make
cmake ninja sudo su doas nohup nice timeout time setsid unshare nsenter chroot flock script
watch stdbuf ssh scp sftp rsync curl wget nc ncat netcat socat telnet tar cpio dd cp mv ln
rm install tee git vi vim view ed ex emacs less more man gdb strace ltrace ld java julia
"""
INTERPRETERS = frozenset(_WORDS.split())
LOADER = re.compile(r"ld[-.].*\.so.*|ld\.so.*")
VERSION = re.compile(r"[-.]?[0-9][0-9.]*$")
PATH_IN_TEXT = re.compile(r"(?:^|[=:,;|@'\"\s(])(?:/|~|file:|\.\.(?:/|$))|/\.\.(?:/|$)")
NOT_FOR_FILES = frozenset(
    ["HOME", "PWD", "OLDPWD", "TMPDIR", "PATH", "XDG_RUNTIME_DIR", HOME_VARIABLE]
    + [SEQUENCES_VARIABLE]
)
LOADER_VARIABLES = re.compile(r"LD_.*|PYTHON.*|BASH_ENV|ENV|IFS|FFREPORT|GCONV_PATH|PATH|HOME")
VIDEO_SUFFIXES = frozenset([".yuv", ".rgb", ".y4m", ".raw", ".mp4", ".mkv", ".avi", ".mov"])


def check_program(card_path: Path, card: ProgramCard, found: Path) -> None:
    """Check a program that was found for a card, with what the card would have it do.

    Raises:
        CardError: it runs what it is told, or is handed a path that is no placeholder.
    """
    if card.program == "python":
        _check_python(card_path, card)
    real = found.resolve()
    if card.program != "python" and real.is_relative_to(card_path.parent.resolve()):
        return
    name = VERSION.sub("", real.name.lower())
    if card.program != "python" and (name in INTERPRETERS or LOADER.fullmatch(real.name)):
        raise CardError(
            f"{card_path.name}: program '{card.program}' is {real}, which runs what it is told: "
            "a card shall name a codec; a script goes beside the card, as its program"
        )
    for text in (*card.arguments, *card.environment.values()):
        if PATH_IN_TEXT.search(text):
            raise CardError(
                f"{card_path.name}: '{text}' leads {found.name} to a path of this machine: "
                "paths shall be placeholders, or files listed under 'files'"
            )
    for name in card.environment:
        if LOADER_VARIABLES.fullmatch(name):
            raise CardError(
                f"{card_path.name}: environment: {name} changes what {found.name} runs or writes: "
                "it may be set only for a program beside the card"
            )


def _check_python(card_path: Path, card: ProgramCard) -> None:
    first, second = [*card.arguments, "", ""][:2]
    named = any(second == module or second.startswith(f"{module}.") for module in card.modules)
    if not (first == "-m" and named) and first.strip("{}") not in card.files:
        raise CardError(
            f"{card_path.name}: python: arguments begin with '{first} {second}': shall be -m and "
            "a module listed under 'modules', or a file listed under 'files'"
        )


def check_file_name(card_path: Path, value: str) -> None:
    """Check the path under which a card names a file of its own.

    Raises:
        CardError: it leads out of the folder that it is relative to.
    """
    variable = value[1:].partition("/")[0] if value.startswith("$") else ""
    if value.startswith(("/", "~")) or ".." in Path(value).parts:
        raise CardError(f"{card_path.name}: file '{value}': shall be below the card's folder")
    if variable in NOT_FOR_FILES:
        raise CardError(
            f"{card_path.name}: file '{value}': {variable} is no folder of a codec; "
            "name a variable of the codec's own"
        )


def check_file(card_path: Path, value: str, found: Path) -> None:
    """Check a file of a card's own that was found.

    Raises:
        CardError: it is an original, or what was made of one.
    """
    real = found.resolve()
    secret = [folder.resolve() for folder in (*search_folders(), ctc_home())]
    video = real.suffix.lower() in VIDEO_SUFFIXES
    if video and any(real.is_relative_to(folder) for folder in secret):
        raise CardError(f"{card_path.name}: file '{value}' is a test sequence: {real}")
    if real.is_relative_to(ctc_home().resolve() / "store"):
        raise CardError(f"{card_path.name}: file '{value}' is in the store: {real}")

"""What of a card is found on this machine: programs, version, digest."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ctc.card import Card
from ctc.errors import CardError
from ctc.isolation import (
    MIB,
    Limits,
    confined_environment,
    confinement,
    effective_level,
    isolation_from,
    kernel_limits,
)
from ctc.process import SUPERVISOR, Command, LauncherError, program_environment
from ctc.program import Program, resolve_program
from ctc.registry import LoadedCard

_VERSION_TIMEOUT_S = 20.0
_VERSION_TEXT = 1 << 16
_PATTERN_TIMEOUT_S = 10.0
_SEARCH = (
    "import re, sys; f = re.search(sys.argv[1], sys.stdin.read()); print(f[1] if f else '', end='')"
)
_answers: dict[tuple[str, Path, tuple[str, ...]], str] = {}


@dataclass(frozen=True)
class CardState:
    """One card on this machine; `problem` says what is missing and what to do."""

    name: str
    title: str
    path: str
    rate_points: tuple[str, ...]
    usable: bool
    problem: str
    version: str
    digest: str

    def as_dict(self) -> dict[str, Any]:
        """The fields as plain data for JSON."""
        return asdict(self)


def inspect_card(loaded: LoadedCard) -> CardState:
    """Return what is found of a card; never raises for a codec that is merely absent."""
    card = loaded.card
    version, digest, problem = "", "", ""
    try:
        encoder = resolve_program(loaded.path, card.encoder)
        decoder = resolve_program(loaded.path, card.decoder)
        digest = codec_digest(encoder, decoder)
        version = program_version(card, encoder)
    except CardError as fault:
        problem = str(fault).removeprefix(f"{loaded.path.name}: ")
    return CardState(
        card.name,
        card.title,
        str(loaded.path),
        card.rate_points.labels,
        not problem,
        problem,
        version,
        digest,
    )


def codec_digest(encoder: Program, decoder: Program) -> str:
    """Return one sha256 for both programs with their arguments."""
    parts = [encoder.digest, *encoder.arguments, decoder.digest, *decoder.arguments]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def program_version(card: Card, encoder: Program) -> str:
    """Return the version the encoder reports, or an empty string where the card asks for none.

    Raises:
        CardError: it reports none, or another than the card pins.
    """
    if card.encoder.program == "ffmpeg":
        said = _said(encoder, ("-version",)).partition("\n")[0].partition(" Copyright")[0]
        return said.removeprefix("ffmpeg version ")
    if card.version is None:
        return ""
    said = _said(encoder, tuple(card.version.arguments))[:_VERSION_TEXT]
    found = _search(card, encoder, said)
    if not found:
        raise CardError(f"{card.name}: {encoder.path} does not report its version")
    pinned = card.version.pinned
    if pinned is not None and found != pinned:
        raise CardError(f"{card.name}: {encoder.path} is version {found}; the card pins {pinned}")
    return found


def _search(card: Card, encoder: Program, said: str) -> str:
    """Return the group that the card's pattern finds; of a stranger's, in a process with an end.

    A pattern can be written so that it takes years.
    """
    pattern = "" if card.version is None else card.version.pattern
    try:
        compiled = re.compile(pattern)
        if compiled.groups != 1:
            raise CardError(f"{card.name}: version: pattern '{pattern}': shall have one group")
        if encoder.trusted:
            found = compiled.search(said)
            return found[1] if found else ""
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _SEARCH, pattern],
            input=said,
            capture_output=True,
            encoding="utf-8",
            timeout=_PATTERN_TIMEOUT_S,
            check=False,
        )
    except (re.error, RecursionError) as problem:
        raise CardError(f"{card.name}: version: pattern '{pattern}': {problem}") from problem
    except subprocess.TimeoutExpired:
        raise CardError(f"{card.name}: version: pattern '{pattern}': takes too long") from None
    return done.stdout


def _said(program: Program, arguments: tuple[str, ...]) -> str:
    """Return what a program prints, run as isolated as the programs of stages."""
    known = (program.digest, program.path, arguments)
    if known not in _answers:
        _answers[known] = _ask(program, arguments)
    return _answers[known]


def _ask(program: Program, arguments: tuple[str, ...]) -> str:
    with tempfile.TemporaryDirectory(prefix="ctc-") as folder:
        work = Path(folder)
        (work / "run").mkdir()
        level = effective_level(isolation_from().level)
        watched = Limits(disk_bytes=MIB, log_bytes=MIB).watched(0)
        environment = program_environment(1, program.environment, work / "run")
        confined_environment(level, program, environment)
        log = work / "said"
        command = Command(
            (str(program.path), *arguments),
            work / "run",
            log,
            work / "errors",
            environment,
            _VERSION_TIMEOUT_S,
            kernel_limits(watched),
            confinement(level, program, work),
            watched,
        )
        try:
            result = SUPERVISOR.run(command)
        except LauncherError as problem:
            raise CardError(f"{program.path}: cannot be asked for its version: {problem}") from None
        if result.error or result.stopped:
            raise CardError(f"{program.path}: cannot be asked for its version: {result.failure}")
        said = log.read_bytes() + (work / "errors").read_bytes()
    return said.decode(errors="replace")

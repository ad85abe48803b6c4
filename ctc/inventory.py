"""What of a card is found on this machine: programs, version, digest."""

from __future__ import annotations

import hashlib
import re
import subprocess
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from ctc.card import Card
from ctc.errors import CardError
from ctc.program import Program, resolve_program
from ctc.registry import LoadedCard

_VERSION_TIMEOUT_S = 20


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
        return _first_line(str(encoder.path), ("-version",)).removeprefix("ffmpeg version ")
    if card.version is None:
        return ""
    found = re.search(
        card.version.pattern, _output(str(encoder.path), tuple(card.version.arguments))
    )
    if not found:
        raise CardError(f"{card.name}: {encoder.path} does not report its version")
    pinned = card.version.pinned
    if pinned is not None and found[1] != pinned:
        raise CardError(
            f"{card.name}: {encoder.path} is version {found[1]}; the card pins {pinned}"
        )
    return found[1]


@lru_cache(maxsize=64)
def _output(path: str, arguments: tuple[str, ...]) -> str:
    try:
        done = subprocess.run(
            [path, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_VERSION_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise CardError(f"{path}: cannot be asked for its version: {problem}") from problem
    return done.stdout.decode(errors="replace")


def _first_line(path: str, arguments: tuple[str, ...]) -> str:
    return _output(path, arguments).partition("\n")[0].partition(" Copyright")[0]

"""A card as a campaign uses it: identity for the lock, programs for running."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ctc.campaign_lock import LockedCard, LockedProgram
from ctc.card import Card, ProgramCard
from ctc.errors import CardError
from ctc.inventory import codec_digest, program_version
from ctc.program import Program, resolve_program
from ctc.registry import LoadedCard


@dataclass(frozen=True)
class Programs:
    """The programs of a card as found on this machine."""

    encoder: Program
    decoder: Program
    components: Program | None


@dataclass(frozen=True)
class PlannedCard:
    """A card in a campaign; programs is None when it cannot run here."""

    locked: LockedCard
    card: Card | None
    programs: Programs | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """The card's own rate points."""
        return () if self.card is None else self.card.rate_points.labels


def plan_card(loaded: LoadedCard) -> PlannedCard:
    """Return the card with what is found of it here; an absent program is a fault, not an error."""
    card = loaded.card
    try:
        programs = Programs(
            _program(loaded, card.encoder),
            _program(loaded, card.decoder),
            None if card.components is None else _program(loaded, card.components),
        )
        version = program_version(card, programs.encoder)
    except CardError as problem:
        return PlannedCard(_locked(loaded, None, "", str(problem)), card)
    return PlannedCard(_locked(loaded, programs, version, ""), card, programs)


def _program(loaded: LoadedCard, program: ProgramCard) -> Program:
    return resolve_program(loaded.path, program)


def _locked(loaded: LoadedCard, programs: Programs | None, version: str, fault: str) -> LockedCard:
    card = loaded.card
    identity = LockedCard(
        title=card.title,
        path=str(loaded.path),
        version=version,
        fault=fault,
        input=card.input,
        output=card.output,
        complexity=card.complexity,
    )
    if programs is None:
        return identity
    components = programs.components
    return identity.model_copy(
        update={
            "digest": codec_digest(programs.encoder, programs.decoder),
            "encoder": locked_program(programs.encoder, card.encoder),
            "decoder": locked_program(programs.decoder, card.decoder),
            "components": None
            if components is None or card.components is None
            else locked_program(components, card.components),
        }
    )


def locked_program(program: Program, card: ProgramCard) -> LockedProgram:
    """What enters keys: the card's own environment, not the paths added to find its modules."""
    return LockedProgram(
        digest=program.digest, arguments=list(program.arguments), environment=card.environment
    )


def kept_identity(new: PlannedCard, old: LockedCard | None) -> PlannedCard:
    """Return the card with the identity it had when planned, if its program is gone now.

    Finished stages stay readable then; what is missing says why it cannot run.
    """
    if old is None or new.locked.encoder is not None or old.encoder is None:
        return new
    return replace(new, locked=old.model_copy(update={"fault": new.locked.fault}))

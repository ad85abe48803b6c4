"""Within what bounds a stage's program runs: the view it has, what it may take, its environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ctc.gpu import VISIBLE_VARIABLE
from ctc.isolation import confined_environment, confinement, effective_level, kernel_limits
from ctc.process import Command, program_environment
from ctc.program import Program
from ctc.sequence_folders import HOME, ctc_home, search_folders
from ctc.stage import Place


@dataclass(frozen=True)
class Bounds:
    """How a program is kept apart and limited; nothing by default, as for our own.

    level: none, network or full; confine: for the launcher; watch: limits of ctc.stage_watch.
    """

    level: str = ""
    confine: Mapping[str, Any] | None = None
    watch: Mapping[str, float] = field(default_factory=dict)

    @property
    def recorded(self) -> dict[str, Any]:
        """What was in force, as records hold it."""
        return {"isolation": self.level, "limits": dict(self.watch)} if self.level else {}


def card_bounds(
    place: Place, program: Program, work: Path, pictures_bytes: int, inputs: tuple[Path, ...] = ()
) -> Bounds:
    """Return what holds for a card's program that runs in `work`/run.

    pictures_bytes: of the raw pictures that go in or out; inputs: files that it is given.

    Raises:
        IsolationError: this machine does not offer what was asked for.
    """
    level = effective_level(place.isolation.level)
    # The harness's own checkout is shown, but not what other campaigns keep in it.
    checkout = Path(__file__).resolve().parents[1]
    own = (checkout / HOME, checkout / "reports", ctc_home(), *search_folders())
    hidden = (place.store, place.campaign, *own)
    confine = confinement(level, program, work, inputs, hidden, place.isolation)
    return Bounds(level, confine, place.limits.watched(pictures_bytes))


def bounded_command(
    place: Place,
    program: Program,
    argv: list[str],
    work: Path,
    logs: tuple[Path, Path],
    timeout_s: float | None,
    bounds: Bounds,
) -> Command:
    """Return what runs a stage's program within its bounds, in `work`/run."""
    environment = program_environment(place.threads, program.environment, work / "run")
    if place.gpus:
        environment[VISIBLE_VARIABLE] = ",".join(place.gpus)
    confined_environment(bounds.level, program, environment)
    limits = kernel_limits(bounds.watch) if bounds.watch else {}
    if place.file_limit_bytes is not None:
        limits["RLIMIT_FSIZE"] = place.file_limit_bytes
    return Command(
        tuple(argv),
        work / "run",
        logs[0],
        logs[1],
        environment,
        timeout_s,
        limits,
        bounds.confine,
        bounds.watch,
        (work / "tmp",) if bounds.confine else (),
    )

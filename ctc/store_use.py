"""Who uses a store: campaigns that have run over it, and those that run now.

campaigns/ID.json   folder and name of a campaign; its time is that of the campaign's last run
runs/ab/ID-….1      a run now going on, a claim renewed while it lasts (ctc.claim)
claims/…            collection of garbage is a claim as well: a run that starts waits for it

A run first leaves its mark and then looks whether garbage is being collected; the collection first
takes its claim and then looks for marks. So whichever comes second sees the first.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ctc.atomic_file import write_atomic
from ctc.claim import Claims
from ctc.errors import StoreError
from ctc.temporary_files import temporary_name

COLLECTING = hashlib.sha256(b"ctc store gc").hexdigest()  # a key that no stage has
WAIT_S = 0.2
LOST_S = 3600.0  # a mark not renewed for so long is of a run that died with its machine


@dataclass(frozen=True)
class KnownCampaign:
    """A campaign that has run over the store; used: time of its last run; running: it runs now."""

    folder: Path
    name: str
    used: float
    running: bool


class StoreUse:
    """The marks of campaigns in the store at `root`."""

    def __init__(self, root: Path, claims: Claims) -> None:
        self._root = root
        self._claims = claims
        self._runs = Claims(root / "runs")

    @contextmanager
    def run_of(self, campaign: Path, warn: Callable[[str], None]) -> Iterator[None]:
        """Mark a campaign as running, so that nothing it may need is removed meanwhile.

        Where the store cannot be written there is no mark, and nobody can remove anything.
        """
        name = campaign_id(campaign)
        with ExitStack() as marks:
            with suppress(OSError, StoreError):
                marks.enter_context(self._runs.hold(f"{name}-{uuid.uuid4().hex[:12]}"))
                self._note(name, campaign)
                self._wait_for_collection(warn)
            yield
            with suppress(StoreError):
                self._note(name, campaign)

    def campaigns(self) -> list[KnownCampaign]:
        """Return the campaigns whose folders are still there, last used first."""
        from ctc.campaign_lock import LOCK_NAME  # heavy, and every stage's process opens the store

        running = self._running()
        found = []
        for path in sorted((self._root / "campaigns").glob("*.json")):
            with suppress(OSError, ValueError, KeyError, TypeError):
                folder = Path(json.loads(path.read_bytes())["folder"])
                if (folder / LOCK_NAME).is_file():
                    used, runs = path.stat().st_mtime, path.stem in running
                    found.append(KnownCampaign(folder, folder.name, used, runs))
        return sorted(found, key=lambda campaign: (-campaign.used, str(campaign.folder)))

    @contextmanager
    def collection(self) -> Iterator[bool]:
        """Keep runs from starting; False, and keeping none, while another one collects."""
        with self._claims.hold(COLLECTING) as ours:
            yield ours

    def stages_running(self) -> int:
        """Return how many stages are claimed now; claims of dead owners do not count."""
        self._claims.sweep()
        return sum(path.stem != COLLECTING for path in self._claims.paths() if not self._lost(path))

    def _running(self) -> set[str]:
        self._runs.sweep()
        return {path.name.partition("-")[0] for path in self._runs.paths() if not self._lost(path)}

    def _lost(self, mark: Path) -> bool:
        try:
            return file_system_time(self._root) - mark.stat().st_mtime > LOST_S
        except FileNotFoundError:
            return True

    def _note(self, name: str, campaign: Path) -> None:
        values: dict[str, Any] = {"folder": str(campaign.absolute())}
        write_atomic(self._root / "campaigns" / f"{name}.json", json.dumps(values).encode(), False)

    def _wait_for_collection(self, warn: Callable[[str], None]) -> None:
        waited = False
        while self._claims.exists(COLLECTING):
            with self._claims.hold(COLLECTING) as over:
                if over:
                    return
            if not waited:
                warn("waiting until 'ctc store gc' has ended")
            waited = True
            time.sleep(WAIT_S)


def campaign_id(folder: Path) -> str:
    """Return the name of a campaign's marks: a digest of where it is."""
    return hashlib.sha256(str(folder.absolute()).encode()).hexdigest()


def file_system_time(folder: Path) -> float:
    """Return the present by the clock of the file system, which may be another machine's."""
    path = temporary_name(folder / "now")
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        try:
            return os.fstat(descriptor).st_mtime
        finally:
            os.close(descriptor)
            path.unlink()
    except OSError:
        return time.time()

"""One campaign of many hostile codecs, run once; each test looks at what became of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ctc.isolation import missing
from ctc.record import Record
from tests.ctc.security import programs
from tests.ctc.security.hostile import HostileCampaign, prepare


@dataclass
class Trial:
    """The campaign after its run, and what the test itself held out for the hostile."""

    campaign: HostileCampaign
    done: subprocess.CompletedProcess[str]
    records: dict[str, dict[str, Record]]
    calls: list[str]
    marker: str

    def decoder(self, name: str) -> Record:
        return self.records[name]["decode"]

    def said(self, name: str) -> str:
        return self.campaign.said(self.decoder(name))


@pytest.fixture
def machine(tmp_path: Path) -> HostileCampaign:
    """A machine for one test alone."""
    return prepare(tmp_path)


@pytest.fixture(scope="session")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    """The campaign in which every codec is hostile in a way of its own."""
    if not sys.platform.startswith("linux"):
        pytest.skip("limits and isolation are of Linux")
    folder = tmp_path_factory.mktemp("hostile")
    campaign = prepare(folder)
    marker = f"left-{os.getpid()}-{folder.name}"
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as local:
        path = str(folder / "socket")
        local.bind(path)
        local.listen()
        cards = _cards(campaign, tcp.getsockname()[1], path, marker)
        limits = ("--disk-limit-gib", "0.03125", "--memory-limit-gib", "0.2", "--cpu-limit", "2")
        done = campaign.run(cards, *limits, "--timeout", "60")
        calls = [name for name, line in (("tcp", tcp), ("unix", local)) if _called(line)]
    yield Trial(campaign, done, campaign.records(), calls, marker)


@pytest.fixture
def isolated(trial: Trial) -> Trial:
    """The same, for what only a view of its own prevents."""
    if reason := missing("full"):
        pytest.skip(f"this machine offers no isolation by namespaces: {reason}")
    return trial


def _called(line: socket.socket) -> bool:
    line.settimeout(0.1)
    try:
        line.accept()[0].close()
    except TimeoutError:
        return False
    return True


def _cards(campaign: HostileCampaign, port: int, path: str, marker: str) -> list[Path]:
    home, reports = campaign.folder / "home", campaign.folder / "reports"
    secrets = [
        campaign.sequence,
        campaign.sequence.parent,
        campaign.victim / "diary",
        reports,
        *(home / "store" / name for name in ("artefacts", "records", "sources", "logs")),
    ]
    targets = [
        campaign.victim / "diary",
        campaign.victim / "new",
        campaign.sequence,
        home / "store" / "records" / "forged",
        reports / "small" / "campaign.lock.yaml",
    ]
    processes = [os.getpid(), os.getppid(), 1 << 30]
    decoders = {
        "spy": programs.SPY.format(paths=[str(path) for path in secrets]),
        "vandal": programs.VANDAL.format(paths=[str(path) for path in targets]),
        "intruder": programs.INTRUDER.format(processes=processes),
        "caller": programs.CALLER.format(port=port, path=path),
        "linker": programs.LINKER.format(secret=str(campaign.victim / "diary")),
        "piper": programs.PIPER,
        "twinner": programs.TWINNER,
        "folderer": programs.FOLDERER,
        "filler": programs.FILLER,
        "ghost": programs.GHOST_FILLER,
        "huge": programs.HUGE_FILE,
        "chatterer": programs.CHATTERER,
        "hoarder": programs.HOARDER,
        "burner": programs.BURNER,
        "forker": programs.FORKER,
        "digger": programs.DIGGER,
        "leaver": programs.LEAVER.format(marker=marker),
        "painter": programs.PAINTER,
    }
    cards = [campaign.write_codec(name, decoder=text) for name, text in decoders.items()]
    thief = programs.SPY.format(paths=["/tmp/loot", "/dev/shm/loot"])
    return [*cards, campaign.write_codec("smuggler", programs.SMUGGLER, thief)]

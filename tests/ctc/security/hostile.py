"""Hostile codecs, written into a folder and run by one real `ctc run`."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ctc.record import Record, parse_record
from tests.ctc.null_codec import environment, write_conditions, write_sequences

HONEST_ENCODER = """
data = open(sys.argv[1], "rb").read()
open(sys.argv[2], "wb").write(data[:64])
"""
HONEST_DECODER = """
open(sys.argv[2], "wb").write((open(sys.argv[1], "rb").read() * 48)[:1536])
"""
HEAD = "#!{python} -IS\nimport os, socket, sys, time\n"
SECRET = "GUARDED_TOKEN"


@dataclass
class HostileCampaign:
    """A machine with one sequence, its folder of secrets, and codecs of strangers.

    The codecs lie in folders of their own, beside the sequences and not in them.
    """

    folder: Path

    @property
    def victim(self) -> Path:
        """A folder of the user's that has nothing to do with any of this."""
        return self.folder / "victim"

    @property
    def sequence(self) -> Path:
        return self.folder / "sequences" / "alpha.yuv"

    def write_codec(
        self, name: str, encoder: str = HONEST_ENCODER, decoder: str = HONEST_DECODER, **card: Any
    ) -> Path:
        """Write a codec whose programs are the Python given, and its card; return the card."""
        own = self.folder / "codecs" / name
        own.mkdir(parents=True)
        for program, text in (("enc", encoder), ("dec", decoder)):
            path = own / program
            path.write_text(HEAD.format(python=sys.executable) + text)
            path.chmod(0o755)
        return self.write_card(own, name, **card)

    def write_card(self, own: Path, name: str, **card: Any) -> Path:
        """Write a card whose keys are those given, and else of the programs beside it."""
        document = {
            "card": 1,
            "name": name,
            "title": name,
            "rate_points": {"name": "none", "values": ["1"]},
            "encoder": {"program": "./enc", "arguments": ["{source}", "{bitstream}"]},
            "decoder": {"program": "./dec", "arguments": ["{bitstream}", "{decoded}"]},
            **card,
        }
        own.mkdir(parents=True, exist_ok=True)
        path = own / f"{name}.yaml"
        path.write_text(yaml.safe_dump(document, sort_keys=False))
        return path

    def ctc(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command as a user does, whose environment holds a secret."""
        env = {**environment(self.folder), SECRET: "s3cret"}
        env["GVC_SEQUENCES"] = str(self.folder / "sequences")
        return subprocess.run(
            [sys.executable, "-m", "ctc", *arguments],
            cwd=self.folder,
            env={k: v for k, v in env.items() if k != "CTC_WRITABLE"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=500,
            check=False,
        )

    def run(self, cards: list[Path], *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run all codecs over the sequence."""
        conditions = write_conditions(self.folder, cards[0], tuple(str(c) for c in cards[1:]))
        shared = ("--jobs", "2", "--no-report", "--quiet")
        return self.ctc("run", str(conditions), *shared, *arguments)

    def records(self) -> dict[str, dict[str, Record]]:
        """Return the campaign's records of encode and decode by codec and stage."""
        found: dict[str, dict[str, Record]] = {}
        for path in (self.folder / "reports" / "small" / "records").glob("??/*.json"):
            record = parse_record(path.read_bytes(), path.stem)
            if record.stage != "measure":
                name = Path(record.command["argv"][0]).parent.name
                found.setdefault(name, {})[record.stage] = record
        return found

    def said(self, record: Record) -> str:
        """What the program printed."""
        log = self.folder / "home" / "store" / "logs" / record.key[:2] / record.logs[0]
        return log.read_text(errors="replace")


def prepare(folder: Path) -> HostileCampaign:
    """Make the machine."""
    write_sequences(folder / "sequences", names=("alpha",))
    (folder / "sequences" / "sequences.yaml").rename(folder / "sequences.yaml")
    campaign = HostileCampaign(folder)
    campaign.victim.mkdir()
    (campaign.victim / "diary").write_text("dear diary")
    (campaign.victim / "diary").chmod(0o666)
    return campaign

"""The small campaign that faults are injected into, on the null codec or on real encoders."""

from __future__ import annotations

import hashlib
import random
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from ctc.results_reader import read_campaign
from tests.ctc.null_codec import environment, write_conditions
from tests.faults.codec import STRIKE, write_struck_codec

ROOT = Path(__file__).parents[2]
ANCHORS = {"x265": "x265-ld.yaml", "vvenc": "vvenc-ld.yaml"}
CODECS = ("null", *ANCHORS)
SIZES = {"null": (16, 4), "x265": (64, 24), "vvenc": (64, 12)}  # luma width and height, pictures
Outcome = list[tuple[object, ...]]


@dataclass
class Bench:
    """Sequences, codec and conditions in a folder, and what an undisturbed campaign on them gives.

    duration_s: of the undisturbed campaign, the span in which faults strike.
    """

    folder: Path
    codec: str
    conditions: Path = field(init=False)
    expected: Outcome = field(init=False)
    duration_s: float = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        size, pictures = SIZES[self.codec]
        write_moving_sequences(self.folder, size, pictures)
        card = write_struck_codec(self.folder) if self.codec == "null" else self._anchor()
        self.conditions = write_conditions(self.folder, card)
        for name in ("cold", "undisturbed"):  # the first one fills caches of the system
            started = time.monotonic()
            done = subprocess.run(
                self.command(self.folder / name),
                cwd=self.folder,
                env=self.environment(self.folder / name),
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
            if done.returncode != 0:
                raise RuntimeError(f"undisturbed campaign failed: {done.stdout}{done.stderr}")
            self.duration_s = time.monotonic() - started
        self.expected = outcome(self.folder / "undisturbed" / "reports")
        if outcome(self.folder / "cold" / "reports") != self.expected:
            raise RuntimeError(f"{self.codec}: two undisturbed campaigns differ")

    def _anchor(self) -> Path:
        card = yaml.safe_load((ROOT / "anchors" / ANCHORS[self.codec]).read_text())
        card["rate_points"]["values"] = card["rate_points"]["values"][1:3]
        path = self.folder / "anchor.yaml"
        path.write_text(yaml.safe_dump(card, sort_keys=False))
        return path

    def command(self, home: Path, *arguments: str, module: str = "ctc") -> list[str]:
        """Return the command that runs, or goes on with, the campaign of a home folder."""
        given = [str(self.conditions), "--output", str(home / "reports"), "--jobs", "2"]
        return [sys.executable, "-m", module, "run", *given, "--no-report", *arguments]

    def environment(self, home: Path) -> dict[str, str]:
        """Return the environment of its runner."""
        seen = {"CTC_READABLE": str(self.folder / STRIKE)}
        return {**environment(self.folder), "CTC_HOME": str(home), **seen}


def outcome(folder: Path) -> Outcome:
    """Return keys, bytes and figures of every point: all that an undisturbed run gives."""
    points = read_campaign(folder).configurations[0].points
    return [
        (p.sequence, p.rate_point, p.status, p.bytes, p.bitstream_sha256, p.decoded_sha256)
        + (p.record_keys, {n: (m.value, m.pictures) for n, m in p.metrics.items()})
        for p in points
    ]


def write_moving_sequences(folder: Path, size: int, pictures: int) -> None:
    """Write a square 4:2:0 sequence of a moving texture, and the sequences.yaml of it."""
    entries = {}
    for seed, name in enumerate(("alpha",)):
        rng = random.Random(seed)
        row = bytes(min(255, max(0, int(rng.gauss(128, 40)))) for _ in range(size + pictures))
        data = b""
        for picture in range(pictures):
            for side in (size, size // 2, size // 2):
                plane = (row[(picture + y) % pictures :][:side] for y in range(side))
                data += b"".join(plane)
        (folder / f"{name}.yuv").write_bytes(data)
        entries[name] = {"md5": hashlib.md5(data).hexdigest(), "frames": pictures}
    shared = {
        "file": "{name}.yuv",
        "width": size,
        "height": size,
        "frame_rate": "25",
        "bit_depth": 8,
        "chroma_format": "4:2:0",
        "licence": "public domain",
        "obtain": "written by this test",
    }
    body = {"TEST": {"title": "moving texture", "all": shared, "sequences": entries}}
    document = {"sequences": 1, "classes": body}
    (folder / "sequences.yaml").write_text(yaml.safe_dump(document, sort_keys=False))

"""A small campaign on the null codec, run as users run it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.ctc.null_codec import (
    environment,
    write_conditions,
    write_null_codec,
    write_sequences,
)


@dataclass
class SmallCampaign:
    """A folder with sequences, a null codec, conditions, and a way to run ctc in it."""

    folder: Path
    conditions: Path

    @property
    def reports(self) -> Path:
        return self.folder / "reports" / "small"

    def ctc(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "ctc", *arguments],
            cwd=self.folder,
            env=environment(self.folder),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.ctc("run", str(self.conditions), "--jobs", "2", *arguments)

    def program(self) -> dict[str, str]:
        """Make a program `ctc`; return an environment that has it in its path."""
        path = self.folder / "bin" / "ctc"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f'#!/bin/sh\nexec {sys.executable} -m ctc "$@"\n')
        path.chmod(0o755)
        variables = environment(self.folder)
        return variables | {"PATH": f"{path.parent}{os.pathsep}{variables['PATH']}"}

    def codec(self, fault: str = "", **values: object) -> Path:
        return write_null_codec(self.folder, fault=fault, **values)  # type: ignore[arg-type]

    def journal(self) -> list[str]:
        path = self.folder / "journal"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def campaign(tmp_path: Path) -> SmallCampaign:
    write_sequences(tmp_path)
    card = write_null_codec(tmp_path)
    return SmallCampaign(tmp_path, write_conditions(tmp_path, card))

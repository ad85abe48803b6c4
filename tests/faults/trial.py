"""One round: a campaign that a fault strikes, is gone on with, and is judged."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ctc.campaign_lock import read_lock
from ctc.errors import StoreError
from ctc.record import Record, parse_record
from ctc.record_check import CheckResult, RecordCheck
from tests.faults.bench import Bench, outcome
from tests.faults.codec import JOURNAL, RATES, STRIKE
from tests.faults.processes import Member, members, strike

PATIENCE_S = 120.0
ORPHANS_GONE_S = 10.0
KEPT_HIDDEN = (".reported", ".records.sqlite")


@dataclass(frozen=True)
class Verdict:
    """What a round came to; every count but `kept` and `resumes` shall be 0.

    struck: the fault hit something that was running; kept: stages finished before the fault;
    lost: of these, run again or gone; repeated: encodes begun twice without need; orphans:
    processes left; differing: points unlike the undisturbed run; left: claims, work folders and
    half-written files; silent: damage that nothing spoke of; unclear: runners that ended in a
    traceback or with an exit code that is not documented; resumes: runs needed to finish.
    """

    struck: bool
    kept: int
    lost: int
    repeated: int
    orphans: int
    differing: int
    left: int
    silent: int
    unclear: int
    resumes: int

    @property
    def bad(self) -> int:
        """How much is wrong."""
        counts = (self.lost, self.repeated, self.orphans, self.differing, self.left)
        return sum(counts) + self.silent + self.unclear


class Trial:
    """A round's folder and runners; faults act on it, then `verdict` finishes and judges."""

    def __init__(self, bench: Bench, home: Path, rng: random.Random) -> None:
        self.bench, self.home, self.rng = bench, home, rng
        self.retry_failed = False
        self.silent = 0
        self.repeated = 0
        self.ended_by_next = False  # what is left may stay until the next runner sweeps
        self.afterwards: list[Callable[[], None]] = []
        self.said: list[str] = []
        self._runners: list[subprocess.Popen[str]] = []
        self._settled: dict[str, bytes] = {}
        self._orphans: set[int] = set()
        self._unclear = 0
        (bench.folder / JOURNAL).unlink(missing_ok=True)
        home.mkdir()

    @property
    def store(self) -> Path:
        return self.home / "store"

    @property
    def reports(self) -> Path:
        return self.home / "reports"

    def start(self, *arguments: str, module: str = "ctc") -> subprocess.Popen[str]:
        """Start a runner on the campaign."""
        runner = subprocess.Popen(
            self.bench.command(self.home, *arguments, module=module),
            cwd=self.bench.folder,
            env=self.bench.environment(self.home),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._runners.append(runner)
        return runner

    def finish(self, runner: subprocess.Popen[str]) -> int:
        """Wait for a runner's end; return its exit code, and keep what it said."""
        try:
            said, _ = runner.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            runner.kill()
            said = runner.communicate()[0] + "\nhung"
        self._runners.remove(runner)
        self.said += said.splitlines()
        documented = runner.returncode in (0, 1, 2, 130, -signal.SIGKILL)
        self._unclear += "Traceback" in said or said.endswith("hung") or not documented
        return runner.returncode

    def run(self, *arguments: str, module: str = "ctc") -> int:
        """Run a runner to its end; return its exit code."""
        return self.finish(self.start(*arguments, module=module))

    def check(self) -> list[str]:
        """Return what `ctc check` finds wrong with records and artefacts."""
        result = CheckResult()
        lock = read_lock(self.reports)
        RecordCheck(self.reports, lock).run(self.store / "artefacts", result)
        return result.faults

    def moment(self, runner: subprocess.Popen[str]) -> bool:
        """Let a random part of the campaign's time pass; whether the runner still runs then."""
        end = time.monotonic() + self.rng.uniform(0, self.bench.duration_s)
        while time.monotonic() < end and runner.poll() is None:
            time.sleep(0.005)
        return runner.poll() is None

    def victim(self, runner: subprocess.Popen[str], *kinds: str) -> Member | None:
        """Return the next process of these kinds that is seen, None when the runner ends first."""
        while runner.poll() is None:
            found = [m for m in members(self.home) if m.kind in kinds]
            if found:
                return self.rng.choice(found)
            time.sleep(0.005)
        return None

    @contextmanager
    def codec_strikes(self, what: str) -> Iterator[str]:
        """Make the null encoder do something at one rate point; gives that rate point."""
        rate = str(self.rng.choice(RATES))
        path = self.bench.folder / STRIKE
        path.write_text(f"{rate} {what}")
        try:
            yield rate
        finally:
            path.unlink()

    def settle(self) -> None:
        """Note what is finished now: none of it may be lost or run again."""
        self._settled |= {key: text for key, (text, _) in self.records().items()}

    def excuse(self, *keys: str) -> None:
        """Allow stages to run again: the fault destroyed their result itself."""
        for key in keys:
            self._settled.pop(key, None)

    def records(self) -> dict[str, tuple[bytes, Record]]:
        """Return the finished stages in the store, by key."""
        found = {}
        for path in (self.store / "records").glob("??/*.json"):
            try:
                text = path.read_bytes()
                record = parse_record(text, path.stem)
            except (OSError, StoreError):
                continue
            if record.done:
                found[path.stem] = (text, record)
        return found

    def count_orphans(self, *but: str) -> None:
        """Note processes, but for some kinds, that are left although no runner is; end them."""
        end = time.monotonic() + ORPHANS_GONE_S
        while (left := self._left(but)) and time.monotonic() < end:
            time.sleep(0.01)
        for member in left:
            self._orphans.add(member.pid)
            strike(member.pid)

    def _left(self, but: tuple[str, ...]) -> list[Member]:
        return [member for member in members(self.home) if member.kind not in but]

    def verdict(self, struck: bool) -> Verdict:
        """Go on until the campaign is finished, then judge it."""
        for runner in list(self._runners):
            self.finish(runner)
        if not self.ended_by_next:
            self.count_orphans()
        self.settle()
        kept = len(self._settled)
        resumes, code = 0, 1
        while code != 0 and resumes < 3:
            code = self.run(*(["--retry-failed"] if self.retry_failed else []))
            resumes += 1
        self._unclear += code != 0
        self.count_orphans()
        now = {key: text for key, (text, _) in self.records().items()}
        left = self.leftovers()
        self.said += [f"left: {path}" for path in left]
        lost = sum(now.get(key) != text for key, text in self._settled.items())
        return Verdict(
            struck=struck,
            kept=kept,
            lost=lost,
            repeated=self.repeated,
            orphans=len(self._orphans),
            differing=self._differing(),
            left=len(left),
            silent=self.silent,
            unclear=self._unclear,
            resumes=resumes,
        )

    def close(self) -> None:
        """Undo what the fault has set up."""
        for runner in self._runners:
            runner.kill()
            runner.communicate()
        for act in reversed(self.afterwards):
            act()

    def encodes(self) -> list[str]:
        """Source and rate point of each encode that the null codec began."""
        path = self.bench.folder / JOURNAL
        return path.read_text().splitlines() if path.exists() else []

    def _differing(self) -> int:
        try:
            found = outcome(self.reports)
        except Exception as problem:  # whatever it is, it is the round's result
            self.said.append(f"cannot be read: {problem}")
            return len(self.bench.expected)
        pairs = zip(found, self.bench.expected, strict=True)
        return sum(ours != theirs for ours, theirs in pairs) + self._damaged_artefacts()

    def _damaged_artefacts(self) -> int:
        damaged = 0
        for path in (self.store / "artefacts").glob("??/*"):
            damaged += hashlib.sha256(path.read_bytes()).hexdigest() != path.name
        return damaged

    def leftovers(self) -> list[Path]:
        """Return what a finished campaign has no use for: claims, work folders, half files."""
        work = list((self.store / "work").iterdir()) if (self.store / "work").is_dir() else []
        claims = [p for p in (self.store / "claims").rglob("*") if p.is_file()]
        hidden = [
            Path(folder) / name
            for folder, _, names in os.walk(self.home)
            for name in names
            if name.startswith(".") and name not in KEPT_HIDDEN
        ]
        return [*work, *claims, *hidden]

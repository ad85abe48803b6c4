"""File systems that are full, turn read-only or go away; in a mount namespace of our own."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.faults.trial import Trial

IN_NAMESPACE = "CTC_FAULTS_IN_NAMESPACE"


def mounts_possible() -> bool:
    """Whether we are in a mount namespace of our own; see tests.faults.__main__."""
    return IN_NAMESPACE in os.environ


def mount(*arguments: str) -> bool:
    """Mount; whether it worked."""
    done = subprocess.run(["mount", *arguments], capture_output=True, check=False)
    return done.returncode == 0


def store_full(trial: Trial) -> bool:
    """The store's file system has a few kilobytes left; later it is given room."""
    trial.store.mkdir()
    sequence = (trial.bench.folder / "alpha.yuv").stat().st_size
    _mount(trial, trial.store, "-t", "tmpfs", "-o", "size=4m", "tmpfs")
    filler = trial.store / "filler"
    left = trial.rng.randrange(4 << 10, 24 << 10) + trial.rng.randrange(2 * sequence)
    filler.write_bytes(bytes((4 << 20) - left))
    trial.run()
    filler.unlink()
    return any("disk full" in line for line in trial.said)


def campaign_full(trial: Trial) -> bool:
    """The campaign's file system has a few kilobytes left; later it is given room."""
    trial.reports.mkdir()
    _mount(trial, trial.reports, "-t", "tmpfs", "-o", "size=1m", "tmpfs")
    filler = trial.reports / "filler"
    filler.write_bytes(bytes((1 << 20) - trial.rng.randrange(12 << 10, 60 << 10)))
    code = trial.run()
    filler.unlink()
    return code != 0


def store_read_only(trial: Trial) -> bool:
    """The store turns read-only at a random moment, and writable again after the run."""
    _back(trial, trial.store)
    struck = _disturbed(trial, lambda: mount("-o", "remount,bind,ro", str(trial.store)))
    return struck and mount("-o", "remount,bind,rw", str(trial.store))


def store_vanishes(trial: Trial) -> bool:
    """The store's mount goes at a random moment, leaving a read-only or an empty folder."""
    return _vanishes(trial, trial.store)


def campaign_vanishes(trial: Trial) -> bool:
    """The campaign's mount goes at a random moment, leaving a read-only or an empty folder."""
    return _vanishes(trial, trial.reports)


def _vanishes(trial: Trial, point: Path) -> bool:
    backing = point.with_name(f"{point.name}-backing")
    read_only = trial.rng.random() < 0.5
    _back(trial, point, read_only)
    struck = _disturbed(trial, lambda: _unmount(point))
    if struck:
        _mount(trial, point, "--bind", str(backing))
    return struck


def _disturbed(trial: Trial, disturb: Callable[[], bool]) -> bool:
    """Run a campaign and disturb it at a random moment; whether it still ran then."""
    runner = trial.start()
    struck = False
    if trial.moment(runner):
        while not (struck := disturb()) and runner.poll() is None:
            time.sleep(0.01)  # busy: a file is open for writing just now
    trial.finish(runner)
    return struck


def _back(trial: Trial, point: Path, read_only: bool = False) -> None:
    """Make a folder a bind mount of another; below it lies a folder that is empty."""
    backing = point.with_name(f"{point.name}-backing")
    for folder in (point, backing):
        folder.mkdir()
    if read_only:
        _mount(trial, point, "-t", "tmpfs", "-o", "ro,size=4k", "tmpfs")
    _mount(trial, point, "--bind", str(backing))


def _mount(trial: Trial, point: Path, *arguments: str) -> None:
    """Mount something; it stays until the round has been judged."""
    if not mount(*arguments, str(point)):
        raise RuntimeError(f"{point}: cannot be mounted")
    trial.afterwards.append(lambda: _unmount_all(point))


def _unmount(point: Path) -> bool:
    done = subprocess.run(["umount", "-l", str(point)], capture_output=True, check=False)
    return done.returncode == 0


def _unmount_all(point: Path) -> None:
    while _unmount(point):
        continue

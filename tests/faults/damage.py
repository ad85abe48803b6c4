"""Files that are not what was written: cut, half on disk, with a flipped bit, or gone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

from ctc.record import Record
from ctc.record_folder import HALF_WRITTEN
from tests.faults.bench import ROOT
from tests.faults.trial import Trial


def truncated(data: bytes, rng: Random) -> bytes:
    """The file ends early."""
    return data[: rng.randrange(len(data))]


def half_written(data: bytes, rng: Random) -> bytes:
    """The length is right and the end was never written, as after a power cut."""
    kept = rng.randrange(len(data))
    tail = data[kept:]
    return data[:kept] + bytes(len(tail)) if any(tail) else data[:-1]


def bit_flipped(data: bytes, rng: Random) -> bytes:
    """One bit is another."""
    changed = bytearray(data)
    changed[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(changed)


Change = Callable[[bytes, Random], bytes]


def records_truncated(trial: Trial) -> bool:
    """A record is cut, in the store and in the campaign."""
    return _records(trial, truncated)


def records_half_written(trial: Trial) -> bool:
    """A record's end is zeros, in the store and in the campaign."""
    return _records(trial, half_written)


def records_bit_flipped(trial: Trial) -> bool:
    """A record has a flipped bit, in the store and in the campaign."""
    return _records(trial, bit_flipped)


def bitstream_truncated(trial: Trial) -> bool:
    """A bitstream that has to be decoded again is cut."""
    return _artefact(trial, truncated)


def bitstream_half_written(trial: Trial) -> bool:
    """A bitstream that has to be decoded again ends in zeros."""
    return _artefact(trial, half_written)


def bitstream_bit_flipped(trial: Trial) -> bool:
    """A bitstream that has to be decoded again has a flipped bit."""
    return _artefact(trial, bit_flipped)


def decoded_bit_flipped(trial: Trial) -> bool:
    """A decoded file that has to be measured again has a flipped bit."""
    return _artefact(trial, bit_flipped, decoded=True)


def temporaries_left(trial: Trial) -> bool:
    """Half-written files under the names they have before they are published."""
    trial.run()
    _, record = trial.rng.choice(list(trial.records().values()))
    halves = []
    for folder in (trial.store, trial.reports):
        path = folder / "records" / record.key[:2] / f"{record.key}.json"
        halves.append((path, folder / "records" / HALF_WRITTEN))
        halves[-1][1].mkdir(exist_ok=True)
    original = trial.store / "sources" / "alpha.yuv"
    original.parent.mkdir(exist_ok=True)
    _killed_while_writing([*halves, (original, original.parent)])
    for path, _ in halves:
        path.unlink()
    return len(trial.leftovers()) == len(halves) + 1


def _killed_while_writing(files: list[tuple[Path, Path]]) -> None:
    """Let a process die that has begun to write files, in the folders of their temporary names."""
    named = [(str(path), str(folder)) for path, folder in files]
    code = (
        "import os; from pathlib import Path; from ctc.temporary_files import temporary_name\n"
        f"for path, folder in {named!r}:\n"
        "    temporary_name(Path(path), Path(folder)).write_bytes(b'half')\n"
        "os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)


def _records(trial: Trial, change: Change) -> bool:
    trial.run()
    _, record = trial.rng.choice(list(trial.records().values()))
    trial.settle()
    trial.excuse(record.key)
    for folder in (trial.store, trial.reports):
        path = folder / "records" / record.key[:2] / f"{record.key}.json"
        path.write_bytes(change(path.read_bytes(), trial.rng))
    trial.silent += not any(record.key in line for line in trial.check())
    before = len(trial.said)
    trial.run()
    trial.silent += not any(record.key in line for line in trial.said[before:])
    return True


def _artefact(trial: Trial, change: Change, decoded: bool = False) -> bool:
    """Damage a bitstream or decoded file, then take away the records made from it."""
    trial.run("--keep-decoded")
    trial.settle()
    records = [record for _, record in trial.records().values()]
    stage = "decode" if decoded else "encode"
    made = trial.rng.choice([r for r in records if r.stage == stage])
    path = _damage(trial, made, change)
    trial.silent += not any(str(path) in line for line in trial.check())
    trial.excuse(made.key)
    measured = [r for r in records if _made_from(r, made)]
    again = [*measured, *(m for r in measured for m in records if _made_from(m, r))]
    for record in again:
        trial.excuse(record.key)
        for folder in (trial.store, trial.reports):
            (folder / "records" / record.key[:2] / f"{record.key}.json").unlink()
    if not decoded:  # their decoded files would be looked for, not made again
        for record in again:
            if record.output is not None:
                _artefact_path(trial, record).unlink()
    trial.run()
    return True


def _made_from(record: Record, made: Record) -> bool:
    names = ("bitstream_sha256", "decoded_sha256")
    return made.output is not None and made.output.sha256 in [
        record.inputs.get(name) for name in names
    ]


def _artefact_path(trial: Trial, record: Record) -> Path:
    digest = record.output.sha256 if record.output is not None else ""
    return trial.store / "artefacts" / digest[:2] / digest


def _damage(trial: Trial, record: Record, change: Change) -> Path:
    path = _artefact_path(trial, record)
    content = change(path.read_bytes(), trial.rng)
    path.chmod(0o644)
    path.write_bytes(content)
    return path

"""Weights of learned metrics: what they are, where they are found, and proof that they are these.

A set of tensors is identified by its digest: the sha256 over names, types, shapes and values in
the order of the names. It is the same whether the tensors lie in a .safetensors or a .npz file.
Source: ctc/conditions/conditions.md, clause 5.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ctc.errors import MetricError, near_miss
from ctc.sequence_folders import ctc_home
from ctc.weights_sets import SETS, WeightsSet

Tensors = dict[str, npt.NDArray[Any]]

MAX_BYTES = 1 << 30
FOLDERS_VARIABLE = "CTC_WEIGHTS"
PASSED_VARIABLES = ("CTC_DEVICE", "CTC_FFMPEG", "IMAGEIO_FFMPEG_EXE")
ORIGIN = "source_sha256"
UNREADABLE = (OSError, ValueError, KeyError, EOFError, MemoryError, OverflowError, TypeError)


class State(str, Enum):
    """Whether weights can be used."""

    PRESENT = "present"
    MISSING = "missing"
    MISMATCHED = "mismatched"


@dataclass(frozen=True)
class Found:
    """What the search for a set of weights gave; `problem` is empty when it is present."""

    state: State
    path: Path | None = None
    digest: str = ""
    problem: str = ""


def weights_set(name: str) -> WeightsSet:
    """Return a set by name.

    Raises:
        MetricError: no such set.
    """
    if name not in SETS:
        raise MetricError(f"weights '{name}' are unknown{near_miss(name, SETS)}")
    return SETS[name]


def own_folder() -> Path:
    """Return where imported weights go: the first of $CTC_WEIGHTS, else $CTC_HOME/weights."""
    listed = [part for part in os.environ.get(FOLDERS_VARIABLE, "").split(os.pathsep) if part]
    return Path(listed[0]).expanduser() if listed else ctc_home() / "weights"


def search_folders() -> list[Path]:
    """Return the folders searched in order: $CTC_WEIGHTS, $CTC_HOME/weights, $GVC_DATA/weights."""
    listed = [part for part in os.environ.get(FOLDERS_VARIABLE, "").split(os.pathsep) if part]
    folders = [Path(part).expanduser() for part in listed]
    folders.append(ctc_home() / "weights")
    if data := os.environ.get("GVC_DATA"):
        folders.append(Path(data) / "weights")
    return folders


def measuring_environment() -> dict[str, str]:
    """Return the variables that decide what a metric is, for a process in another folder.

    The folders of weights are made absolute; the device and the ffmpeg program go with them.
    """
    folders = os.pathsep.join(str(folder.absolute()) for folder in search_folders())
    passed = {name: os.environ[name] for name in PASSED_VARIABLES if name in os.environ}
    return {FOLDERS_VARIABLE: folders, **passed}


def digest_of(tensors: Tensors) -> str:
    """Return the digest of a set of tensors, in hexadecimal.

    >>> digest_of({"a": np.zeros(1, np.float32)})[:8]
    'cbb450ea'
    """
    digest = hashlib.sha256()
    for name in sorted(tensors):
        array = np.ascontiguousarray(tensors[name])
        shape = "x".join(str(size) for size in array.shape)
        digest.update(f"{name} {array.dtype.str} {shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def read_tensors(path: Path) -> Tensors:
    """Return the tensors of a .safetensors or .npz file; neither can carry code.

    Raises:
        MetricError: unreadable, malformed, or larger than 1 GiB when unpacked.
    """
    try:
        if path.suffix == ".npz":
            return _read_npz(path)
        if path.stat().st_size > MAX_BYTES:
            raise MetricError(f"{path}: larger than {MAX_BYTES} bytes")
        return _read_safetensors(path)
    except (*UNREADABLE, zipfile.BadZipFile) as problem:
        raise MetricError(f"{path}: weights cannot be read: {problem}") from problem


def _read_npz(path: Path) -> Tensors:
    with zipfile.ZipFile(path) as archive:
        size = sum(part.file_size for part in archive.infolist())
    if size > MAX_BYTES:
        raise MetricError(f"{path}: {size} bytes when unpacked: shall be at most {MAX_BYTES}")
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def _read_safetensors(path: Path) -> Tensors:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return dict(load_file(path))
    except SafetensorError as problem:
        raise MetricError(f"{path}: weights cannot be read: {problem}") from problem


def check_tensors(wanted: WeightsSet, tensors: Tensors, origin: str) -> str:
    """Return the digest of tensors that are those wanted.

    Raises:
        MetricError: they are others.
    """
    found = digest_of(tensors)
    if wanted.digest and found != wanted.digest:
        raise MetricError(
            f"{origin}: digest {found[:16]}: shall be {wanted.digest[:16]} for {wanted.name}"
        )
    if wanted.part:
        absent = [name for name in wanted.part if name not in tensors]
        if absent:
            raise MetricError(f"{origin}: no tensor {absent[0]}: not {wanted.name}")
        part = digest_of({name: tensors[name] for name in wanted.part})
        if part != wanted.part_digest:
            raise MetricError(
                f"{origin}: digest {part[:16]} of {wanted.part[0]}..{wanted.part[-1]}: "
                f"shall be {wanted.part_digest[:16]} for {wanted.name}"
            )
    return found


def find(name: str) -> Found:
    """Return whether a set of weights is there and is the right one."""
    wanted = weights_set(name)
    wrong: Found | None = None
    for folder in search_folders():
        for path in (folder / wanted.file_name, folder / wanted.npz):
            if not path.is_file():
                continue
            status = path.stat()
            digest, problem = _verified(name, path, status.st_size, status.st_mtime_ns)
            if not problem:
                return Found(State.PRESENT, path, digest)
            wrong = wrong or Found(State.MISMATCHED, path, digest, problem)
    missing = f"weights {name} are missing; run: {wanted.remedy}"
    return wrong or Found(State.MISSING, problem=missing)


@lru_cache(maxsize=64)
def _verified(name: str, path: Path, _size: int, _mtime_ns: int) -> tuple[str, str]:
    wanted = weights_set(name)
    try:
        if not wanted.digest:
            _check_origin(wanted, path)
        return check_tensors(wanted, select(wanted, read_tensors(path)), str(path)), ""
    except MetricError as problem:
        return "", f"{problem}; run: {wanted.remedy}"


def _check_origin(wanted: WeightsSet, path: Path) -> None:
    """Where the digest of all tensors is not published, ask for the official file's own."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            origin = (file.metadata() or {}).get(ORIGIN, "")
    except SafetensorError as problem:
        raise MetricError(f"{path}: weights cannot be read: {problem}") from problem
    if not origin.startswith(wanted.file_sha256):
        raise MetricError(
            f"{path}: made from a file of sha256 '{origin[:16]}': shall begin with "
            f"{wanted.file_sha256[:16]} for {wanted.name}"
        )


def select(wanted: WeightsSet, tensors: Tensors) -> Tensors:
    """Return those tensors of a file that belong to the set."""
    return {name: value for name, value in tensors.items() if name.startswith(wanted.prefix)}


def load(name: str) -> Tensors:
    """Return verified tensors by their names.

    Raises:
        MetricError: missing or mismatched; the message holds the command that mends it.
    """
    found = find(name)
    if found.path is None or found.state is not State.PRESENT:
        raise MetricError(found.problem)
    return select(weights_set(name), read_tensors(found.path))

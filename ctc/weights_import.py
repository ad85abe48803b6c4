"""From an official weights file to .safetensors, once: never unpickled, verified before writing."""

from __future__ import annotations

import hashlib
import os
import pickle
import re
import warnings
import zipfile
from pathlib import Path

import numpy as np

from ctc.errors import MetricError
from ctc.weights import MAX_BYTES, ORIGIN, Tensors, check_tensors, own_folder, read_tensors, select
from ctc.weights_sets import SETS, WeightsSet

_HEAD = re.compile(r"^(lin\d)\.model\.1\.weight$")
UNREADABLE = (
    OSError,
    RuntimeError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    AttributeError,
    MemoryError,
    OverflowError,
    zipfile.BadZipFile,
    pickle.PickleError,
)
_COUNTER = "num_batches_tracked"


def import_weights(path: Path, name: str = "") -> list[Path]:
    """Write every set that a file holds (or the one named) as .safetensors; return the paths.

    path: .pth or .pt (weights only), .npz or .safetensors.

    Raises:
        MetricError: unreadable, code in it, or tensors that are none of the known sets.
    """
    wanted = [SETS[name]] if name in SETS else list(SETS.values())
    if name and name not in SETS:
        raise MetricError(f"weights '{name}' are unknown: known are {', '.join(sorted(SETS))}")
    tensors = _read(path)
    written, reasons = [], []
    for entry in wanted:
        part = select(entry, tensors)
        if not part:
            continue
        try:
            check_tensors(entry, part, str(path))
            _check_file(entry, path)
        except MetricError as problem:
            reasons.append(str(problem))
            continue
        written.append(_write(entry, part, file_sha256(path)))
    if not written:
        last = reasons[0] if len(wanted) == 1 and reasons else f"{path}: holds none of the sets"
        raise MetricError(f"{last}; known are {', '.join(sorted(SETS))}" if not name else last)
    return written


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file."""
    with path.open("rb") as stream:
        digest = hashlib.sha256()
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _check_file(entry: WeightsSet, path: Path) -> None:
    """Where no digest of all tensors is known, hold the file against the digits in its name."""
    if not entry.digest:
        found = file_sha256(path)
        if not found.startswith(entry.file_sha256):
            raise MetricError(
                f"{path}: sha256 {found[:16]}: shall begin with {entry.file_sha256[:16]} "
                f"for {entry.name}"
            )


def _read(path: Path) -> Tensors:
    if path.suffix in (".npz", ".safetensors"):
        return read_tensors(path)
    if path.suffix not in (".pth", ".pt"):
        raise MetricError(f"{path}: shall be a .pth, .pt, .npz or .safetensors file")
    return _read_checkpoint(path)


def _read_checkpoint(path: Path) -> Tensors:
    import torch

    try:
        if path.stat().st_size > MAX_BYTES:
            raise MetricError(f"{path}: larger than {MAX_BYTES} bytes")
        _check_size_unpacked(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as problem:  # its own words advise to run the code
        raise MetricError(
            f"{path}: refused by weights-only loading: it holds more than tensors"
        ) from problem
    except UNREADABLE as problem:
        first = str(problem).strip().splitlines()[0] if str(problem).strip() else repr(problem)
        raise MetricError(f"{path}: refused by weights-only loading: {first}") from problem
    if isinstance(state, dict) and isinstance(state.get("state_dict"), dict):
        state = state["state_dict"]
    if not isinstance(state, dict):
        raise MetricError(f"{path}: holds a {type(state).__name__}: shall hold named tensors")
    tensors: Tensors = {}
    for key, value in state.items():
        if isinstance(value, torch.Tensor) and not str(key).endswith(_COUNTER):
            head = _HEAD.match(str(key))
            plain = str(key).removeprefix("module.")
            name = f"{head.group(1)}.weight" if head else plain
            tensors[name] = value.detach().to(torch.float32).contiguous().numpy()
    return tensors


def _check_size_unpacked(path: Path) -> None:
    """A .pth file is a ZIP file, of which a megabyte can unpack to a terabyte."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        size = sum(part.file_size for part in archive.infolist())
    if size > MAX_BYTES:
        raise MetricError(f"{path}: {size} bytes when unpacked: shall be at most {MAX_BYTES}")


def _write(entry: WeightsSet, tensors: Tensors, origin: str) -> Path:
    from safetensors.numpy import save

    metadata = {"name": entry.name, "licence": entry.licence, ORIGIN: origin}
    folder = own_folder()
    target = folder / entry.file_name
    partial = folder / f".{entry.file_name}.{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        plain = {name: np.ascontiguousarray(value) for name, value in tensors.items()}
        partial.write_bytes(save(plain, metadata=metadata))
        partial.replace(target)
    except OSError as problem:
        partial.unlink(missing_ok=True)
        raise MetricError(f"{target}: cannot be written: {problem.strerror}") from problem
    return target

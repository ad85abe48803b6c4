"""Model files: safetensors with integer tensors and the graphs as JSON in the header."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from reference_sw.network.errors import ModelError
from reference_sw.network.graph import Graph, parse_graph

FORMAT = "gvc-network-1"
MAX_FILE_BYTES = 16 << 20
MAX_HEADER_BYTES = 1 << 20
MAX_TENSORS = 1024
MAX_GRAPHS = 8
_DTYPES: dict[str, np.dtype[Any]] = {
    "I8": np.dtype("i1"),
    "U8": np.dtype("u1"),
    "I16": np.dtype("<i2"),
}
_DTYPES |= {"U16": np.dtype("<u2"), "I32": np.dtype("<i4")}

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ModelFile:
    """A model file read whole and checked.

    tensors: integer arrays widened to int64; sha256: of the file's bytes, hexadecimal.
    """

    name: str
    graphs: Mapping[str, Graph]
    tensors: Mapping[str, IntArray]
    sha256: str


def read_model_file(path: Path) -> ModelFile:
    """The model in a file; raises ModelError with one line that names the file.

    Source: specification clause 13.2.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        return parse_model(data)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error


def parse_model(data: bytes) -> ModelFile:
    """The model in the bytes of a file."""
    if len(data) > MAX_FILE_BYTES:
        raise ModelError(f"more than {MAX_FILE_BYTES} bytes")
    header, start = _header(data)
    metadata = header.pop("__metadata__", None)
    if not isinstance(metadata, dict) or metadata.get("format") != FORMAT:
        raise ModelError(f"no header with format {FORMAT}")
    if len(header) > MAX_TENSORS:
        raise ModelError(f"{len(header)} tensors: at most {MAX_TENSORS}")
    tensors = {name: _tensor(name, item, data[start:]) for name, item in header.items()}
    graphs = _json("graphs", metadata.get("graphs"))
    if not isinstance(graphs, dict) or not 1 <= len(graphs) <= MAX_GRAPHS:
        raise ModelError(f"graphs: shall be 1 to {MAX_GRAPHS} named graphs")
    parsed = {name: parse_graph(name, item) for name, item in graphs.items()}
    name = metadata.get("name")
    if not isinstance(name, str) or not 1 <= len(name) <= 64 or not name.isprintable():
        raise ModelError("name: shall be 1 to 64 printable characters")
    return ModelFile(name, parsed, tensors, hashlib.sha256(data).hexdigest())


def _json(where: str, text: Any) -> Any:
    """Parsed JSON; duplicate keys, non-integers and deep nesting are refused."""

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) != len(items):
            raise ModelError(f"{where}: a key is given twice")
        return found

    def refuse(number: str) -> Any:
        raise ModelError(f"{where}: {number:.40} is no integer")

    try:
        return json.loads(text, object_pairs_hook=pairs, parse_float=refuse, parse_constant=refuse)
    except (ValueError, TypeError, RecursionError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(f"{where}: not JSON: {str(error)[:120]}") from error


def _header(data: bytes) -> tuple[dict[str, Any], int]:
    """The safetensors header and the offset of the tensor data."""
    size = int.from_bytes(data[:8], "little")
    if len(data) < 10 or not 2 <= size <= min(MAX_HEADER_BYTES, len(data) - 8):
        raise ModelError(f"header of {size} bytes in a file of {len(data)}: not a safetensors file")
    try:
        text = data[8 : 8 + size].decode("utf-8")
    except UnicodeDecodeError as error:
        raise ModelError(f"header is not UTF-8 at byte {8 + error.start}") from error
    header = _json("header", text)
    if not isinstance(header, dict):
        raise ModelError("header: shall be a JSON object")
    return header, 8 + size


def _tensor(name: str, item: Any, data: bytes) -> IntArray:
    """One tensor, widened to int64."""
    where = f"tensor {name:.80}"
    if not isinstance(item, dict) or set(item) != {"dtype", "shape", "data_offsets"}:
        raise ModelError(f"{where}: shall have dtype, shape and data_offsets")
    dtype = _DTYPES.get(item["dtype"]) if isinstance(item["dtype"], str) else None
    if dtype is None:
        raise ModelError(f"{where}: dtype {item['dtype']!r:.40}: shall be one of {sorted(_DTYPES)}")
    shape, offsets = item["shape"], item["data_offsets"]
    if not _naturals(shape) or len(shape) > 4:
        raise ModelError(f"{where}: shape {shape!r:.80}: shall be at most 4 sizes")
    if not _naturals(offsets) or len(offsets) != 2 or not offsets[0] <= offsets[1] <= len(data):
        raise ModelError(f"{where}: data_offsets {offsets!r:.80}: shall lie inside the file")
    count = 1
    for side in shape:
        count *= side
    if count * dtype.itemsize != offsets[1] - offsets[0]:
        raise ModelError(
            f"{where}: shape {shape!r:.80} does not fit {offsets[1] - offsets[0]} bytes"
        )
    raw = np.frombuffer(data[offsets[0] : offsets[1]], dtype)
    return raw.reshape(shape).astype(np.int64)


def _naturals(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(v, int) and not isinstance(v, bool) and 0 <= v < 1 << 31 for v in value
    )

"""Writes the conformance suite: streams, traces and fluster's JSON files.

Run `python -m tests.conformance.generate` after a change of the bitstream, and say so in
CHANGELOG.md. The streams are made by this software alone from the key pictures in key_pictures/,
which were coded once with VVenC and x265 from generated pictures.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

from reference_sw.bitstream.carriage import StreamReader
from reference_sw.bitstream.sei_generation import SeiGeneration
from reference_sw.bitstream.sei_message import SeiState
from reference_sw.decoder import trace_command
from tests.conformance.native_streams import STREAMS as NATIVE
from tests.conformance.native_streams import native_stream
from tests.conformance.negative_streams import NEGATIVE
from tests.conformance.sei_streams import OLDER
from tests.conformance.sei_streams import STREAMS as SEI

FOLDER = Path(__file__).parent
RESULT = "md5 of the output of gvc-trace --parameters"


def sei_syntax(name: str) -> str:
    """Value of the option --sei-syntax for a stream."""
    return "vtm-23.9" if name in OLDER else "vtm-23.12"


def parameters_md5(data: bytes, name: str) -> str:
    """Return the md5 of a stream's decoded parameters."""
    generation = SeiGeneration.VTM_23_9 if name in OLDER else SeiGeneration.VTM_23_12
    lines = trace_command.parameter_lines(StreamReader(data, SeiState(generation)))
    return hashlib.md5(lines.encode(), usedforsecurity=False).hexdigest()


def all_streams() -> dict[str, tuple[str, bytes]]:
    """Return description and bytes of each positive stream by its file name."""
    found = {f"{n}.gvc": (text, native_stream(n)) for n, (text, _) in NATIVE.items()}
    for name, (text, make) in SEI.items():
        suffix = "hevc" if name.endswith("_hevc") else "vvc"
        found[f"{name}.{suffix}"] = (text, make())
    return found


def suite(name: str, description: str, vectors: list[dict[str, str]]) -> str:
    """Return a suite in the format of fluster."""
    document = {
        "name": name,
        "codec": "GVC",
        "description": description,
        "test_vectors": sorted(vectors, key=lambda vector: vector["name"]),
    }
    return json.dumps(document, indent=2) + "\n"


def vector(folder: str, file: str, description: str, data: bytes, result: str) -> dict[str, str]:
    return {
        "name": Path(file).stem,
        "description": description,
        "source": f"{folder}/{file}",
        "source_checksum": hashlib.md5(data, usedforsecurity=False).hexdigest(),
        "input_file": file,
        "output_format": "None",
        "result": result,
    }


def write(folder: Path) -> None:
    """Write the whole suite into a folder."""
    for part in ("streams", "negative", "traces", "suites"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    vectors: dict[str, list[dict[str, str]]] = {"native": [], "sei": []}
    for file, (text, data) in all_streams().items():
        path = folder / "streams" / file
        path.write_bytes(data)
        name = path.stem
        trace = folder / "traces" / f"{name}.txt"
        options = ["--values", "--sei-syntax", sei_syntax(name), "--out", str(trace)]
        if trace_command.main([str(path), *options]) != 0:
            raise RuntimeError(f"{path}: cannot be traced")
        kind = "sei" if name in SEI else "native"
        vectors[kind].append(vector("streams", file, text, data, parameters_md5(data, name)))
    refused = []
    for name, negative in NEGATIVE.items():
        data = negative.make()
        (folder / "negative" / f"{name}.bin").write_bytes(data)
        result = f"error: {negative.error}"
        refused.append(vector("negative", f"{name}.bin", negative.description, data, result))
    texts = {
        "GVC-native": suite("GVC-native", f"Native carriage; result: {RESULT}", vectors["native"]),
        "GVC-sei": suite("GVC-sei", f"SEI carriage; result: {RESULT}", vectors["sei"]),
        "GVC-negative": suite(
            "GVC-negative", "To be refused; result: words of the error message", refused
        ),
    }
    for name, text in texts.items():
        (folder / "suites" / f"{name}.json").write_text(text)


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)

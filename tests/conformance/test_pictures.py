"""Decodes the picture vectors: the same video everywhere, to the bit."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reference_sw.decoder.decode_command import main as decode
from tests.conformance.generate import FOLDER
from tests.conformance.generate_pictures import CONVERTED, SUITES, decoded_md5

ROOT = Path(__file__).parents[2]
LISTS: dict[str, list[dict[str, Any]]] = {
    name: json.loads((FOLDER / "suites" / f"{name}.json").read_text())["test_vectors"]
    for name in SUITES
}
CASES = [(name, vector) for name, vectors in LISTS.items() for vector in vectors]


def model_of(suite: str) -> Path:
    return FOLDER / "models" / SUITES[suite].model


def stream_of(vector: dict[str, Any]) -> Path:
    path = FOLDER / str(vector["source"])
    assert hashlib.md5(path.read_bytes()).hexdigest() == vector["source_checksum"]
    return path


@pytest.mark.parametrize(
    ("suite", "vector"), CASES, ids=lambda x: str(x["name"]) if "name" in x else x
)
def test_decoded_video(suite: str, vector: dict[str, Any]) -> None:
    assert decoded_md5(stream_of(vector), model_of(suite)) == vector["result"]


@pytest.mark.parametrize("suite", SUITES)
def test_the_suite_is_whole(suite: str) -> None:
    stems = set(SUITES[suite].vectors)
    converted = {native: sei for native, sei in CONVERTED.items() if native in stems}
    results = {vector["name"]: vector["result"] for vector in LISTS[suite]}
    assert set(results) == {*stems, *converted.values()}
    for native, sei in converted.items():
        assert results[native] == results[sei]


@pytest.mark.slow
def test_another_processor_and_thread_count_give_the_same_video(tmp_path: Path) -> None:
    suite = "GVC-pictures"
    vector = LISTS[suite][0]
    plain = {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41"}
    command = [sys.executable, "-m", "reference_sw.decoder.decode_command", "--threads", "2"]
    command += ["--model", str(model_of(suite)), str(stream_of(vector)), "-o"]
    out = tmp_path / "out.yuv"
    environment = {**os.environ, **plain, "MKL_CBWR": "COMPATIBLE"}
    subprocess.run([*command, str(out)], check=True, cwd=ROOT, env=environment, capture_output=True)
    assert hashlib.md5(out.read_bytes()).hexdigest() == vector["result"]


def test_a_stream_without_parameters_needs_no_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = FOLDER / "streams" / "repeated_key_picture.gvc"
    assert decode([str(stream), "-o", str(tmp_path / "out.yuv")]) == 0
    assert "3 pictures of 64x64" in capsys.readouterr().err
    assert (tmp_path / "out.yuv").stat().st_size == 3 * 64 * 64 * 3

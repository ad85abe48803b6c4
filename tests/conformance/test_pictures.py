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
from tests.conformance.generate_pictures import CONVERTED, MODEL, VECTORS, decoded_md5

ROOT = Path(__file__).parents[2]
SUITE: list[dict[str, Any]] = json.loads((FOLDER / "suites" / "GVC-pictures.json").read_text())[
    "test_vectors"
]


def stream_of(vector: dict[str, Any]) -> Path:
    path = FOLDER / str(vector["source"])
    assert hashlib.md5(path.read_bytes()).hexdigest() == vector["source_checksum"]
    return path


@pytest.mark.parametrize("vector", SUITE, ids=lambda vector: str(vector["name"]))
def test_decoded_video(vector: dict[str, Any]) -> None:
    assert decoded_md5(stream_of(vector), FOLDER / "models" / MODEL) == vector["result"]


def test_the_suite_is_whole() -> None:
    names = {vector["name"] for vector in SUITE}
    assert names == {*VECTORS, *CONVERTED.values()}
    results = {vector["name"]: vector["result"] for vector in SUITE}
    for native, sei in CONVERTED.items():
        assert results[native] == results[sei]


@pytest.mark.slow
def test_another_processor_and_thread_count_give_the_same_video(tmp_path: Path) -> None:
    vector = SUITE[0]
    plain = {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41"}
    command = [sys.executable, "-m", "reference_sw.decoder.decode_command", "--threads", "2"]
    command += ["--model", str(FOLDER / "models" / MODEL), str(stream_of(vector)), "-o"]
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

"""Decodes the conformance streams of suites/*.json and compares traces, hashes and errors."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reference_sw.bitstream.carriage import StreamReader
from reference_sw.bitstream.code_points import CodecFamily
from reference_sw.bitstream.errors import BitstreamError, UnsupportedError
from reference_sw.bitstream.native_stream import is_native, read_native_stream
from reference_sw.bitstream.writer_stream import write_native_stream
from reference_sw.decoder import trace_command
from reference_sw.encoder.native_to_sei import native_to_sei
from reference_sw.encoder.sei_to_native import sei_to_native
from tests.conformance.generate import FOLDER, parameters_md5, sei_syntax, write
from tests.conformance.native_streams import STREAMS

ROOT = Path(__file__).parents[2]


def vectors(suite: str) -> list[dict[str, Any]]:
    document = json.loads((FOLDER / "suites" / f"{suite}.json").read_text())
    found: list[dict[str, Any]] = document["test_vectors"]
    return found


POSITIVE = [*vectors("GVC-native"), *vectors("GVC-sei")]
NEGATIVE = vectors("GVC-negative")


# Streams that are not damaged, but need a later version of the software.
NOT_SUPPORTED = ("newer_version", "reserved_family")


def name_of(vector: dict[str, Any]) -> str:
    return str(vector["name"])


def data_of(vector: dict[str, Any]) -> bytes:
    data = (FOLDER / vector["source"]).read_bytes()
    assert hashlib.md5(data).hexdigest() == vector["source_checksum"]
    return data


@pytest.mark.parametrize("vector", POSITIVE, ids=name_of)
def test_decoded_parameters(vector: dict[str, Any]) -> None:
    assert parameters_md5(data_of(vector), vector["name"]) == vector["result"]


@pytest.mark.parametrize("vector", POSITIVE, ids=name_of)
def test_trace(vector: dict[str, Any], tmp_path: Path) -> None:
    out = tmp_path / "trace.txt"
    options = ["--values", "--sei-syntax", sei_syntax(vector["name"]), "--out", str(out)]
    assert trace_command.main([str(FOLDER / vector["source"]), *options]) == 0
    expected = FOLDER / "traces" / f"{vector['name']}.txt"
    assert out.read_text() == expected.read_text()


@pytest.mark.parametrize("vector", NEGATIVE, ids=name_of)
def test_negative_streams_are_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(BitstreamError) as caught:
        trace_command.parameter_lines(StreamReader(data_of(vector)))
    message = str(caught.value)
    assert vector["result"].removeprefix("error: ") in message
    assert "\n" not in message
    assert isinstance(caught.value, UnsupportedError) == (vector["name"] in NOT_SUPPORTED)


@pytest.mark.parametrize(
    "vector", [v for v in POSITIVE if v["input_file"].endswith(".gvc")], ids=name_of
)
def test_native_streams_are_rewritten_byte_for_byte(vector: dict[str, Any]) -> None:
    data = data_of(vector)
    assert is_native(data)
    assert write_native_stream(read_native_stream(data)) == data


CONVERTED = [
    "keypoints_2d",
    "keypoints_2d_matrices",
    "keypoints_3d",
    "compact_feature_grid",
    "landmarks_2d",
    "facial_semantics",
    "body_pose",
    "pca_motion",
    "message_groups",
    "several_key_pictures",
]


@pytest.mark.parametrize("name", CONVERTED)
def test_both_carriages_hold_the_same_parameters(name: str) -> None:
    data = (FOLDER / "streams" / f"{name}.gvc").read_bytes()
    back = sei_to_native(native_to_sei(data), pictures_per_segment=2)
    assert parameters_md5(back, name) == parameters_md5(data, name)


def test_ignored_units_change_nothing() -> None:
    with_units = parameters_md5((FOLDER / "streams" / "ignored_units.gvc").read_bytes(), "")
    stream = (FOLDER / "streams" / "ignored_units.gvc").read_bytes()
    kept = [u for u in read_native_stream(stream) if u.header.nal_unit_type in (1, 2, 28)]
    assert len(kept) == 4
    assert parameters_md5(write_native_stream(kept), "") == with_units


def test_upper_sub_layers_can_be_dropped() -> None:
    stream = (FOLDER / "streams" / "temporal_sub_layers.gvc").read_bytes()
    kept = [u for u in read_native_stream(stream) if u.header.temporal_id == 0]
    lines = trace_command.parameter_lines(StreamReader(stream)).splitlines()
    fewer = trace_command.parameter_lines(StreamReader(write_native_stream(kept))).splitlines()
    assert [line.split()[1] for line in fewer] == ["0", "2", "4", "6"]
    assert fewer == lines[:4]


def test_the_generator_makes_these_files(tmp_path: Path) -> None:
    write(tmp_path)
    made = {p.relative_to(tmp_path): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    parts = ("streams", "negative", "traces", "suites")
    files = [
        p
        for part in parts
        for p in (FOLDER / part).iterdir()
        if not p.stem.startswith("GVC-pictures")
    ]
    kept = {p.relative_to(FOLDER): p.read_bytes() for p in files}
    assert sorted(made) == sorted(kept)
    assert [path for path, data in made.items() if kept[path] != data] == []


def test_the_suite_covers_what_it_should() -> None:
    assert len(POSITIVE) >= 25 and len(NEGATIVE) >= 25
    families = {
        int(unit.body.gps_codec_family)
        for _, make in STREAMS.values()
        for unit in make()
        if hasattr(unit.body, "gps_codec_family")
    }
    assert families == {int(f) for f in CodecFamily if f <= CodecFamily.MESSAGE_GROUPS}
    assert all(len(data_of(v)) < 4096 for v in POSITIVE)


def test_the_command_refuses_a_negative_stream_in_one_line() -> None:
    path = FOLDER / "negative" / "missing_segment.bin"
    command = [sys.executable, "-m", "reference_sw.decoder.trace_command", "--parameters"]
    run = subprocess.run(
        [*command, str(path)], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert run.returncode == 1 and run.stdout == ""
    assert run.stderr.count("\n") == 1 and "segments are missing" in run.stderr

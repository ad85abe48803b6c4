"""gvc-trace and gvc-probe on small streams, from the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from reference_sw.bitstream.byte_stream import join_byte_stream
from reference_sw.bitstream.key_picture import KeyPicture
from reference_sw.bitstream.native_unit import EndOfSequence
from reference_sw.bitstream.parameter_layout import ParameterLayout
from reference_sw.bitstream.parameter_set import GroupCoding, ParameterSet
from reference_sw.bitstream.writer_stream import unit_of, write_native_stream
from reference_sw.decoder.stream_summary import summarise
from reference_sw.encoder.segment_encoder import SegmentEncoder
from tests.reference_sw.bitstream.test_gfv_golden import A0, A1

ROOT = Path(__file__).parents[3]


def run_tool(module: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", f"reference_sw.decoder.{module}", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


@pytest.fixture
def native(tmp_path: Path) -> Path:
    import numpy as np

    gps = ParameterSet(layout=ParameterLayout(pl_num_points_minus1=1), groups=[GroupCoding(0, 6)])
    values = [(np.array([n, -n, 2 * n, 5], np.int64),) for n in range(3)]
    units = [
        unit_of(gps),
        unit_of(KeyPicture(kpu_access_unit_byte=b"\0\0\1key")),
        unit_of(SegmentEncoder(gps).encode(values, {0})),
        unit_of(EndOfSequence()),
    ]
    path = tmp_path / "a.gvc"
    path.write_bytes(write_native_stream(units))
    return path


@pytest.fixture
def sei(tmp_path: Path) -> Path:
    path = tmp_path / "a.vvc"
    units = [bytes.fromhex("0041 80 ff"), A0, A1]
    # An SPS as VTM writes it is needed for the geometry only; here the units alone are read.
    path.write_bytes(join_byte_stream([bytes.fromhex("00a1 80"), *units], long_first=True))
    return path


def test_trace_lists_units_elements_and_values(native: Path) -> None:
    run = run_tool("trace_command", "--values", native)
    assert run.returncode == 0, run.stderr
    lines = run.stdout.splitlines()
    assert lines[0] == "unit 0  PARAMETER_SET  layer 0  byte 0  size 20"
    assert lines[4].split() == ["8", "nal_unit_type", "u(5)", "5", "28"]
    assert any(line.split() == ["16", "gps_parameter_set_id", "u(4)", "4", "0"] for line in lines)
    assert "          picture 2  key False  quantised [[2, -2, 4, 5]]" in lines


def test_trace_as_json(native: Path, tmp_path: Path) -> None:
    run = run_tool("trace_command", "--json", "--values", native, "--out", tmp_path / "t.json")
    assert run.returncode == 0 and run.stdout == ""
    document = json.loads((tmp_path / "t.json").read_text())
    names = [unit["name"] for unit in document["units"]]
    assert names == ["PARAMETER_SET", "KEY_PICTURE", "SEGMENT", "END_OF_SEQUENCE"]
    assert sum(unit["size"] for unit in document["units"]) == native.stat().st_size
    first = document["units"][0]["elements"]
    assert first[5] == {
        "position": 16,
        "structure": "ParameterSet",
        "name": "gps_parameter_set_id",
        "descriptor": "u(4)",
        "bits": 4,
        "value": 0,
    }
    assert document["units"][2]["values"][1]["quantised"] == [[1, -1, 2, 5]]


def test_trace_of_messages(sei: Path) -> None:
    run = run_tool("trace_command", "--values", sei)
    assert run.returncode == 0, run.stderr
    lines = [line.split() for line in run.stdout.splitlines()]
    assert ["32", "gfv_id", "ue(v)", "5", "3"] in lines
    assert sum(line[:2] == ["unit", "3"] for line in lines) == 1
    assert "0.8046875" in run.stdout


def test_a_damaged_stream_is_traced_up_to_the_fault(native: Path) -> None:
    native.write_bytes(native.read_bytes()[:16])
    run = run_tool("trace_command", native)
    assert run.returncode == 1
    assert run.stderr.count("\n") == 1
    assert run.stderr.startswith(f"gvc-trace: {native}: unit at byte 0: ")
    assert "gps_codec_family" in run.stdout
    as_json = run_tool("trace_command", "--json", native)
    assert json.loads(as_json.stdout)["error"] in run.stderr


@pytest.mark.parametrize("module", ["trace_command", "probe_command"])
def test_wrong_files(module: str, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello")
    text = run_tool(module, tmp_path / "text")
    assert text.returncode == 1 and "no start code" in text.stderr
    (tmp_path / "empty").write_bytes(b"")
    assert run_tool(module, tmp_path / "empty").returncode == 1
    assert run_tool(module, tmp_path / "missing").returncode == 2
    assert run_tool(module, tmp_path).returncode == 2
    (tmp_path / "other").write_bytes(b"\0\0\0\1\x67\x42\0\x1e")
    assert "neither the native carriage" in run_tool(module, tmp_path / "other").stderr


def test_probe_components_add_up(native: Path) -> None:
    run = run_tool("probe_command", "--json", native)
    assert run.returncode == 0, run.stderr
    document = json.loads(run.stdout)
    size = native.stat().st_size
    assert document["size"] == size == sum(document["components"].values())
    assert (document["width"], document["height"], document["pictures"]) == (256, 256, 3)
    assert document["key_pictures"] == 1 and document["segments"] == 1
    assert document["components"]["headers"] == 20 + 5
    text = run_tool("probe_command", native).stdout
    assert "family             KEYPOINTS_2D" in text


def test_probe_of_a_stream_made_by_vtm() -> None:
    if "GVC_DATA" not in os.environ:
        pytest.skip("GVC_DATA is not set: the streams made by VTM are not at hand")
    for name, pictures in (("A", 6), ("F", 6), ("S", 125), ("A_prefix", 6)):
        stream = (Path(os.environ["GVC_DATA"]) / "gfv_sei" / f"gfv{name}.bin").read_bytes()
        summary = summarise(stream)
        assert sum(summary.components.values()) == len(stream)
        assert (summary.width, summary.height, summary.bit_depth) == (256, 256, 10)
        assert (summary.pictures, summary.key_pictures) == (pictures, 2)


@pytest.mark.parametrize("module", ["trace_command", "probe_command"])
def test_help_has_examples_and_exit_codes(module: str) -> None:
    text = run_tool(module, "--help").stdout
    assert "examples:" in text and "exit codes:" in text

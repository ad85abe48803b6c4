"""Every syntax element in the code is in the text, with its descriptor, and the reverse."""

from __future__ import annotations

import ast
import re
from enum import IntEnum
from pathlib import Path

import pytest

from reference_sw.bitstream import code_points
from reference_sw.bitstream.gfv_message import GenerativeFaceVideo
from reference_sw.bitstream.gfv_state import GfvState
from reference_sw.bitstream.gfve_message import GfveState
from reference_sw.bitstream.key_picture import KeyPicture
from reference_sw.bitstream.levels import LEVELS
from reference_sw.bitstream.native_unit import WalkState, native_unit
from reference_sw.bitstream.parameter_set import GroupCoding
from reference_sw.bitstream.sei_generation import SeiGeneration
from reference_sw.bitstream.sei_message import (
    OtherPayload,
    SeiMessage,
    SeiState,
    UserDataUnregistered,
)
from reference_sw.bitstream.sei_unit import read_sei_unit
from reference_sw.bitstream.trace import Trace
from reference_sw.bitstream.video_codec import Vvc
from reference_sw.bitstream.writer import SyntaxWriter
from reference_sw.bitstream.writer_enhancement import enhancement_message
from reference_sw.bitstream.writer_face import face_message
from reference_sw.bitstream.writer_sei import write_sei_unit
from reference_sw.bitstream.writer_stream import NativeWriter, unit_of
from tests.reference_sw.bitstream.face_samples import TRACKS, track
from tests.reference_sw.bitstream.native_samples import FAMILIES, small_set, stream_units
from tests.reference_sw.bitstream.test_gfv_golden import A0, B0, D0
from tests.reference_sw.bitstream.test_writer_face import enhancements

ROOT = Path(__file__).parents[3]
TEXT = ROOT / "reference_sw" / "specification"
CLAUSES = sorted(TEXT.glob("0[1-9]-*.md"))
ROW = re.compile(r"^\s+([a-z][a-z0-9_]+)((?:\[[^\]]*\])*)\s+((?:b|f|u|ue|se|st)\([0-9nv]+\))")

Elements = dict[str, set[str]]


def elements_in_text() -> Elements:
    found: Elements = {}
    for path in CLAUSES:
        inside = False
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("```"):
                inside = not inside
            elif inside and (row := ROW.match(line)):
                found.setdefault(row[1], set()).add(row[3])
    return found


def elements_in_code() -> Elements:
    """Names and descriptors that walks over samples of every structure really code."""
    trace = Trace()
    writer = NativeWriter()
    for unit in stream_units():
        writer.write(unit, trace)
    for family, layout, expected in FAMILIES:
        groups = [GroupCoding() for _ in expected]
        gps = small_set(gps_codec_family=family, layout=layout, groups=groups)
        writer.write(unit_of(gps), trace)
    gps = small_set(gps_parameter_set_id=3)
    native_unit(SyntaxWriter(trace), unit_of(gps), state := WalkState())
    native_unit(SyntaxWriter(trace), unit_of(KeyPicture(3, kpu_access_unit_byte=b"x")), state)
    for data in (A0, B0, D0):
        read_sei_unit(data, Vvc(), SeiState(), trace)
    _face_messages(trace)
    _other_messages(trace)
    found: Elements = {}
    for entry in trace.entries:
        found.setdefault(re.sub(r"\[.*", "", entry.name), set()).add(entry.descriptor)
    return found


def _face_messages(trace: Trace) -> None:
    for name in TRACKS:
        for predict in (False, True):
            state = SeiState()
            for parameters in track(name, 3):
                known = state.gfv.get(parameters.gfv_id, GfvState())
                message = SeiMessage(payload=face_message(parameters, known, predict=predict))
                write_sei_unit([message], Vvc(), state, trace=trace)
    for predict in (False, True):
        state = SeiState()
        for enhancement in enhancements():
            payload = enhancement_message(
                enhancement, state.gfve.get((9, 4), GfveState()), predict=predict
            )
            if enhancement.base_picture:
                payload.gfve_nn_present_flag = 1
                payload.gfve_nn_mode_idc = int(predict)
                payload.gfve_nn_payload_byte = b"" if predict else b"nn"
                payload.gfve_nn_tag_uri = payload.gfve_nn_uri = "uri" if predict else ""
            write_sei_unit([SeiMessage(224, payload=payload)], Vvc(), state, trace=trace)


def _other_messages(trace: Trace) -> None:
    older = GenerativeFaceVideo(
        gfv_base_picture_flag=1,
        gfv_nn_present_flag=1,
        gfv_nn_payload_byte=b"nn",
        gfv_chroma_key_info_present_flag=1,
        gfv_chroma_key_value_present_flag={(0,): 0, (1,): 1, (2,): 0},
        gfv_chroma_key_value={(1,): 217},
        gfv_chroma_key_thr_present_flag={(0,): 1, (1,): 0},
        gfv_chroma_key_thr_value={(0,): 300},
        gfv_coordinate_present_flag=1,
        gfv_coordinate_x_abs={(0,): 0},
        gfv_coordinate_y_abs={(0,): 0},
    )
    fusion = GenerativeFaceVideo(
        gfv_id=1,
        gfv_coordinate_present_flag=1,
        gfv_coordinate_x_abs={(0,): 0},
        gfv_coordinate_y_abs={(0,): 0},
    )
    messages = [
        SeiMessage(payload=older),
        SeiMessage(payload=fusion, extension="0110"),
        SeiMessage(5, payload=UserDataUnregistered()),
        SeiMessage(300, payload=OtherPayload(b"other")),
    ]
    write_sei_unit(messages, Vvc(), SeiState(SeiGeneration.VTM_23_9), trace=trace)


def test_elements_and_descriptors_agree() -> None:
    text, code = elements_in_text(), elements_in_code()
    assert sorted(text) == sorted(code)
    assert len(text) > 150
    for name, described in text.items():
        variable = "u(v)" in described
        coded = {"u(v)" if variable and d.startswith("u(") else d for d in code[name]}
        assert coded == described, name


def test_every_named_element_of_the_code_was_walked() -> None:
    """Literal names given to a coder, so that the samples above cannot miss one."""
    walked = set(elements_in_code())
    methods = {"u", "ue", "se", "flag", "st", "fixed", "byte_string", "byte_string_to_end"}
    skipped = {"video_geometry.py", "syntax.py"}
    for path in sorted((ROOT / "reference_sw" / "bitstream").glob("*.py")):
        if path.name in skipped:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if node.func.attr in methods:
                for argument in node.args:
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                        assert argument.value in walked, f"{path.name}: {argument.value}"


def tables() -> list[list[str]]:
    rows = []
    for path in CLAUSES:
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("|"):
                rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


@pytest.mark.parametrize(
    "enum",
    [
        code_points.UnitType,
        code_points.CodecFamily,
        code_points.PredictionMode,
        code_points.KeyPictureCodec,
        code_points.HashScope,
        code_points.LayerPurpose,
        code_points.GroupKind,
    ],
)
def test_code_points_are_in_the_text(enum: type[IntEnum]) -> None:
    rows = [row[:2] for row in tables()]
    for member in enum:
        assert [str(int(member)), member.name] in rows, member


def test_no_code_point_of_the_text_is_missing_in_the_code() -> None:
    known = {
        (str(int(member)), member.name)
        for value in vars(code_points).values()
        if isinstance(value, type) and issubclass(value, IntEnum)
        for member in value
    }
    named = {(r[0], r[1]) for r in tables() if r[0].isdigit() and r[1].isupper()}
    assert named <= known and len(named) > 40


def test_levels_are_those_of_the_text() -> None:
    path = TEXT / "08-levels.md"
    rows = re.findall(r"^\| (\d+) \|(.*)\|$", path.read_text(encoding="utf-8"), re.MULTILINE)
    found = {int(idc): [int(cell) for cell in cells.split("|")] for idc, cells in rows}
    expected = {idc: list(vars(level).values())[1:] for idc, level in LEVELS.items()}
    assert found == expected


def test_cited_clauses_exist() -> None:
    headings = set()
    for path in TEXT.glob("*.md"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if found := re.match(r"#+ (\d+(?:\.\d+)*)\b", line):
                headings.add(found[1])
    cited = set()
    for path in sorted((ROOT / "reference_sw" / "bitstream").glob("*.py")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if "H.26" in line or "H.27" in line:
                continue
            for match in re.finditer(r"[Cc]lauses? ((?:\d+(?:\.\d+)*(?:, | and | to )?)+)", line):
                cited |= set(re.findall(r"\d+(?:\.\d+)*", match[1]))
    assert len(cited) > 25
    assert cited <= headings, sorted(cited - headings)


def test_the_readme_lists_every_file() -> None:
    listed = set(re.findall(r"`([0-9]{2}-[a-z-]+\.md)`", (TEXT / "README.md").read_text()))
    assert {path.name for path in TEXT.glob("[0-9]*.md")} <= listed

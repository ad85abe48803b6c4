"""Reads the text that VTM writes with --OutputDecodedSEIMessagesFilename."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from reference_sw.bitstream.gfv_chroma_key import chroma_key_values
from reference_sw.bitstream.gfv_message import GenerativeFaceVideo
from reference_sw.bitstream.gfv_state import FaceParameters
from reference_sw.bitstream.gfve_message import EnhancementParameters
from reference_sw.bitstream.sei_generation import FRACTION_BITS
from reference_sw.bitstream.sei_message import SeiMessage
from reference_sw.bitstream.trace import TraceEntry

HEADER = re.compile(r"Generative face video (enhancement )?SEI message \((\d+) bytes\)")
# Where VTM's trace names differ from the syntax element's name.
VTM_NAMES = {
    "gfv_mode_idc": "gfv_nn_mode_idc",
    "gfv_uri_tag": "gfv_nn_tag_uri",
    "gfv_uri": "gfv_nn_uri",
    "gfve_nn_uri_tag": "gfve_nn_tag_uri",
    "gfv_Matrix3DSpaceFlag": "gfv_matrix_3d_space_flag",
}
DERIVED = {
    "gfv_coordinate_Xtensor",
    "gfv_coordinate_Ytensor",
    "gfv_coordinate_Ztensor",
    "gfv_MatrixElement",
    "gfveMatrixNumber",
    "gfveMatrixWidthXHeight",
    "gfveMatrixElement",
    "gfve_PupilCoordinate",
    "gfv_chroma_key_value",
}
EXTENSION = "reserved_payload_extension_data"


@dataclass
class DumpedMessage:
    """Elements in order, derived values, and the payload size."""

    size: int
    enhancement: bool
    elements: list[tuple[str, str]] = field(default_factory=list)
    derived: dict[str, str] = field(default_factory=dict)
    extension: str = ""


def read_dump(text: str) -> list[DumpedMessage]:
    """Return the generative face video messages of a dump."""
    messages: list[DumpedMessage] = []
    for line in text.splitlines():
        if found := HEADER.match(line):
            messages.append(DumpedMessage(int(found[2]), bool(found[1])))
        elif ": " in line and messages:
            name, value = line.split(": ", 1)
            _take(messages[-1], name.strip(), value.strip())
    return messages


def _take(message: DumpedMessage, raw_name: str, value: str) -> None:
    name = re.sub(r"\[.*\]", "", raw_name)
    if name == EXTENSION:
        message.extension += value
    elif raw_name in DERIVED:
        message.derived[name] = value
    else:
        message.elements.append((VTM_NAMES.get(name, name), value))


def elements_of(entries: list[TraceEntry]) -> list[tuple[str, str]]:
    """Return the elements of one traced message in the form of a dump."""
    found = []
    for entry in entries:
        name = re.sub(r"\[.*\]", "", entry.name)
        if not name.startswith("gfv"):
            continue
        if isinstance(entry.value, bytes):
            # VTM prints each byte as a signed number.
            signed = [b - 256 if b > 127 else b for b in entry.value]
            found += [(name, str(b)) for b in signed]
        else:
            found.append((name, str(entry.value)))
    return found


def derived_of(message: SeiMessage) -> dict[str, str]:
    """Return the derived values of a message as VTM prints them (six significant digits)."""
    values = message.values
    if isinstance(values, EnhancementParameters):
        return _enhancement(values)
    assert isinstance(values, FaceParameters)
    found = {}
    if values.coordinate_layout is not None:
        axes = "XYZ"[: 2 + values.coordinate_layout.z_present]
        for number, axis in enumerate(axes):
            column = values.coordinates[number :: len(axes)]
            found[f"gfv_coordinate_{axis}tensor"] = _text(column)
    if values.matrix_layout is not None:
        found["gfv_MatrixElement"] = _text(values.matrices)
    payload = message.payload
    assert isinstance(payload, GenerativeFaceVideo)
    if payload.gfv_chroma_key_info_present_flag:
        key = [v for v in chroma_key_values(payload) if v is not None]
        found["gfv_chroma_key_value"] = " ".join(str(v) for v in key)
    return found


def _enhancement(values: EnhancementParameters) -> dict[str, str]:
    found = {}
    if values.layout is not None:
        found["gfveMatrixNumber"] = str(len(values.layout.sizes))
        sizes = [f"{width}x{height}" for height, width in values.layout.sizes]
        found["gfveMatrixWidthXHeight"] = " ".join(sizes)
        found["gfveMatrixElement"] = _text(values.matrices)
    if values.pupils:
        found["gfve_PupilCoordinate"] = _text(values.pupils)
    return found


def _text(values: tuple[int, ...]) -> str:
    return " ".join(f"{value / (1 << FRACTION_BITS):g}" for value in values)

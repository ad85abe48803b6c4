"""Streams made by VTM 23.13: every element and derived value against VTM's own dump."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reference_sw.bitstream.byte_stream import split_byte_stream
from reference_sw.bitstream.sei_message import SeiMessage, SeiState
from reference_sw.bitstream.sei_unit import is_sei, read_sei_unit
from reference_sw.bitstream.trace import Trace, TraceEntry
from reference_sw.bitstream.video_codec import detect_codec
from reference_sw.bitstream.writer_sei import write_sei_unit
from tests.reference_sw.bitstream.vtm_dump import derived_of, elements_of, read_dump

THRESHOLDS = {"gfv_chroma_key_thr_lower", "gfv_chroma_key_thr_upper_delta_minus1"}
# Messages per stream, by the encoder configurations they were made from.
MESSAGES = {"A": 6, "B": 4, "C": 2, "C1": 1, "D": 2, "E": 3, "F": 10, "S": 125}


@pytest.fixture(scope="module")
def vectors() -> Path:
    if "GVC_DATA" not in os.environ:
        pytest.skip("GVC_DATA is not set: the streams made by VTM are not at hand")
    return Path(os.environ["GVC_DATA"]) / "gfv_sei"


def read_messages(stream: bytes) -> list[tuple[SeiMessage, list[TraceEntry]]]:
    units = split_byte_stream(stream)
    codec = detect_codec(units[0].data)
    state = SeiState()
    found = []
    for unit in units:
        if is_sei(unit.data, codec):
            trace = Trace()
            (message,) = read_sei_unit(unit.data, codec, state, trace).messages
            found.append((message, trace.entries))
    return found


@pytest.mark.parametrize("name", ["A", "B", "C", "C1", "E", "F", "S"])
def test_every_element_and_derived_value_is_vtm_s(vectors: Path, name: str) -> None:
    dumped = read_dump((vectors / f"gfv{name}.sei.txt").read_text(encoding="latin-1"))
    messages = read_messages((vectors / f"gfv{name}.bin").read_bytes())
    assert len(messages) == len(dumped) == MESSAGES[name]
    for (message, entries), expected in zip(messages, dumped, strict=True):
        assert message.payload_size == expected.size
        assert message.payload_type == (224 if expected.enhancement else 223)
        assert elements_of(entries) == without_repeated_thresholds(expected.elements)
        assert derived_of(message) == expected.derived
        # VTM stops printing extension bits when nine bits of the payload are left.
        assert message.extension.startswith(expected.extension)
        assert len(message.extension) - len(expected.extension) in (0, 6)


def without_repeated_thresholds(elements: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """VTM prints the two thresholds a second time, as derived values."""
    kept: list[tuple[str, str]] = []
    for element in elements:
        if element[0] in THRESHOLDS and element in kept:
            continue
        kept.append(element)
    return kept if len(kept) < len(elements) else elements


@pytest.mark.parametrize("name", MESSAGES)
def test_rewriting_gives_the_same_bytes(vectors: Path, name: str) -> None:
    units = split_byte_stream((vectors / f"gfv{name}.bin").read_bytes())
    codec = detect_codec(units[0].data)
    read_state, write_state = SeiState(), SeiState()
    sei = [unit.data for unit in units if is_sei(unit.data, codec)]
    assert len(sei) == MESSAGES[name]
    for data in sei:
        messages = read_sei_unit(data, codec, read_state).messages
        assert write_sei_unit(messages, codec, write_state) == data


def test_messages_are_read_from_prefix_units_too(vectors: Path) -> None:
    suffix = [m for m, _ in read_messages((vectors / "gfvA.bin").read_bytes())]
    for name in ("gfvA_prefix", "gfvA_prefix_after_slice"):
        prefix = [m for m, _ in read_messages((vectors / f"{name}.bin").read_bytes())]
        assert prefix == suffix
        assert [m.values for m in prefix] == [m.values for m in suffix]


def test_types_in_an_order_that_vtm_s_decoder_cannot_read(vectors: Path) -> None:
    """Stream C0: types 2, 4, 5, 6, 9; VTM writes it and then fails on it."""
    first = read_messages((vectors / "gfvC0.bin").read_bytes())[0][0]
    second = read_messages((vectors / "gfvC.bin").read_bytes())[0][0]
    assert first.values is not None and second.values is not None
    shapes = [
        {shape.type_idx: shape for shape in message.values.matrix_layout.shapes}  # type: ignore[union-attr]
        for message in (first, second)
    ]
    assert shapes[0] == shapes[1] and sorted(shapes[0]) == [2, 4, 5, 6, 9]


def test_absolute_points_without_a_base_picture(vectors: Path) -> None:
    """Stream D, on which VTM's decoder crashes; values from its encoder configuration, * 256."""
    messages = read_messages((vectors / "gfvD.bin").read_bytes())
    values = [m.values.coordinates for m, _ in messages]  # type: ignore[union-attr]
    configured = [
        (0.81378, 0.06032, -0.40318, 0.55996, -0.39955, -0.4734),
        (0.82135, 0.03713, -0.39094, 0.56794, -0.37368, -0.47441),
    ]
    for found, expected in zip(values, configured, strict=True):
        # VTM rounds by (int)(v * 256 + 0.5), toward zero for negative numbers.
        assert list(found) == [int(v * 256 + 0.5) << 24 for v in expected]
    assert messages[0][0].values.fusion_picture  # type: ignore[union-attr]

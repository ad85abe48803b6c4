"""Records: layout, checksum, keys, and what happens to a damaged one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ctc.record
from ctc.errors import StoreError
from ctc.keys import encode_inputs, stage_key
from ctc.record import Output, Record, check_inputs, parse_record, record_text
from ctc.record_folder import RecordFolder

INPUTS = encode_inputs("ab" * 32, ["-q", "27"], {}, "c" * 32, 250, {"width": 256})
RECORD = Record(
    key=stage_key("encode", INPUTS),
    stage="encode",
    status="done",
    inputs=INPUTS,
    output=Output(18231, "d" * 64),
    components={"bitstream": 18231},
    cost={"wall_s": 812.4, "cpu_s": 811.9, "peak_rss_mib": 1460.0, "concurrent_jobs": 2},
    where={"host": "h", "cpu": "c", "version": "VTM 22.2", "ctc": "0.1.0"},
    command={"argv": ["/x/enc", "-q", "27"], "exit_code": 0, "signal": None},
    logs=("a.out", "a.err"),
    warnings=("łogged",),
    finished="2026-01-01T00:00:00+00:00",
)


def test_key_is_the_hash_of_a_text_anyone_can_write() -> None:
    # printf '{"inputs":{"a":1},"stage":"encode"}' | sha256sum
    assert stage_key("encode", {"a": 1}) == (
        "e6189306726cf021f32c702a7df33767ed9611ce75a8878def3c39bf87d9a558"
    )


def test_what_changes_a_result_changes_the_key() -> None:
    base = ("p", ["-q", "{rate}"], {"A": "1"}, "md5", 8, {"bit_depth": 8})
    variants = [
        ("q", *base[1:]),
        (base[0], ["-q", "28"], *base[2:]),
        (*base[:2], {"A": "2"}, *base[3:]),
        (*base[:3], "md6", *base[4:]),
        (*base[:4], 9, base[5]),
        (*base[:5], {"bit_depth": 10}),
    ]
    keys = {stage_key("encode", encode_inputs(*v)) for v in [base, *variants]}  # type: ignore[arg-type]
    assert len(keys) == 1 + len(variants)


def test_round_trip_one_key_to_a_line() -> None:
    text = record_text(RECORD)
    assert parse_record(text, RECORD.key) == RECORD
    assert json.loads(text)["output"] == {"bytes": 18231, "sha256": "d" * 64}
    names = [line.split(b'"')[1].decode() for line in text.splitlines()[1:-1]]
    documented = [line.split()[0] for line in (ctc.record.__doc__ or "").splitlines()[4:] if line]
    assert names == [name for name in documented if name in names]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_altered_or_truncated_record_is_believed(data: st.DataObject) -> None:
    text = bytearray(record_text(RECORD))
    if data.draw(st.booleans()):
        position = data.draw(st.integers(0, len(text) - 1))
        text[position] ^= 1 << data.draw(st.integers(0, 7))
    else:
        text = text[: data.draw(st.integers(0, len(text) - 1))]
    with pytest.raises(StoreError):
        parse_record(bytes(text), RECORD.key)


def test_a_record_under_another_key_is_refused() -> None:
    with pytest.raises(StoreError, match="holds key"):
        parse_record(record_text(RECORD), "0" * 64)
    forged = replace(RECORD, inputs={**INPUTS, "frames": 8})
    with pytest.raises(StoreError, match="its inputs give"):
        check_inputs(parse_record(record_text(forged), RECORD.key))
    check_inputs(RECORD)


def test_nan_is_never_stored() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        record_text(replace(RECORD, cost={"wall_s": float("nan")}))


def test_a_damaged_record_is_one_line_and_moved_aside(tmp_path: Path) -> None:
    lines: list[str] = []
    folder = RecordFolder(tmp_path, lines.append)
    assert folder.read(RECORD.key) is None and lines == []
    folder.write(RECORD)
    assert folder.read(RECORD.key) == RECORD
    path = folder.path(RECORD.key)
    path.write_bytes(path.read_bytes()[:100])
    assert folder.read(RECORD.key) is None
    assert len(lines) == 1 and str(path) in lines[0] and "truncated or altered" in lines[0]
    assert not path.exists() and len(list((tmp_path / "damaged").iterdir())) == 1
    folder.write(RECORD)
    assert folder.read(RECORD.key) == RECORD
    assert not [p for p in tmp_path.rglob("*.tmp")]

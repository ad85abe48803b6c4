"""Threats T17 to T22 of docs/security.md: files that are read, and what is said of them."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import struct
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ctc.errors import CardError, MetricError, ReportError, StoreError
from ctc.isolation import missing
from ctc.package_archive import Limits, unpack_archive
from ctc.record import Output, Record, parse_record, record_text
from ctc.report.data import report_data
from ctc.report.excel.workbook import write_workbook
from ctc.report.html_report import write_html
from ctc.strict_yaml import load_yaml
from ctc.weights import read_tensors
from ctc.weights_import import import_weights
from tests.ctc.security.conftest import Trial
from tests.ctc.security.hostile import HostileCampaign
from tests.ctc.synthetic_results import synthetic_campaign


def test_t17_yaml_brings_code_or_takes_all_memory(machine: HostileCampaign) -> None:
    loot = machine.victim / "loot"
    bomb = "a: &a [x, x, x]\n" + "".join(f"{c}: &{c} [*{p}, *{p}]\n" for p, c in ("ab", "bc", "cd"))
    cases = {
        f"!!python/object/apply:os.system ['touch {loot}']": "could not determine a constructor",
        bomb: "aliases are not allowed",
        "card: 1\ncard: 1\n": "duplicate key 'card'",
        "[" * 100_000: "not valid YAML",
        "x" * (5 << 20): "larger than",
    }
    path = machine.folder / "x.yaml"
    for text, reason in cases.items():
        path.write_text(text)
        with pytest.raises(CardError, match=reason):
            load_yaml(path, CardError)
    path.write_text(next(iter(cases)))
    done = machine.ctc("codecs", str(path))
    assert done.returncode == 2 and len(done.stderr.strip().splitlines()) == 1
    assert "x.yaml: not valid YAML" in done.stderr and not loot.exists()


class Trap:
    """What runs when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.target),)


def test_t18_weights_bring_code_or_take_all_memory(
    machine: HostileCampaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    loot, folder = machine.victim / "loot", machine.folder
    monkeypatch.setenv("CTC_WEIGHTS", str(folder / "weights"))
    (folder / "trap.pth").write_bytes(pickle.dumps({"lin0.model.1.weight": Trap(loot)}))
    done = machine.ctc("weights", "import", str(folder / "trap.pth"))
    assert done.returncode == 2 and "refused by weights-only loading" in done.stderr
    assert not loot.exists() and len(done.stderr.strip().splitlines()) == 1
    monkeypatch.setattr("ctc.weights.MAX_BYTES", 1 << 20)
    monkeypatch.setattr("ctc.weights_import.MAX_BYTES", 1 << 20)
    for name in ("bomb.pth", "bomb.npz"):
        with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
            for index in range(3):
                archive.writestr(f"archive/data/{index}", bytes(1 << 20), compresslevel=1)
        with pytest.raises(MetricError, match="bytes when unpacked: shall be at most"):
            import_weights(folder / name)
    monkeypatch.undo()
    header = b'{"a":{"dtype":"F32","shape":[9223372036854775807],"data_offsets":[0,4]}}'
    texts = [
        struct.pack("<Q", 1 << 62) + b"{}",
        struct.pack("<Q", len(header)) + header + bytes(4),
        struct.pack("<Q", 100_000) + b"[" * 100_000,
    ]
    for text in texts:
        (folder / "x.safetensors").write_bytes(text)
        with pytest.raises(MetricError, match="weights cannot be read"):
            read_tensors(folder / "x.safetensors")
    array = folder / "x.npz"
    head = np.lib.format.magic(1, 0)
    text = (
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (1 << 50,), }".replace(
            b"1 << 50", str(1 << 50).encode()
        ).ljust(118)
        + b"\n"
    )
    with zipfile.ZipFile(array, "w") as archive:
        archive.writestr("a.npy", head + struct.pack("<H", len(text)) + text)
    with pytest.raises(MetricError, match="weights cannot be read"):
        read_tensors(array)


def sealed(text: bytes) -> bytes:
    """A record's text with the checksum that makes it believable."""
    body = text.rpartition(b',\n"checksum"')[0]
    return body + b',\n"checksum": "%s"\n}\n' % hashlib.sha256(body).hexdigest().encode()


def test_t19_a_record_lies(machine: HostileCampaign) -> None:
    key = "ab" * 32
    honest = Record(key, "encode", "done", {"a": 1}, output=Output(5, "cd" * 32), logs=("a.out",))
    text = record_text(honest)
    assert parse_record(sealed(text), key) == honest
    cases = {
        (b'"cd', b'"../../../'): "output sha256",
        (b'{"bytes": 5', b'{"bytes": -5'): "output bytes",
        (b'"a.out"', b'"../../../etc/passwd"'): "log",
        (b'{"a": 1}', b'{"a": 1, "a": 2}'): "'a' is given twice",
        (b'{"a": 1}', b'{"a": NaN}'): "NaN is not allowed",
        (b'{"a": 1}', b'{"a": 1e999}'): "too large for a float",
        (b'{"a": 1}', b'{"a": 1' + b"0" * 40 + b"}"): "beyond 64 bits",
        (b'{"a": 1}', b'{"a": 1' + b"0" * 9000 + b"}"): "not valid JSON",
        (b'{"a": 1}', b'{"a": ' + b"[" * 90_000 + b"]" * 90_000 + b"}"): "nested too deep",
        (b'{"a": 1}', b"[1]"): "is not an object",
    }
    for (old, new), reason in cases.items():
        assert old in text
        with pytest.raises(StoreError, match=reason):
            parse_record(sealed(text.replace(old, new)), key)
    card = machine.write_codec("honest")
    assert machine.run([card]).returncode == 0
    for path in (machine.folder / "reports" / "small" / "records").glob("??/*.json"):
        if b'"stage": "encode"' in path.read_bytes():
            digest = json.loads(path.read_bytes())["output"]["sha256"].encode()
            forged = b"../../../../../victim/diary".ljust(64, b"x")
            path.write_bytes(sealed(path.read_bytes().replace(digest, forged)))
    done = machine.ctc("resume", "reports/small", "--no-report", "--quiet")
    assert done.returncode == 0 and "Traceback" not in done.stderr
    assert "output sha256" in done.stderr + done.stdout
    assert (machine.victim / "diary").read_text() == "dear diary"


def test_t20_an_archive_writes_elsewhere_or_without_end(machine: HostileCampaign) -> None:
    path, target = machine.folder / "x.zip", machine.folder / "unpacked"
    for name in ("../victim/diary", "/etc/passwd", "a/../../x", "..\\x", "C:/x"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(zipfile.ZipInfo(name), "x")
        with pytest.raises(ReportError, match="a name is letters"):
            unpack_archive(path, target)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", bytes(50 << 20))
    with pytest.raises(ReportError, match="at most 1048576 are allowed"):
        unpack_archive(path, target, Limits(total_bytes=1 << 20))
    done = machine.ctc("crosscheck", str(path), "--limit-gib", "0.001")
    assert done.returncode == 2 and "bytes once unpacked" in done.stderr
    assert not target.exists() or not list(target.iterdir())
    assert [path.name for path in machine.victim.iterdir()] == ["diary"]


def test_t21_messages_and_names_bring_commands(trial: Trial, tmp_path: Path) -> None:
    reason = trial.decoder("painter").reason
    assert reason.isprintable() and "wrong" in reason
    assert "\x1b" not in trial.done.stdout + trial.done.stderr
    hostile = '<img src=x onerror=alert(1)></script>=HYPERLINK("http://x","y")'
    results = synthetic_campaign()
    cards = {name: replace(card, title=hostile) for name, card in results.cards.items()}
    data = report_data(replace(results, cards=cards))
    write_html(data, tmp_path / "report.html")
    assert "<img" not in (tmp_path / "report.html").read_text()
    formula = {name: replace(card, title='=cmd|"/c calc"!A1') for name, card in cards.items()}
    write_workbook(report_data(replace(results, cards=formula)), tmp_path / "report.xlsx")
    with zipfile.ZipFile(tmp_path / "report.xlsx") as book:
        parts = [book.read(name).decode() for name in book.namelist() if name.endswith(".xml")]
    assert not any("f>cmd" in part or "f>=cmd" in part for part in parts)


def test_t22_less_protection_than_believed(machine: HostileCampaign) -> None:
    card = machine.write_codec("honest")
    assert machine.run([card], "--isolate", "none").returncode == 0
    record = machine.records()["honest"]["decode"]
    assert record.command["isolation"] == "none"
    assert record.command["limits"]["processes"] == 512
    doctor = machine.ctc("doctor").stdout
    for level in ("full", "network"):
        assert f"isolation {level}" in doctor
        assert ("not offered here" in doctor) is bool(missing("full") or missing("network"))
    if missing("full"):
        done = machine.run([card], "--isolate", "full", "--force")
        assert done.returncode == 2 and "is not offered by this machine" in done.stderr

"""Cards, programs and the registry: what is accepted, what is refused, and how it is said."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from pathlib import Path

import pytest

from ctc.card import Card, load_card
from ctc.conditions.schema import load_conditions
from ctc.errors import CardError, ConditionsError
from ctc.inventory import inspect_card, program_version
from ctc.program import file_sha256, resolve_program
from ctc.registry import (
    LoadedCard,
    all_cards,
    card_paths,
    conditions_names,
    find_card,
    find_conditions,
)

CARD = """card: 1
name: acme
title: Acme
rate_points: {name: QP, values: [22, 27]}
encoder: {program: ./enc, arguments: [-i, "{source}", -o, "{bitstream}", -q, "{rate_point}"]}
decoder: {program: ./enc, arguments: ["{bitstream}", "{decoded}"]}
"""


def write_card(folder: Path, text: str = CARD, name: str = "acme") -> Path:
    program = folder / "enc"
    program.write_text("#!/bin/sh\necho Acme 1.5\n")
    program.chmod(0o755)
    path = folder / f"{name}.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("title: Acme", "titel: Acme", "unknown key 'titel'; did you mean 'title'?"),
        ("title: Acme", "title: Acme\ntitle: B", "duplicate key 'title'"),
        ("name: acme", "name: Acme Codec", "lower-case letters"),
        ("name: acme", "name: 7", "name = 7: Input should be a valid string"),
        ('"{decoded}"', '"{decoded}", "{height}"', "decoder may not use ['height']"),
        ('"{source}"', '"{sourse}"', "did you mean 'source'?"),
        ('"{source}"', '"{source"', "expected '}'"),
        ("[22, 27]", "[]", "rate_points.values"),
        ("card: 1", "card: 2", "card = 2"),
        ("title: Acme", "title: !!python/object:os.system x", "could not determine a constructor"),
        ("title: Acme", "title: &a Acme\nlog: *a", "aliases are not allowed"),
    ],
)
def test_faults_of_a_card_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = write_card(tmp_path, CARD.replace(old, new))
    with pytest.raises(CardError, match=re.escape(message)) as fault:
        load_card(path)
    assert str(path) in str(fault.value)
    assert "\n" not in str(fault.value)


def test_program_is_found_and_hashed(tmp_path: Path) -> None:
    path = write_card(tmp_path)
    program = resolve_program(path, load_card(path).encoder)
    content = (tmp_path / "enc").read_bytes()
    inner = hashlib.sha256(content).hexdigest()
    assert file_sha256(program.path) == inner
    assert program.digest == hashlib.sha256(inner.encode()).hexdigest()
    command = program.command({"source": "a.yuv", "bitstream": "b", "rate_point": "22"})
    assert command[1:] == ["-i", "a.yuv", "-o", "b", "-q", "22"]


def test_own_files_enter_the_digest(tmp_path: Path) -> None:
    (tmp_path / "model").write_text("one")
    path = write_card(tmp_path, CARD.replace("./enc, arg", "./enc, files: {m: model}, arg", 1))
    before = resolve_program(path, load_card(path).encoder).digest
    (tmp_path / "model").write_text("two!")
    assert resolve_program(path, load_card(path).encoder).digest != before


def test_absent_parts_say_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ACME_DIR", raising=False)
    text = CARD.replace("program: ./enc", "program: no-such-enc, variable: ACME_DIR")
    path = write_card(tmp_path, text)
    with pytest.raises(CardError, match="'no-such-enc' is not found; set ACME_DIR to its folder"):
        resolve_program(path, load_card(path).encoder)
    path = write_card(tmp_path, CARD.replace("./enc, arg", "./enc, files: {m: $ACME_DIR/x}, arg"))
    with pytest.raises(CardError, match="set ACME_DIR to the folder it is in"):
        resolve_program(path, load_card(path).encoder)
    monkeypatch.setenv("ACME_DIR", str(tmp_path))
    with pytest.raises(CardError, match="file 'x' is not under ACME_DIR="):
        resolve_program(path, load_card(path).encoder)
    path = write_card(tmp_path, CARD.replace("./enc", "python, modules: [no_such_module]"))
    with pytest.raises(CardError, match="Python module 'no_such_module' is not installed"):
        resolve_program(path, load_card(path).encoder)


def test_variable_may_hold_the_folder_above_bin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "cfg").mkdir()
    (tmp_path / "cfg" / "a.cfg").write_text("x")
    path = write_card(
        tmp_path,
        CARD.replace("./enc, arg", "acme-enc, variable: ACME, files: {c: $ACME/cfg/a.cfg}, arg"),
    )
    (tmp_path / "enc").rename(tmp_path / "bin" / "acme-enc")
    for value in (tmp_path, tmp_path / "bin"):
        monkeypatch.setenv("ACME", str(value))
        program = resolve_program(path, load_card(path).encoder)
        assert program.path == tmp_path / "bin" / "acme-enc"
        assert program.files["c"] == tmp_path / "cfg" / "a.cfg"


def test_pinned_version_is_verified(tmp_path: Path) -> None:
    version = 'version: {arguments: [], pattern: "Acme ([0-9.]+)", pinned: "1.5"}\n'
    path = write_card(tmp_path, CARD + version)
    card = load_card(path)
    assert program_version(card, resolve_program(path, card.encoder)) == "1.5"
    path = write_card(tmp_path, CARD + version.replace("1.5", "1.6"))
    state = inspect_card(LoadedCard(load_card(path), path))
    assert not state.usable
    assert state.problem.endswith("is version 1.5; the card pins 1.6")


def test_python_program_is_its_source(tmp_path: Path) -> None:
    text = CARD.replace("./enc", "python, modules: [reference_sw.video]")
    path = write_card(tmp_path, text.replace("[-i,", "[-m, reference_sw.video.x, -i,"))
    program = resolve_program(path, load_card(path).encoder)
    assert program.path == Path(sys.executable)
    first = program.environment["PYTHONPATH"].split(os.pathsep)[0]
    assert (Path(first) / "reference_sw" / "video" / "format.py").is_file()


def test_registry_names_near_misses() -> None:
    with pytest.raises(CardError, match=r"codec 'vvencld' is unknown; did you mean 'vvenc-ld'\?"):
        find_card("vvencld")
    with pytest.raises(ConditionsError, match="did you mean 'demo'"):
        find_conditions("demoo")


def test_every_card_of_ours_is_sound() -> None:
    cards = all_cards()
    assert len(cards) == len(card_paths()) >= 15
    for loaded in cards:
        assert isinstance(loaded.card, Card)
        assert loaded.card.name == loaded.path.stem


def test_every_conditions_file_of_ours_is_sound() -> None:
    known = {path.stem for path in card_paths()}
    for name in conditions_names():
        conditions, _ = find_conditions(name)
        assert conditions.name == name
        for configuration in conditions.configurations:
            used = {configuration.anchor, *configuration.tests, *configuration.rate_points}
            assert used <= known, f"{name}: {sorted(used - known)}"


def test_faults_of_conditions_are_named(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    text = (Path(find_conditions("demo")[1])).read_text()
    path.write_text(text.replace("frames: 50", "frames: 0"))
    with pytest.raises(ConditionsError, match=r"sequences.frames = 0: .*at least 1"):
        load_conditions(path)
    path.write_text(text.replace("anchor:", "ancor:"))
    with pytest.raises(ConditionsError, match="did you mean 'anchor'"):
        load_conditions(path)

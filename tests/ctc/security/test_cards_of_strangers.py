"""Threats T1 to T4 of docs/security.md: what a card alone can bring about."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from ctc.card import load_card
from ctc.errors import CardError
from ctc.inventory import inspect_card
from ctc.program import resolve_program
from ctc.registry import LoadedCard
from tests.ctc.security.hostile import HEAD, HostileCampaign


def refusal(card: Path) -> str:
    """The one line with which the card is refused when it is loaded or its programs are found."""
    with pytest.raises(CardError) as caught:
        loaded = load_card(card)
        resolve_program(card, loaded.encoder)
        resolve_program(card, loaded.decoder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def program(name: str, *arguments: str, **more: Any) -> dict[str, Any]:
    return {"program": name, "arguments": list(arguments), **more}


def test_t01_a_card_runs_a_shell_or_its_own_text(machine: HostileCampaign) -> None:
    loot = machine.victim / "loot"
    texts = [f"; touch {loot}", f"$(touch {loot})", f"`touch {loot}`", f"| tee {loot}", "&&", "*"]
    own = machine.folder / "codecs" / "literal"
    decoder = 'print(sys.argv[3:]); sys.exit("told")'
    card = machine.write_codec("literal", decoder=decoder)
    machine.write_card(own, "literal", decoder=program("./dec", "{bitstream}", "{decoded}", *texts))
    shell = machine.write_card(
        machine.folder / "codecs" / "shell",
        "shell",
        decoder=program("sh", "-c", f"touch {loot}"),
        encoder=program("sh", "-c", f"touch {loot}"),
    )
    done = machine.run([card, shell])
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "'sh' is /" in done.stdout + done.stderr and "runs what it is told" in done.stdout
    assert machine.said(machine.records()["literal"]["decode"]).strip() == str(texts)
    assert not loot.exists()
    (own / "link").symlink_to("/bin/sh")
    for name in ("bash", "/bin/sh", "../../../../../../../../bin/sh", "./link", "env", "xargs"):
        line = refusal(machine.write_card(own, "x", encoder=program(name, "-c", "true")))
        assert "runs what it is told" in line or "is not found" in line
    for arguments in (("-c", "import os"), ("{bitstream}",), ("-m", "os"), ("-i",)):
        line = refusal(machine.write_card(own, "x", decoder=program("python", *arguments)))
        assert "a module listed under 'modules'" in line


def test_t02_a_card_leads_a_program_of_the_machine_astray(machine: HostileCampaign) -> None:
    own, target = machine.folder / "codecs" / "astray", machine.victim / "diary"
    hostile = [
        ["-y", str(target)],
        ["-i", f"file:{target}"],
        ["-i", f"concat:{target}|x"],
        ["-filter", f"movie={target}"],
        ["{work}/../../../x"],
        ["../x"],
        ["~/x"],
    ]
    for arguments in hostile:
        line = refusal(machine.write_card(own, "x", encoder=program("ffmpeg", *arguments)))
        assert "paths shall be placeholders" in line
    for name in ("LD_PRELOAD", "FFREPORT", "PYTHONSTARTUP"):
        environment = {name: "x.so"}
        card = machine.write_card(own, "x", encoder=program("ffmpeg", environment=environment))
        assert f"{name} changes what ffmpeg" in refusal(card)
    for argument in ("{bitstream:>9000000000}", "{bitstream!r}", "{bitstream.__class__}", "{0}"):
        line = refusal(machine.write_card(own, "x", decoder=program("./dec", argument)))
        assert "stand alone, without a format" in line or "may not use" in line
    line = refusal(machine.write_card(own, "x", decoder=program("./dec", "{source}")))
    assert "decoder may not use ['source']" in line
    done = machine.run([machine.write_card(own, "x", encoder=program("ffmpeg", "-y", str(target)))])
    assert done.returncode == 1 and "paths shall be placeholders" in done.stdout
    assert target.read_text() == "dear diary"


def test_t03_a_card_names_others_files_as_its_own(
    machine: HostileCampaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GVC_SEQUENCES", str(machine.sequence.parent))
    monkeypatch.setenv("MODELS", str(machine.sequence.parent))
    card = machine.write_codec("thief")
    own = card.parent
    (own / "model.pt").symlink_to(machine.sequence)
    cases = {
        "/etc/passwd": "shall be below the card's folder",
        "../../victim/diary": "shall be below the card's folder",
        "~/.ssh/id_rsa": "shall be below the card's folder",
        "$HOME/.ssh/id_rsa": "HOME is no folder of a codec",
        "$GVC_SEQUENCES/alpha.yuv": "GVC_SEQUENCES is no folder of a codec",
        "$MODELS/alpha.yuv": "is a test sequence",
        "model.pt": "is a test sequence",
    }
    for value, reason in cases.items():
        decoder = program("./dec", "{m}", files={"m": value})
        assert reason in refusal(machine.write_card(own, "thief", decoder=decoder)), value
    done = machine.run([card])  # the last one written
    assert done.returncode == 1 and "is a test sequence" in done.stdout


def test_t04_listing_or_planning_runs_or_hangs(
    machine: HostileCampaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = machine.folder / "trap"
    package.mkdir()
    (package / "__init__.py").write_text(f"open({str(machine.victim / 'loot')!r}, 'w')\n")
    (package / "inner.py").write_text("")
    monkeypatch.syspath_prepend(str(machine.folder))
    card = machine.write_codec("trapper")
    python = program("python", "-m", "trap.inner", modules=["trap.inner"])
    machine.write_card(card.parent, "trapper", decoder=python)
    assert resolve_program(card, load_card(card).decoder).modules == (package,)
    done = machine.run([card], "--dry-run")
    assert done.returncode in (0, 1) and "Traceback" not in done.stderr
    assert not (machine.victim / "loot").exists()
    loud = f"print('a' * 200)\nopen({str(machine.victim / 'loot')!r}, 'w')\n"
    (card.parent / "enc").write_text(HEAD.format(python=sys.executable) + loud)
    version = {"arguments": [], "pattern": "^(a|a)*$|(a+)+b"}
    assert "shall have one group" in state(machine.write_card(card.parent, "t", version=version))
    monkeypatch.setattr("ctc.inventory._PATTERN_TIMEOUT_S", 2.0)
    version["pattern"] = "(?:(?:a+)+)+(b)"
    assert "takes too long" in state(machine.write_card(card.parent, "t", version=version))


def state(card: Path) -> str:
    return inspect_card(LoadedCard(load_card(card), card)).problem

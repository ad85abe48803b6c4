"""ctc store verify, du and ls: every damage found by path, nothing foreign touched."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ctc.__main__ import main
from ctc.record import Output
from ctc.store import Store
from tests.ctc.conftest import SmallCampaign
from tests.ctc.finished_campaign import NAME, Shape, finish_campaign

SHAPE = Shape(sequences=2, codecs=2, pictures=1)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    store = Store(tmp_path / "store")
    finish_campaign(tmp_path, SHAPE, store)
    monkeypatch.chdir(tmp_path)
    return store


def artefacts(store: Store) -> list[Path]:
    return sorted(path for path in (store.root / "artefacts").rglob("*") if path.is_file())


def ctc(store: Store, action: str, *arguments: str) -> int:
    return main(["store", action, "--store", str(store.root), *arguments])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.chmod(0o644)
    path.write_bytes(content)


def truncate(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1])


def empty(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(b"")


def link(path: Path) -> None:
    """Points to the right bytes, outside of the store."""
    outside = path.parents[3] / "outside"
    path.rename(outside)
    path.symlink_to(outside)


def dangle(path: Path) -> None:
    path.unlink()
    path.symlink_to("/nonexistent")


@pytest.mark.parametrize("damage", [flip, truncate, empty, link, dangle])
def test_a_damaged_artefact_is_named_and_taken_out_only_with_remove(
    store: Store, damage: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    assert ctc(store, "verify") == 0
    said = capsys.readouterr().out
    assert f"16 artefacts (7.25 KiB) and {SHAPE.stages} records verified" in said
    assert "16 outputs of decode stages are not here" in said and "nothing damaged" in said
    path = artefacts(store)[3]
    damage(path)
    assert ctc(store, "verify", "--json") == 1
    values = json.loads(capsys.readouterr().out)
    assert [(f["path"], f["removed"]) for f in values["findings"]] == [(str(path), False)]
    assert path.is_symlink() or path.exists()
    assert ctc(store, "verify", "--remove") == 1
    said = capsys.readouterr().out
    assert f"removed: {path}: artefact" in said and "1 damaged" in said
    assert not path.is_symlink() and not path.exists() and len(artefacts(store)) == 15
    assert (store.root.parent / "outside").exists() == (damage is link)  # only the link goes
    assert ctc(store, "verify") == 0
    assert "1 outputs of encode stages are not here" in capsys.readouterr().out


def test_damaged_and_false_records_are_found_and_set_aside(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = sorted(store.records.root.rglob("*.json"))
    flip(paths[0])
    truncate(paths[1])
    paths[2].rename(paths[2].parent / ("".join(reversed(paths[2].stem)) + ".json"))
    renamed = paths[2].parent / ("".join(reversed(paths[2].stem)) + ".json")
    moved = store.records.root / renamed.stem[:2]
    moved.mkdir(exist_ok=True)
    renamed = renamed.rename(moved / renamed.name)  # a record under another's key
    assert ctc(store, "verify", "--json") == 1
    values = json.loads(capsys.readouterr().out)
    assert {f["path"] for f in values["findings"]} == {str(p) for p in (*paths[:2], renamed)}
    assert ctc(store, "verify", "--remove") == 1
    assert len(list((store.records.root / "damaged").iterdir())) == 3
    assert ctc(store, "verify") == 0


def test_a_record_that_misstates_a_size_is_wrong_and_not_its_artefact(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    path = artefacts(store)[0]
    key = next(
        record.key
        for p in store.records.root.rglob("*.json")
        if (record := store.records.read(p.stem))
        and record.output
        and record.output.sha256 == path.name
    )
    record = store.records.read(key)
    assert record is not None
    store.records.write(replace(record, output=Output(7, path.name)))
    assert ctc(store, "verify", "--json") == 1
    values = json.loads(capsys.readouterr().out)
    assert [f["path"] for f in values["findings"]] == [str(store.records.path(key))]
    assert "says 7 bytes" in values["findings"][0]["problem"]


def test_what_is_foreign_is_named_and_never_touched(
    store: Store, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    root = store.root / "artefacts"
    good = artefacts(store)[0]
    foreign = [
        root / "README",
        good.parent / "notes.txt",
        good.parent / ("A" * 64),
        next(s for s in sorted(root.iterdir()) if s.name != good.parent.name) / good.name,
    ]
    for path in foreign:
        path.write_bytes(b"x")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / ("f" * 64)).write_bytes(b"x")
    (root / "ff").exists() or (root / "ff").symlink_to(tmp_path / "elsewhere")
    foreign += [root / "ff"] if (root / "ff").is_symlink() else []
    assert ctc(store, "verify", "--remove", "--json") == 0
    values = json.loads(capsys.readouterr().out)
    assert sorted(values["strangers"]) == sorted(map(str, foreign)) and values["artefacts"] == 16
    assert ctc(store, "gc", "--keep-size", "0", "--yes") == 0
    assert all(path.exists() for path in foreign)
    assert (tmp_path / "elsewhere" / ("f" * 64)).exists()


def test_sums_are_those_of_the_files(
    store: Store, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with store.use.run_of(tmp_path / NAME, pytest.fail):
        pass
    assert ctc(store, "du", "--json") == 0
    values = json.loads(capsys.readouterr().out)
    sizes = [path.stat().st_size for path in artefacts(store)]
    assert values["parts"]["artefacts"]["bytes"] == sum(sizes)
    assert values["parts"]["records"]["files"] == SHAPE.stages
    assert values["by"]["campaign"] == {NAME: {"files": 16, "bytes": sum(sizes)}}
    assert values["by"]["stage"] == {"encode": {"files": 16, "bytes": sum(sizes)}}
    assert {name: v["files"] for name, v in values["by"]["codec"].items()} == {
        "codec0-v1": 8,
        "codec1-v1": 8,
    }
    assert {name: v["files"] for name, v in values["by"]["sequence"].items()} == {
        "sequence00": 8,
        "sequence01": 8,
    }
    assert ctc(store, "ls", "--codec", "codec1-v1", "--sequence", "sequence00", "--json") == 0
    files = json.loads(capsys.readouterr().out)["files"]
    assert len(files) == 4 and all(f["wall_s"] == 812.4 for f in files)
    assert ctc(store, "ls", "--limit", "3", "--sort", "size") == 0
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 5 and said[-1] == "16 files, 7.25 KiB, 13 not shown"
    assert ctc(store, "ls", "--codec", "codec1") == 2
    assert "did you mean 'codec1-v1'?" in capsys.readouterr().err


def test_what_verify_takes_out_is_made_again_when_needed(campaign: SmallCampaign) -> None:
    alpha = ("--sequence", "alpha", "--no-report", "--keep-decoded")
    assert campaign.run(*alpha).returncode == 0
    kept = artefacts(Store(campaign.folder / "home" / "store"))
    assert len(kept) == 8
    content = {path: path.read_bytes() for path in kept}
    for path in kept:
        flip(path)
    found = campaign.ctc("store", "verify", "--remove")
    assert found.returncode == 1 and "8 damaged" in found.stdout, found.stderr
    assert campaign.run(*alpha, "--force").returncode == 0
    assert {path: path.read_bytes() for path in kept} == content
    assert campaign.ctc("store", "verify").returncode == 0

"""ctc store gc: least recently used first, nothing of a running campaign, and only files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ctc.__main__ import main
from ctc.claim import this_process
from ctc.record import Output
from ctc.store import Store
from ctc.store_contents import Contents, StoredFile, store_contents
from ctc.store_garbage import Limits, Removal, choose
from ctc.store_use import COLLECTING, LOST_S
from tests.ctc.conftest import SmallCampaign
from tests.ctc.finished_campaign import NAME, Shape, finish_campaign
from tests.ctc.null_codec import environment

DAY = 86400.0
SHAPE = Shape(sequences=1, codecs=1, pictures=1)  # four bitstreams


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store of a finished campaign whose four bitstreams were used 5, 6, 7 and 8 days ago."""
    store = Store(tmp_path / "store")
    finish_campaign(tmp_path, SHAPE, store)
    for days, path in enumerate(artefacts(store), start=5):
        age(path, days * DAY)
    monkeypatch.chdir(tmp_path)
    return store


def artefacts(store: Store) -> list[Path]:
    return sorted(path for path in (store.root / "artefacts").rglob("*") if path.is_file())


def age(path: Path, seconds: float) -> None:
    """Last used so long ago, yet read just now: times of access do not count."""
    os.utime(path, (time.time(), time.time() - seconds))


def gc(store: Store, *arguments: str) -> int:
    return main(["store", "gc", "--store", str(store.root), *arguments])


def file(name: str, size: int, days: float, in_use: str = "", stage: str = "encode") -> StoredFile:
    return StoredFile(Path(name), stage, size, 1000 * DAY - days * DAY, in_use=in_use)


def chosen(files: list[StoredFile], **limits: object) -> tuple[list[str], Removal]:
    contents = Contents(files, now=1000 * DAY)
    removal = choose(contents, Limits(**limits))  # type: ignore[arg-type]
    return [found.path.name for found in removal.chosen], removal


def test_the_least_recently_used_go_until_the_rest_fits() -> None:
    files = [file("a", 10, 3), file("b", 20, 1), file("c", 30, 9), file("d", 40, 2)]
    assert chosen(files, keep_bytes=100)[0] == []
    assert chosen(files, keep_bytes=99)[0] == ["c"]
    assert chosen(files, keep_bytes=70)[0] == ["c"]
    assert chosen(files, keep_bytes=69)[0] == ["c", "a"]
    assert chosen(files, keep_bytes=0)[0] == ["c", "a", "d", "b"]


def test_what_is_too_old_goes_and_what_is_in_use_or_of_another_stage_stays() -> None:
    files = [file("a", 10, 3), file("b", 20, 1, "in use"), file("c", 30, 9, stage="decode")]
    assert chosen(files, older_s=3 * DAY)[0] == ["c"]
    assert chosen(files, older_s=2.9 * DAY)[0] == ["c", "a"]
    assert chosen(files, older_s=2.9 * DAY, stages=("encode",))[0] == ["a"]
    names, removal = chosen(files, keep_bytes=5)
    assert names == ["c", "a"] and removal.over == 15
    assert [kept.path.name for kept in removal.in_use] == ["b"]


def test_making_and_reading_an_artefact_is_using_it(store: Store, tmp_path: Path) -> None:
    (tmp_path / "made").write_bytes(b"abc")
    os.utime(tmp_path / "made", (0, 0))
    output = store.put(tmp_path / "made")
    assert time.time() - store.artefact_path(output.sha256).stat().st_mtime < 100
    path = artefacts(store)[0]
    age(path, 9 * DAY)
    store.get(Output(path.stat().st_size, path.name), tmp_path / "copy", private=True)
    assert time.time() - path.stat().st_mtime < 100


def test_a_run_of_a_campaign_uses_what_its_records_name(store: Store, tmp_path: Path) -> None:
    def used_days() -> list[float]:
        contents = store_contents(store)
        return [round((contents.now - found.used) / DAY, 2) for found in contents.files]

    assert used_days() == [5, 6, 7, 8]
    with store.use.run_of(tmp_path / NAME, pytest.fail):
        pass
    assert used_days() == [0, 0, 0, 0]
    (mark,) = (store.root / "campaigns").iterdir()
    age(mark, 6.5 * DAY)
    assert used_days() == [5, 6, 6.5, 6.5]


def test_nothing_goes_without_yes_and_records_stay_with_it(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    records = len(list(store.records.root.rglob("*.json")))
    first, second, *_ = artefacts(store)
    assert gc(store, "--older-than", "6.5d") == 0
    said = capsys.readouterr().out
    assert "2 files" in said and "would be removed" in said and "nothing has been removed" in said
    assert len(artefacts(store)) == 4
    assert gc(store, "--older-than", "6.5d", "--yes", "--json") == 0
    values = json.loads(capsys.readouterr().out)
    assert values["removed"] and len(values["files"]) == 2
    assert [found["codecs"] for found in values["files"]] == [["codec0-v1"]] * 2
    assert artefacts(store) == [first, second]
    assert len(list(store.records.root.rglob("*.json"))) == records == SHAPE.stages


def test_limits_are_asked_for_and_checked(
    store: Store, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    cases = [
        ([], "give --keep-size"),
        (["--keep-size", "50Q"], "size 50Q: shall be"),
        (["--keep-size", "-1"], "size -1: shall be"),
        (["--older-than", "30"], "age 30: shall have a unit"),
        (["--older-than", "nand"], "age nand: shall be"),
    ]
    for arguments, said in cases:
        assert gc(store, *arguments) == 2
        line = capsys.readouterr().err
        assert said in line and line.count("\n") == 1
    assert main(["store", "du", "--store", str(tmp_path / "none")]) == 2
    assert "there is no store" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_a_running_campaign_loses_nothing(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with store.use.run_of(tmp_path / NAME, pytest.fail):
        assert gc(store, "--keep-size", "0", "--yes") == 1
        assert "stay: campaign finished is running" in capsys.readouterr().out
        assert len(artefacts(store)) == 4
    assert gc(store, "--keep-size", "0", "--yes") == 0
    assert artefacts(store) == []


def test_a_stage_that_is_read_or_run_by_an_unknown_runner_loses_nothing(
    store: Store, tmp_path: Path
) -> None:
    first = artefacts(store)[0]
    os.link(first, tmp_path / "being measured")
    assert gc(store, "--keep-size", "0", "--yes") == 1
    assert artefacts(store) == [first]
    (tmp_path / "being measured").unlink()
    with store.claims.hold("ab" + "0" * 62):
        assert gc(store, "--keep-size", "0", "--yes") == 1
        assert artefacts(store) == [first]
    assert gc(store, "--keep-size", "0", "--yes") == 0


def test_marks_of_dead_runs_protect_nothing_and_those_of_other_machines_do(
    store: Store, tmp_path: Path
) -> None:
    code = (
        "import os,signal; from pathlib import Path; from ctc.store import Store\n"
        f"use = Store(Path({str(store.root)!r})).use\n"
        f"with use.run_of(Path({str(tmp_path / NAME)!r}), print):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False)
    (mark,) = (path for path in (store.root / "runs").rglob("*") if path.is_file())
    me = this_process()
    dead = mark.read_text()
    assert json.loads(dead)[0] == me.machine
    mark.write_text(json.dumps(["another.machine", 1, "1"]))
    assert [found.running for found in store.use.campaigns()] == [True]
    age(mark, LOST_S + 60)
    assert [found.running for found in store.use.campaigns()] == [False]
    mark.write_text(dead)
    assert [found.running for found in store.use.campaigns()] == [False]
    assert not mark.exists()


def test_a_run_that_starts_waits_until_the_collection_is_over(store: Store, tmp_path: Path) -> None:
    said: list[str] = []
    started = threading.Event()

    def run() -> None:
        with Store(store.root).use.run_of(tmp_path / NAME, said.append):
            started.set()

    thread = threading.Thread(target=run)
    with store.use.collection() as ours:
        assert ours
        thread.start()
        assert not started.wait(0.5)
        assert [found.running for found in store.use.campaigns()] == [True]  # its mark came first
        with Store(store.root).use.collection() as second:
            assert not second
    thread.join()
    assert started.is_set() and said == ["waiting until 'ctc store gc' has ended"]
    assert not store.claims.exists(COLLECTING)


def test_a_campaign_makes_again_just_what_is_needed_and_says_so(campaign: SmallCampaign) -> None:
    alpha = ("--sequence", "alpha", "--no-report")
    assert campaign.run(*alpha).returncode == 0
    cleared = campaign.ctc("store", "gc", "--keep-size", "0", "--yes", "--json")
    assert cleared.returncode == 0, cleared.stderr
    assert len(json.loads(cleared.stdout)["files"]) == 4
    journal = campaign.journal()
    again = campaign.run(*alpha)  # all figures are there: nothing is needed
    assert "0 run, 16 finished before" in again.stdout and campaign.journal() == journal
    store = campaign.folder / "home" / "store"
    lost = next(p for p in store.rglob("*.json") if b'"metric": "psnr|plane:u' in p.read_bytes())
    lost.unlink()
    (campaign.reports / "records" / lost.parent.name / lost.name).unlink()
    dry = campaign.run(*alpha, "--dry-run")
    status = campaign.ctc("status", str(campaign.reports))
    resumed = campaign.run(*alpha)
    for said in (dry.stdout, status.stdout, resumed.stderr):
        assert "no longer in the store and needed, so made again: encode/main/null/alpha/" in said
    # The encode and decode of that one figure, and the figure.
    assert "16 stages: 3 run, 13 finished before, 0 failed" in resumed.stdout, resumed.stdout
    assert len(campaign.journal()) == len(journal) + 2


def test_garbage_collected_in_the_middle_of_a_run_costs_it_nothing(
    campaign: SmallCampaign,
) -> None:
    campaign.codec(sleep_s=0.3)
    command = [sys.executable, "-m", "ctc", "run", str(campaign.conditions), "--no-report"]
    with subprocess.Popen(
        [*command, "--jobs", "2"],
        cwd=campaign.folder,
        env=environment(campaign.folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as run:
        while not any(line.startswith("end") for line in campaign.journal()):
            assert run.poll() is None
            time.sleep(0.05)
        cleared = campaign.ctc("store", "gc", "--keep-size", "0", "--yes", "--json")
        assert run.poll() is None, "the run was over before the collection"
        output, errors = run.communicate()
    values = json.loads(cleared.stdout)
    assert values["files"] == [] and cleared.returncode == int(bool(values["in_use"]))
    assert run.returncode == 0 and "32 run, 0 finished before, 0 failed" in output, errors
    assert len([line for line in campaign.journal() if line.startswith("end")]) == 8

"""The store: artefacts verified, claims exclusive and recovered, work folders swept."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import ctc.claim
from ctc.claim import Claims, this_process
from ctc.errors import StoreError
from ctc.record import Output
from ctc.store import Store
from ctc.temporary_files import sweep_temporaries, temporary_name

KEY = "ab" + "0" * 62


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def artefact(store: Store, content: bytes) -> Output:
    with store.work_folder() as work:
        path = work / "bitstream.bin"
        path.write_bytes(content)
        return store.put(path, durable=True)


def test_an_artefact_is_named_by_its_content_and_read_only(store: Store, tmp_path: Path) -> None:
    output = artefact(store, b"abc")
    # sha256("abc"), FIPS 180-2 appendix B.1
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert output == Output(3, digest) and store.has(output)
    assert store.artefact_path(digest).stat().st_mode & 0o222 == 0
    store.get(output, tmp_path / "copy", private=True)
    (tmp_path / "copy").write_bytes(b"changed by its reader")
    store.get(output, tmp_path / "second", private=False)
    assert (tmp_path / "second").read_bytes() == b"abc"


def test_a_damaged_artefact_is_refused_and_removed(store: Store, tmp_path: Path) -> None:
    output = artefact(store, b"abc")
    path = store.artefact_path(output.sha256)
    path.chmod(0o644)
    path.write_bytes(b"abd")
    with pytest.raises(StoreError, match="damaged"):
        store.get(output, tmp_path / "copy", private=True)
    assert not store.has(output)
    with pytest.raises(StoreError, match="missing"):
        store.get(output, tmp_path / "copy", private=True)


def test_only_one_of_many_gets_a_claim(tmp_path: Path) -> None:
    claims = [Claims(tmp_path) for _ in range(8)]
    held: list[bool] = []
    barrier, done = threading.Barrier(8), threading.Barrier(8)

    def compete(mine: Claims) -> None:
        barrier.wait()
        with mine.hold(KEY) as ours:
            held.append(ours)
            done.wait()

    threads = [threading.Thread(target=compete, args=(c,)) for c in claims]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(held) == [False] * 7 + [True]
    with claims[3].hold(KEY) as ours:
        assert ours
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]


def test_the_claim_of_a_killed_process_is_taken_over(tmp_path: Path) -> None:
    code = (
        "import os,signal; from pathlib import Path; from ctc.claim import Claims\n"
        f"c = Claims(Path({str(tmp_path)!r}))\n"
        f"with c.hold({KEY!r}) as ours: assert ours; os.kill(os.getpid(), signal.SIGKILL)"
    )
    for _ in range(2):
        subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False)
    assert {p.suffix for p in (tmp_path / "ab").iterdir()} == {".1", ".2"}
    with Claims(tmp_path).hold(KEY) as ours:
        assert ours
    assert list((tmp_path / "ab").iterdir()) == []


def foreign_claim(folder: Path) -> Path:
    path = folder / "ab" / f"{KEY}.1"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(["another.machine", 1, "1"]))
    return path


def test_a_claim_of_another_machine_stands_while_its_heart_beats(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = foreign_claim(tmp_path)
    now = [1000.0]
    monkeypatch.setattr(ctc.claim.time, "monotonic", lambda: now[0])
    claims = Claims(tmp_path)

    def held() -> bool:
        with claims.hold(KEY) as ours:
            return ours

    assert not held()
    for beat in range(5):
        now[0] += ctc.claim.SILENCE_S - 1
        os.utime(path, (beat, beat))  # its clock is decades behind ours: only change counts
        assert not held()
    now[0] += ctc.claim.SILENCE_S + 1
    assert held()


def test_a_half_written_claim_is_not_believed_dead_at_once(tmp_path: Path) -> None:
    foreign_claim(tmp_path).write_text('["another')
    with Claims(tmp_path).hold(KEY) as ours:
        assert not ours


def test_a_reused_process_id_is_not_its_old_owner(tmp_path: Path) -> None:
    me = this_process()
    foreign_claim(tmp_path).write_text(json.dumps([me.machine, me.pid, "1"]))
    with Claims(tmp_path).hold(KEY) as ours:
        assert ours


def test_work_folders_of_dead_runners_are_swept_and_others_kept(store: Store) -> None:
    me = this_process()
    dead = store.root / "work" / f"{me.machine}-{me.pid}-1-abc"
    foreign = store.root / "work" / "elsewhere-1-1-abc"
    for folder in (dead, foreign):
        (folder / "deep").mkdir(parents=True)
    with store.work_folder() as mine:
        assert store.sweep() == 1
        assert mine.is_dir() and foreign.is_dir() and not dead.exists()
    assert not mine.exists()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_what_outlived_a_dead_runner_and_its_launcher_ends_with_the_next_sweep(
    store: Store, tmp_path: Path
) -> None:
    me = this_process()
    folder = store.root / "work" / f"{me.machine}-{me.pid}-1-abc"
    (folder / "run").mkdir(parents=True)
    sleeper = [sys.executable, "-c", "import time; time.sleep(300)"]
    inside, beside = (
        subprocess.Popen(
            sleeper, env={"TMPDIR": str(place), "PATH": os.environ["PATH"]}, start_new_session=True
        )
        for place in (folder / "run", tmp_path / f"{folder.name}-not")
    )
    try:
        assert store.sweep() == 1
        assert inside.wait(10) == -signal.SIGKILL and beside.poll() is None
    finally:
        for process in (inside, beside):
            process.kill()
            process.wait()


def test_half_written_files_of_the_dead_are_swept_and_those_of_the_living_kept(
    tmp_path: Path,
) -> None:
    code = (
        "import sys; from pathlib import Path; from ctc.temporary_files import temporary_name\n"
        "temporary_name(Path(sys.argv[1])).touch()"
    )
    target = tmp_path / "with-dashes.yuv"
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", code, str(target)], cwd=root, check=True)
    (dead,) = tmp_path.iterdir()
    foreign = tmp_path / f".tmp-elsewhere-1-1-{'0' * 12}.a"
    mine = temporary_name(target)
    for path in (foreign, mine, target):
        path.touch()
    assert sweep_temporaries(tmp_path) == 1 and not dead.exists()
    assert {foreign, mine, target} == set(tmp_path.iterdir())
    assert sweep_temporaries(tmp_path / "absent") == 0

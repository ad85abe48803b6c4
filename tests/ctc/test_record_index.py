"""The index of records: as fresh as the records on every question, whatever becomes of its file."""

from __future__ import annotations

import builtins
import os
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import ctc.record_index
from ctc.campaign_state import CampaignState
from ctc.record import Output, Record
from ctc.record_brief import Brief, brief_of
from ctc.record_folder import RecordFolder
from ctc.record_index import RecordIndex
from ctc.results_reader import read_campaign
from ctc.stage import Place
from tests.ctc.finished_campaign import NAME, Shape, finish_campaign

COUNT = 40


def key_of(number: int) -> str:
    return f"{number % 256:02x}{number:062x}"


def record_of(number: int, **changes: object) -> Record:
    """Records that differ in all that a brief holds."""
    done = number % 3 > 0
    record = Record(
        key=key_of(number),
        stage=("encode", "decode", "measure")[number % 3] if done else "encode",
        status="done" if done else "failed",
        inputs={"sequence_md5": f"{number:032x}", "bitstream_sha256": f"{number:064x}"},
        reason="" if done else f"encoder: exit code {number}",
        retry=number % 2 == 0,
        output=Output(1000 + number, f"{number:064x}") if done else None,
        scores={"value": 1.0, "reason": "", "pictures": []},
        cost={"wall_s": number / 8},
        where={"version": f"codec {number}"},
        log_check={"frames": number, "differences": []} if number % 5 == 0 else {},
    )
    return replace(record, **changes)  # type: ignore[arg-type]


class Records:
    """A folder of records with an index, its warnings, and the truth."""

    def __init__(self, root: Path) -> None:
        self.warnings: list[str] = []
        self.folder = RecordFolder(root / "records", self.warnings.append)
        self.truth: dict[str, Brief | None] = {}
        for number in range(COUNT):
            self.write(record_of(number))

    def write(self, record: Record) -> None:
        self.folder.write(record, durable=False)
        self.truth[record.key] = brief_of(record)

    def index(self) -> RecordIndex:
        return RecordIndex(self.folder)

    def saved(self) -> RecordIndex:
        """Return a new index that has been made of all records and written."""
        index = self.index()
        list(index.refresh())
        assert index.save(at_least=1)
        return index

    def check(self, index: RecordIndex) -> None:
        """Every answer is that of the record itself."""
        assert {key: index.brief(key) for key in self.truth} == self.truth


@pytest.fixture
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Records:
    monkeypatch.setattr(ctc.record_index, "SETTLED_NS", -(10**12))  # all records count as settled
    return Records(tmp_path)


def test_a_written_index_answers_for_every_record_without_reading_it(records: Records) -> None:
    records.saved()
    again = records.index()
    records.check(again)
    assert again.read == 0 and again.brief("f" * 64) is None
    assert not again.save(at_least=1)  # nothing to write


def test_records_that_change_come_and_go_are_seen_at_once(records: Records) -> None:
    records.saved()
    changed = record_of(1, output=Output(7777, "7" * 64))
    records.write(changed)  # the same size as before
    records.write(record_of(COUNT))
    records.folder.path(key_of(2)).unlink()
    records.truth[key_of(2)] = None
    index = records.index()
    records.check(index)
    assert index.read == 2
    assert list(index.refresh())[-1] == COUNT
    assert index.save(at_least=1)
    again = records.index()
    records.check(again)
    rows = again.connection.execute("SELECT count(*) FROM records").fetchone()
    assert (again.read, rows) == (0, (COUNT,))


def test_a_record_altered_in_place_with_its_time_put_back_is_read_again(records: Records) -> None:
    records.saved()
    path = records.folder.path(key_of(4))
    before = path.stat()
    text = path.read_bytes()
    path.write_bytes(text.replace(b"1004", b"9004"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert records.index().brief(key_of(4)) is None  # its checksum is wrong
    assert len(records.warnings) == 1 and "record not used" in records.warnings[0]


def test_a_record_just_written_is_left_out_of_the_index(tmp_path: Path) -> None:
    records = Records(tmp_path)
    records.saved()
    again = records.index()
    records.check(again)
    assert again.read == COUNT


def test_a_lost_index_is_no_loss(records: Records) -> None:
    records.saved().path.unlink()
    index = records.index()
    records.check(index)
    assert index.read == COUNT and records.warnings == []


def garbage(content: bytearray) -> None:
    content[:] = random.Random(1).randbytes(len(content))


def cut(content: bytearray) -> None:
    del content[len(content) // 2 :]


def emptied(content: bytearray) -> None:
    content.clear()


@pytest.mark.parametrize("damage", [garbage, cut, emptied])
def test_a_damaged_index_is_replaced_with_one_line(
    records: Records, damage: Callable[[bytearray], None]
) -> None:
    path = records.saved().path
    content = bytearray(path.read_bytes())
    damage(content)
    path.write_bytes(content)
    index = records.index()
    records.check(index)
    assert len(records.warnings) == 1
    assert records.warnings[0].startswith(f"{path}: damaged index: ")
    list(index.refresh())
    assert index.save(at_least=1)
    again = records.index()
    records.check(again)
    assert again.read == 0


def test_no_flipped_bit_of_the_index_changes_an_answer(records: Records) -> None:
    path = records.saved().path
    good = path.read_bytes()
    chance = random.Random(7)
    for flipped in range(1, 101):
        content = bytearray(good)
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        path.write_bytes(content)
        index = records.index()
        records.check(index)
        list(index.refresh())
        rows = index.connection.execute("SELECT key FROM records ORDER BY key").fetchall()
        assert [key for (key,) in rows] == sorted(records.truth)
        assert index.read == COUNT and len(records.warnings) == flipped


def test_an_index_of_another_layout_or_place_that_cannot_be_written_is_no_fault(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(ctc.record_index, "LAYOUT", 99)
        path = records.saved().path
    records.check(records.index())
    assert records.warnings == []
    path.unlink()
    path.mkdir()
    index = records.index()
    records.check(index)
    assert not index.save(at_least=1)
    assert [p for p in path.parent.rglob(".tmp*")] == []


def opens_and_stats(
    folder: Path, place: Place, monkeypatch: pytest.MonkeyPatch
) -> tuple[int, Counter[str]]:
    """Resolve a whole campaign; return its stages, and looks at and reads of records."""
    counts: Counter[str] = Counter()
    true_stat, true_open = os.stat, builtins.open

    def stat(path: object, *args: object, **kwargs: object) -> os.stat_result:
        counts["stat"] += str(path).endswith(".json")
        return true_stat(path, *args, **kwargs)  # type: ignore[arg-type]

    def opened(path: object, *args: object, **kwargs: object) -> object:
        counts["open"] += str(path).endswith(".json")
        return true_open(path, *args, **kwargs)  # type: ignore[call-overload]

    from ctc.campaign_lock import read_lock

    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", stat)
        patch.setattr(builtins, "open", opened)
        state = CampaignState(read_lock(folder), place)
        jobs = [job for curve in state.curves.values() for job in state.resolve(curve)]
        state.keep_index()
    assert jobs == []
    done = sum(curve.tally["done"] for curve in state.curves.values())
    assert done == state.total
    return state.total, counts


def test_resuming_looks_once_at_each_record_and_reads_none_that_the_index_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ctc.record_index, "SETTLED_NS", -(10**12))
    monkeypatch.setattr(ctc.record_index, "SAVED_FROM", 1)
    for sequences in (5, 10):  # 1,000 and 2,000 stages: each costs the same
        folder = tmp_path / str(sequences)
        folder.mkdir()
        shape = Shape(sequences=sequences, codecs=5, versions=2, metrics=3, pictures=2)
        finish_campaign(folder, shape)
        place = Place(folder / "store", folder / NAME, "")
        stages, first = opens_and_stats(folder / NAME, place, monkeypatch)
        assert stages == shape.stages == 200 * sequences
        assert first == {"stat": stages, "open": stages}
        stages, second = opens_and_stats(folder / NAME, place, monkeypatch)
        assert second == {"stat": stages}


def test_a_record_changed_under_the_index_gives_its_own_figure_in_a_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ctc.record_index, "SETTLED_NS", -(10**12))
    monkeypatch.setattr(ctc.record_index, "SAVED_FROM", 1)
    finish_campaign(tmp_path, Shape(sequences=1, codecs=1, pictures=2))
    campaign = tmp_path / NAME
    place = Place(tmp_path / "store", campaign, "")
    opens_and_stats(campaign, place, monkeypatch)
    assert (campaign / ctc.record_index.INDEX_NAME).is_file()
    folder = RecordFolder(campaign / "records", lambda line: None)
    point = read_campaign(campaign).configurations[0].points[0]
    record = folder.read(point.record_keys["measure:psnr-y"])
    assert record is not None and record.scores is not None
    folder.write(replace(record, scores={**record.scores, "value": 12.5}))
    point = read_campaign(campaign).configurations[0].points[0]
    assert point.metrics["psnr-y"].value == 12.5

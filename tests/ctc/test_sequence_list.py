"""sequences.yaml: what it lists, and every way of getting it wrong."""

from __future__ import annotations

import csv
import os
from fractions import Fraction
from pathlib import Path

import pytest

from ctc.conditions.schema import load_conditions
from ctc.errors import SequenceError
from ctc.imported import record_md5
from ctc.sequence_folders import ctc_home, find_file, locate, search_folders
from ctc.sequence_list import SequenceList, load_sequences
from reference_sw.video.format import ChromaFormat, ColourModel

ROOT = Path(__file__).parents[2]
MINIMAL = """\
sequences: 1
classes:
  X:
    title: test
    all: {file: "{name}.yuv", width: 4, height: 2, frame_rate: "25", bit_depth: 8,
          chroma_format: "4:2:0", licence: none, obtain: ask}
    sequences:
      a: {frames: 2}
"""


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SequenceList:
    monkeypatch.setenv("CTC_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("GVC_SEQUENCES", raising=False)
    return load_sequences(ROOT / "sequences.yaml")


def test_the_gfvc_set_has_its_published_sizes(listed: SequenceList) -> None:
    """File sizes as published with the common software: 49,152,000 and 24,576,000 bytes in RGB."""
    for name, frames, size in (("VOXCELEB", 250, 49152000), ("CFVQA", 125, 24576000)):
        for suffix, share in (("", 1), ("-420", 2)):
            sequences = listed.of_class(f"{name}{suffix}")
            assert len(sequences) == (15 if name == "VOXCELEB" else 18)
            for sequence in sequences[:15]:
                assert sequence.frames == frames
                assert sequence.frames * sequence.format.bytes_per_picture == size // share
    master = listed.find("VOXCELEB_001")
    assert master.file == "VOXCELEB_001_256x256_25_8bit_444.rgb"
    assert master.format.colour is ColourModel.RGB
    assert listed.find("CFVQA_015_420").file == "CFVQA_015_256x256_25_8bit_420.yuv"
    assert "confirmed" in listed.find("CFVQA_016").remark
    assert not listed.find("CFVQA_015").remark


def test_the_jvet_classes(listed: SequenceList) -> None:
    """Names, frames and rates of JVET-T2010, table of test sequences."""
    counts = {"A1": 3, "A2": 3, "B": 5, "C": 4, "D": 4, "E": 3, "F": 4}
    assert {name: len(listed.of_class(name)) for name in counts} == counts
    tango = listed.find("Tango2")
    assert (tango.frames, tango.format.bit_depth) == (294, 10)
    assert tango.frames * tango.format.bytes_per_picture == 294 * 3840 * 2160 * 3
    assert listed.find("ParkRunning3").format.frame_rate == 50
    assert listed.find("SlideShow").format.frame_rate == 20
    assert listed.find("BQTerrace").format.bit_depth == 8


def test_no_md5_is_invented(listed: SequenceList) -> None:
    for name in ("VOXCELEB", "CFVQA-420", "A1", "B", "F"):
        assert not any(sequence.md5 for sequence in listed.of_class(name))


def test_the_talking_heads_are_those_of_the_manifest(listed: SequenceList) -> None:
    data = os.environ.get("GVC_DATA")
    if not data:
        pytest.skip("GVC_DATA is not set: no manifest to compare with")
    with (Path(data) / "sequences" / "test" / "manifest.csv").open() as file:
        rows = {row["name"]: row for row in csv.DictReader(file)}
    assert {s.name for s in listed.of_class("TALKING-HEAD")} == set(rows)
    for name, row in rows.items():
        sequence = listed.find(name)
        assert sequence.md5 == row["yuv420p_md5"]
        assert sequence.frames == int(row["frames"])
        assert sequence.format.frame_rate == Fraction(row["fps"])
        assert sequence.format.chroma_format is ChromaFormat.C420
        assert f"tier {row['tier']}" in sequence.licence


@pytest.mark.parametrize(
    "path", sorted((ROOT / "ctc" / "conditions").glob("*.yaml")), ids=lambda p: p.stem
)
def test_the_conditions_name_sequences_that_are_listed(listed: SequenceList, path: Path) -> None:
    for configuration in load_conditions(path).configurations:
        chosen = configuration.sequences
        assert listed.select(chosen.classes, chosen.names)


def test_near_misses(listed: SequenceList) -> None:
    with pytest.raises(SequenceError, match=r"no sequence 'Jonny'; did you mean 'Johnny'\?"):
        listed.find("Jonny")
    with pytest.raises(SequenceError, match=r"no class 'DEM0'; did you mean 'DEMO'\?"):
        listed.of_class("DEM0")
    with pytest.raises(SequenceError, match="ctc sequences list"):
        listed.find("@@@@")


def test_selection_is_in_order_and_without_repeats(listed: SequenceList) -> None:
    chosen = [s.name for s in listed.select(["E"], ["Johnny", "Cactus"])]
    assert chosen == ["FourPeople", "Johnny", "KristenAndSara", "Cactus"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("frames: 2", "frmes: 2", r"unknown key 'classes\.X\.sequences\.a\.frmes'; .* 'frames'"),
        ("sequences: 1", "sequences: 2", "sequences = 2: Input should be 1"),
        ("frames: 2", "frames: 0", "frames = 0: Input should be greater than or equal to 1"),
        ("frames: 2", "frames: 99999999999", "frames = 99999999999"),
        ("frames: 2", "frames: true", "frames = True"),
        ("frames: 2", 'frames: "2"', "frames = '2'"),
        ('"4:2:0"', "4:2:0", "chroma_format = 14520"),
        ('"25"', "25", "frame_rate = 25"),
        ('"25"', '"25/0"', "frame_rate = '25/0': .*quoted number or fraction"),
        ('"25"', '"29.97"', "frame_rate = '29.97'"),
        ("bit_depth: 8", "bit_depth: 7", "bit_depth = 7"),
        ("width: 4", "width: -4", "width = -4"),
        ("width: 4", "width: 4000000000", "width = 4000000000"),
        ("frames: 2", "frames: 2, md5: XYZ", "md5 = 'XYZ': .*32 lower-case hexadecimal"),
        ('"{name}.yuv"', '"../../{name}.yuv"', "file = .*without a folder"),
        ("      a: {frames: 2}", '      "../a": {frames: 2}', "not a path"),
        ("      a: {frames: 2}", "      a: {frames: 2}\n      a: {frames: 3}", "duplicate key 'a'"),
        ("frames: 2", "frames: 2, frames: 2", "duplicate key 'frames'"),
        ("frames: 2", "obtain: there", "frames is missing"),
        ("licence: none, ", "", "licence is missing, here and under 'all' of the class"),
        ("frames: 2", "frames: 2, made_from: aa", "made_from = 'aa': no such .* did you mean 'a'"),
        ("frames: 2", "frames: 2, colour: rgb", "RGB with chroma_format 4:2:0: needs 4:4:4"),
        ("title: test", "title: !!python/name:os.system x", "not valid YAML"),
    ],
)
def test_what_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, message: str
) -> None:
    monkeypatch.setenv("CTC_HOME", str(tmp_path / "home"))
    path = tmp_path / "s.yaml"
    path.write_text(MINIMAL)
    assert load_sequences(path).find("a").frames == 2
    assert old in MINIMAL
    path.write_text(MINIMAL.replace(old, new))
    with pytest.raises(SequenceError, match=message) as caught:
        load_sequences(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SequenceError, match=r"none\.yaml: cannot be read"):
        load_sequences(tmp_path / "none.yaml")


def test_folders_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, data = (tmp_path / name for name in ("first", "second", "data"))
    monkeypatch.setenv("GVC_SEQUENCES", f"{first}{os.pathsep}{second}")
    monkeypatch.setenv("GVC_DATA", str(data))
    monkeypatch.setenv("CTC_HOME", str(tmp_path / "home"))
    expected = [first, second, tmp_path / "home" / "sequences", data / "sequences" / "test"]
    assert search_folders() == expected
    path = tmp_path / "s.yaml"
    path.write_text(MINIMAL)
    sequence = load_sequences(path).find("a")
    assert find_file(sequence) is None
    with pytest.raises(SequenceError, match=r"a: a\.yuv is in none of .*first.*; ask"):
        locate(sequence)
    (second / "X").mkdir(parents=True)
    (second / "X" / "a.yuv").write_bytes(b"")
    assert locate(sequence) == second / "X" / "a.yuv"
    first.mkdir()
    (first / "a.yuv").write_bytes(b"")
    assert locate(sequence) == first / "a.yuv"


def test_home_is_in_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CTC_HOME", raising=False)
    (tmp_path / "sequences.yaml").write_text(MINIMAL)
    (tmp_path / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "deep" / "er")
    assert ctc_home() == tmp_path / ".ctc"
    assert load_sequences().find("a").frames == 2


def test_recorded_md5s_are_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTC_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GVC_SEQUENCES", str(tmp_path / "own"))
    path = tmp_path / "s.yaml"
    path.write_text(MINIMAL)
    record_md5(tmp_path / "own", "a", "0123456789abcdef0123456789abcdef")
    assert load_sequences(path).find("a").md5 == "0123456789abcdef0123456789abcdef"
    assert path.read_text() == MINIMAL
    with pytest.raises(SequenceError, match="a has md5 0123456789abcdef0123456789abcdef, not f"):
        record_md5(tmp_path / "own", "a", "f" * 32)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("imported: 1\nmd5: {a: xyz}\n", "32 lower-case hexadecimal"),
        ("imported: 1\nmd4: {}\n", "unknown key 'md4'"),
        ("imported: [", "not valid YAML"),
    ],
)
def test_a_damaged_imported_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str
) -> None:
    monkeypatch.setenv("CTC_HOME", str(tmp_path))
    (tmp_path / "sequences").mkdir()
    (tmp_path / "sequences" / "imported.yaml").write_text(text)
    path = tmp_path / "s.yaml"
    path.write_text(MINIMAL)
    with pytest.raises(SequenceError, match=message) as caught:
        load_sequences(path)
    assert "imported.yaml" in str(caught.value)

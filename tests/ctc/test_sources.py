"""Originals, conversions and restored files: their bytes, and refusals that name file and cause."""

from __future__ import annotations

import hashlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from ctc.derived_files import derived_file
from ctc.errors import SequenceError, StageError
from ctc.metrics.base import VideoFile
from ctc.sequence_list import load_sequences
from ctc.sequences import Sequence
from ctc.sources import converted_file, original_file, restored, suffix_of, whole_file
from reference_sw.video.format import ChromaFormat, ColourModel, VideoFormat
from reference_sw.video.raw import VideoReader
from reference_sw.video.y4m import Y4mReader

ROOT = Path(__file__).parents[2]
VIDEO = VideoFormat(16, 8, Fraction(30000, 1001))
FRAMES = 5


@pytest.fixture
def sequence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sequence:
    """A raw sequence of five pictures of noise in a folder that is searched."""
    folder = tmp_path / "sequences"
    folder.mkdir()
    monkeypatch.setenv("GVC_SEQUENCES", str(folder))
    monkeypatch.setenv("CTC_HOME", str(tmp_path / "home"))
    data = np.random.default_rng(1).integers(0, 256, FRAMES * VIDEO.bytes_per_picture, np.uint8)
    (folder / "a.yuv").write_bytes(data.tobytes())
    md5 = hashlib.md5(data.tobytes()).hexdigest()
    return Sequence("a", "X", VIDEO, FRAMES, "a.yuv", md5, "none", "ask")


def path_of(tmp_path: Path) -> Path:
    return tmp_path / "sequences" / "a.yuv"


def test_a_whole_raw_sequence_is_its_own_file(sequence: Sequence, tmp_path: Path) -> None:
    found = original_file(sequence, FRAMES, tmp_path / "store")
    assert found == VideoFile(path_of(tmp_path), VIDEO, FRAMES)


def test_a_shortened_sequence_is_the_first_bytes(sequence: Sequence, tmp_path: Path) -> None:
    found = original_file(sequence, 2, tmp_path / "store")
    size = 2 * VIDEO.bytes_per_picture
    assert found.path.read_bytes() == path_of(tmp_path).read_bytes()[:size]
    assert found.frames == 2
    found.path.write_bytes(bytes(size))  # damaged later: made again, not believed
    again = original_file(sequence, 2, tmp_path / "store")
    assert again.path.read_bytes() == path_of(tmp_path).read_bytes()[:size]


@pytest.mark.parametrize("frames", [0, -1, 6])
def test_frames_out_of_range(sequence: Sequence, tmp_path: Path, frames: int) -> None:
    with pytest.raises(SequenceError, match=rf"a: frames {frames}: shall be in 1\.\.5"):
        original_file(sequence, frames, tmp_path)


def test_missing(sequence: Sequence, tmp_path: Path) -> None:
    path_of(tmp_path).unlink()
    with pytest.raises(SequenceError, match=r"a: a\.yuv is in none of .*; ask"):
        original_file(sequence, 1, tmp_path)


def test_truncated(sequence: Sequence, tmp_path: Path) -> None:
    path = path_of(tmp_path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(SequenceError, match=r"a\.yuv: 959 bytes, but 5 pictures .* are 960"):
        original_file(sequence, 1, tmp_path)


def test_wrong_md5(sequence: Sequence, tmp_path: Path) -> None:
    path = path_of(tmp_path)
    path.write_bytes(bytes(FRAMES * VIDEO.bytes_per_picture))
    with pytest.raises(SequenceError, match=rf"a\.yuv: md5 .*, shall be {sequence.md5}"):
        original_file(sequence, FRAMES, tmp_path)


def test_unrecorded_md5(sequence: Sequence, tmp_path: Path) -> None:
    with pytest.raises(SequenceError, match=r"no md5 is recorded .* `ctc sequences import"):
        original_file(replace(sequence, md5=""), FRAMES, tmp_path)


def test_same_format_is_the_same_file(sequence: Sequence, tmp_path: Path) -> None:
    video = original_file(sequence, FRAMES, tmp_path)
    assert converted_file(video, VIDEO, "raw", tmp_path) == video


def test_ten_bits_in_y4m_and_back_is_lossless(sequence: Sequence, tmp_path: Path) -> None:
    video = original_file(sequence, FRAMES, tmp_path)
    ten = replace(VIDEO, bit_depth=10)
    converted = converted_file(video, ten, "y4m", tmp_path / "store")
    reader = Y4mReader(converted.path, FRAMES)
    assert (reader.format, converted.path.suffix) == (ten, ".y4m")
    assert reader.picture(0).planes[0][0, 0] == path_of(tmp_path).read_bytes()[0] * 4
    time = converted.path.stat().st_mtime_ns
    assert converted_file(video, ten, "y4m", tmp_path / "store") == converted
    assert converted.path.stat().st_mtime_ns == time
    back = restored(converted, "y4m", VIDEO, tmp_path / "work")
    assert back.path.read_bytes() == path_of(tmp_path).read_bytes()


def test_other_content_has_another_name(sequence: Sequence, tmp_path: Path) -> None:
    video = original_file(sequence, FRAMES, tmp_path)
    ten = replace(VIDEO, bit_depth=10)
    first = converted_file(video, ten, "raw", tmp_path / "store").path
    video.path.write_bytes(bytes(FRAMES * VIDEO.bytes_per_picture))
    assert converted_file(video, ten, "raw", tmp_path / "store").path != first


def test_rgb_master_becomes_i420(tmp_path: Path) -> None:
    rgb = VideoFormat(16, 8, chroma_format=ChromaFormat.C444, colour=ColourModel.RGB)
    path = tmp_path / "white.rgb"
    path.write_bytes(bytes([255]) * (2 * rgb.bytes_per_picture))
    i420 = converted_file(VideoFile(path, rgb, 2), VideoFormat(16, 8), "raw", tmp_path)
    assert [set(np.unique(p)) for p in VideoReader(i420.path, i420.format).picture(1).planes] == [
        {235},
        {128},
        {128},
    ]
    assert (suffix_of(rgb), suffix_of(VIDEO), suffix_of(VIDEO, "y4m")) == (".rgb", ".yuv", ".y4m")


def test_a_decoder_that_returns_fewer_pictures(tmp_path: Path) -> None:
    path = tmp_path / "decoded.yuv"
    path.write_bytes(bytes(4 * VIDEO.bytes_per_picture))
    with pytest.raises(StageError, match=r"decoded\.yuv: 768 bytes, but 5 pictures"):
        restored(VideoFile(path, VIDEO, 5), "raw", VIDEO, tmp_path)
    with pytest.raises(StageError, match="not a Y4M file"):
        restored(VideoFile(path, VIDEO, 5), "y4m", VIDEO, tmp_path)
    with pytest.raises(StageError, match="cannot be read"):
        restored(VideoFile(tmp_path / "none.yuv", VIDEO, 5), "raw", VIDEO, tmp_path)


def test_a_decoder_that_returns_another_size(sequence: Sequence, tmp_path: Path) -> None:
    video = original_file(sequence, FRAMES, tmp_path)
    y4m = converted_file(video, VIDEO, "y4m", tmp_path)
    stated = replace(VIDEO, width=8)
    with pytest.raises(StageError, match="width 16, expected 8"):
        restored(VideoFile(y4m.path, stated, FRAMES), "y4m", VIDEO, tmp_path)


def test_a_failed_conversion_leaves_nothing(sequence: Sequence, tmp_path: Path) -> None:
    video = original_file(sequence, FRAMES, tmp_path)
    with pytest.raises(SequenceError, match="conversion does not scale"):
        converted_file(video, replace(VIDEO, width=8), "raw", tmp_path / "store")
    assert not list((tmp_path / "store").iterdir())


def test_a_store_that_cannot_be_written(sequence: Sequence, tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file where a folder is needed")
    with pytest.raises(SequenceError, match="cannot be written"):
        original_file(sequence, 2, tmp_path / "store")


def test_what_fails_while_it_is_made_is_removed(tmp_path: Path) -> None:
    def make(path: Path) -> None:
        path.write_bytes(b"half")
        raise SequenceError("disk full")

    with pytest.raises(SequenceError, match="disk full"):
        derived_file(tmp_path / "x", make)
    assert not list(tmp_path.iterdir())


def test_a_coded_original_is_decoded_to_its_md5(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not os.environ.get("GVC_DATA"):
        pytest.skip("GVC_DATA is not set: no lossless clips to decode")
    monkeypatch.setenv("CTC_HOME", str(tmp_path / "home"))
    clip = load_sequences(ROOT / "sequences.yaml").find("grid_swiz3n")
    whole = whole_file(clip, tmp_path)
    assert hashlib.md5(whole.read_bytes()).hexdigest() == clip.md5
    assert original_file(clip, 10, tmp_path).path.stat().st_size == 10 * 256 * 256 * 3 // 2
    wrong = replace(clip, format=replace(clip.format, chroma_format=ChromaFormat.C444))
    with pytest.raises(SequenceError, match="cannot be decoded to yuv444p without conversion"):
        whole_file(wrong, tmp_path / "other")


def test_threads_that_ask_at_once_make_it_once(tmp_path: Path) -> None:
    made: list[Path] = []

    def make(path: Path) -> None:
        made.append(path)
        time.sleep(0.05)
        path.write_bytes(b"whole")

    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(lambda _: derived_file(tmp_path / "x", make), range(4)))
    assert len(made) == 1
    assert [path.read_bytes() for path in paths] == [b"whole"] * 4
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x", "x.md5"]

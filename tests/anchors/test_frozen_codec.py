"""The frozen-picture codec: its card, its bitstream by hand, its refusals."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from anchors import frozen_codec
from anchors.frozen_codec import FrozenCodecError, decode, encode, picture_bytes
from ctc.card import load_card
from ctc.metrics import VideoFile, metric_by_name
from ctc.program import resolve_program
from reference_sw.video.format import VideoFormat
from tests.ctc.metrics.clips import smooth_planes, write

ROOT = Path(__file__).parents[2]
VIDEO = VideoFormat(64, 48, bit_depth=10)
FRAMES = 5


@pytest.fixture
def source(tmp_path: Path) -> VideoFile:
    return write(tmp_path / "source.yuv", smooth_planes(VIDEO, FRAMES), VIDEO)


def test_the_cards_commands_make_a_file_that_decodes_alone(
    tmp_path: Path, source: VideoFile
) -> None:
    path = ROOT / "anchors" / "frozen.yaml"
    card = load_card(path)
    bitstream, decoded = tmp_path / "a.bin", tmp_path / "decoded.yuv"
    values = {"source": source.path, "width": 64, "height": 48, "frames": FRAMES, "rate_point": 22}
    for part, given in (
        (card.encoder, {**values, "bitstream": bitstream}),
        (card.decoder, {"bitstream": bitstream, "decoded": decoded}),
    ):
        command = resolve_program(path, part).command({k: str(v) for k, v in given.items()})
        subprocess.run(command, check=True, cwd=ROOT, timeout=60)
    data = bitstream.read_bytes()
    assert data[:13] == b"FRZN\x01" + struct.pack(">HHI", 64, 48, FRAMES)
    assert data[13:16] in (b"\0\0\1", b"\0\0\0")  # a VVC start code follows
    pictures = decoded.read_bytes()
    one = picture_bytes(64, 48)
    assert one == VIDEO.bytes_per_picture
    assert len(pictures) == FRAMES * one
    assert pictures == pictures[:one] * FRAMES
    scores = metric_by_name("psnr-y").measure(source, [VideoFile(decoded, VIDEO, FRAMES)])[0]
    first, *others = [value or 0 for value in scores.pictures]
    assert first > 35
    assert max(others) < first - 5


def test_the_bytes_of_the_program_that_it_runs_are_its_identity(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = ROOT / "anchors" / "frozen.yaml"
    encoder = load_card(path).encoder
    usual = resolve_program(path, encoder)
    programs = []
    for name in ("one", "another"):
        other = tmp_path / name
        other.write_text(f"#!/bin/sh\n# {name}\n")
        other.chmod(0o755)
        monkeypatch.setenv("CTC_FFMPEG", str(other))
        programs.append(resolve_program(path, encoder))
        assert programs[-1].environment["CTC_FFMPEG"] == str(other)
    assert len({program.digest for program in [usual, *programs]}) == 3
    monkeypatch.delenv("CTC_FFMPEG")
    assert resolve_program(path, encoder) == usual


def test_a_coarser_qp_costs_fewer_bits(tmp_path: Path, source: VideoFile) -> None:
    sizes = []
    for qp in (22, 42):
        encode(source.path, (64, 48), FRAMES, qp, tmp_path / f"{qp}.bin")
        sizes.append((tmp_path / f"{qp}.bin").stat().st_size)
    assert sizes[1] < sizes[0] / 2


def test_wrong_sources_and_values_are_refused(tmp_path: Path, source: VideoFile) -> None:
    target = tmp_path / "x.bin"
    with pytest.raises(FrozenCodecError, match="shall be 36864 for 4 pictures of 64x48"):
        encode(source.path, (64, 48), 4, 22, target)
    with pytest.raises(FrozenCodecError, match=r"qp = 64: shall be in 0\.\.63"):
        encode(source.path, (64, 48), FRAMES, 64, target)
    with pytest.raises(FrozenCodecError, match=r"sides shall be in 1\.\.8192"):
        encode(source.path, (0, 48), FRAMES, 22, target)
    assert not target.exists()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"FRZN", "4 bytes: shall be at least 13"),
        (b"XRZN\x01" + struct.pack(">HHI", 64, 48, 5), r"begins with b'XRZN', version 1"),
        (b"FRZN\x02" + struct.pack(">HHI", 64, 48, 5), "version 2"),
        (b"FRZN\x01" + struct.pack(">HHI", 64, 0, 5), "size 64x0: sides shall be"),
        (b"FRZN\x01" + struct.pack(">HHI", 8192, 8192, 2**32 - 1), "shall be 1 to 1 TiB"),
        (
            b"FRZN\x01" + struct.pack(">HHI", 64, 48, 5) + b"\0\0\1 nothing",
            "ffmpeg exited|picture has",
        ),
    ],
)
def test_damaged_bitstreams_give_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes, message: str
) -> None:
    path, decoded = tmp_path / "a.bin", tmp_path / "d.yuv"
    path.write_bytes(data)
    with pytest.raises(FrozenCodecError, match=message):
        decode(path, decoded)
    assert not decoded.exists()
    assert frozen_codec.main(["decode", "--input", str(path), "--output", str(decoded)]) == 1
    captured = capsys.readouterr().err
    assert captured.startswith("frozen_codec: ") and captured.count("\n") == 1


def test_a_stated_size_other_than_the_pictures_is_refused(
    tmp_path: Path, source: VideoFile
) -> None:
    path = tmp_path / "a.bin"
    encode(source.path, (64, 48), FRAMES, 32, path)
    data = path.read_bytes()
    path.write_bytes(data[:5] + struct.pack(">HHI", 32, 48, FRAMES) + data[13:])
    with pytest.raises(FrozenCodecError, match="shall have 4608 for 32x48"):
        decode(path, tmp_path / "d.yuv")
    assert np.frombuffer(data[9:13], ">u4")[0] == FRAMES


def test_the_help_runs_where_the_card_runs_it() -> None:
    command = [sys.executable, "-m", "anchors.frozen_codec", "--help"]
    result = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, check=True, timeout=60
    )
    assert "the line which every other codec has to beat" in " ".join(result.stdout.split())

"""Import: what FFmpeg decodes comes over sample by sample; known files are recorded; bad input."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

from ctc.__main__ import main
from ctc.sequence_list import load_sequences
from reference_sw.video.format import ColourModel, Matrix, Picture, VideoFormat
from reference_sw.video.raw import VideoReader, VideoWriter
from reference_sw.video.y4m import Y4mWriter

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Done:
    """What a command returned and printed."""

    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]


@pytest.fixture
def ctc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `ctc sequences` with its folders below tmp_path."""
    monkeypatch.setenv("CTC_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GVC_SEQUENCES", str(tmp_path / "own"))
    monkeypatch.chdir(ROOT)

    def run(*arguments: str) -> Done:
        code = main(["sequences", *arguments])
        printed = capsys.readouterr()
        return Done(code, printed.out, printed.err)

    return run


def home(tmp_path: Path) -> Path:
    return tmp_path / "home" / "sequences"


def noise_file(path: Path, video: VideoFormat, frames: int) -> bytes:
    random = np.random.default_rng(8)
    kind = Y4mWriter if path.suffix == ".y4m" else VideoWriter
    raw = b""
    with kind(path, video) as writer:
        for _ in range(frames):
            planes = tuple(
                random.integers(0, 1 << video.bit_depth, shape).astype(video.sample_dtype)
                for shape in video.plane_shapes
            )
            writer.write(Picture(planes))
            raw += b"".join(plane.tobytes() for plane in planes)
    return raw


def ffmpeg(*arguments: str) -> None:
    program = imageio_ffmpeg.get_ffmpeg_exe()
    subprocess.run([program, "-v", "error", "-nostdin", "-y", *arguments], check=True)


def test_a_coded_clip_comes_over_sample_by_sample(ctc: Run, tmp_path: Path) -> None:
    video = VideoFormat(64, 48)
    raw = noise_file(tmp_path / "a.y4m", video, 6)
    ffmpeg(
        "-i", str(tmp_path / "a.y4m"), "-c:v", "libx264", "-qp", "0", str(tmp_path / "My clip.mp4")
    )
    done = ctc("import", str(tmp_path / "My clip.mp4"), "--start", "1", "--frames", "4")
    assert (done.returncode, done.stderr) == (0, "")
    size = video.bytes_per_picture
    sequence = load_sequences(ROOT / "sequences.yaml").find("My_clip")
    written = (home(tmp_path) / sequence.file).read_bytes()
    assert written == raw[size : 5 * size]
    assert sequence.md5 == hashlib.md5(written).hexdigest()
    assert (sequence.frames, sequence.format.frame_rate, sequence.sequence_class) == (4, 25, "USER")
    assert ctc("verify", "My_clip").returncode == 0


@pytest.mark.parametrize("pixel_format", ["gbrp", "rgb24", "gbrp10le"])
def test_rgb_comes_over_in_order(ctc: Run, tmp_path: Path, pixel_format: str) -> None:
    depth = 10 if "10" in pixel_format else 8
    dtype = "<u2" if depth == 10 else "u1"
    planes = [np.full((8, 16), value, dtype) for value in (10, 20, 30)]  # R, G, B
    if pixel_format == "rgb24":
        data = np.stack(planes, -1).tobytes()
    else:
        data = b"".join(planes[i].tobytes() for i in (1, 2, 0))
    (tmp_path / "in.bin").write_bytes(data * 2)
    shape = ["-f", "rawvideo", "-pix_fmt", pixel_format, "-s", "16x8", "-r", "30000/1001"]
    codec = "rawvideo" if pixel_format == "rgb24" else "ffv1"
    ffmpeg(*shape, "-i", str(tmp_path / "in.bin"), "-c:v", codec, str(tmp_path / "a.nut"))
    done = ctc("import", str(tmp_path / "a.nut"))
    assert (done.returncode, done.stderr) == (0, "")
    sequence = load_sequences(ROOT / "sequences.yaml").find("a")
    assert sequence.format.colour is ColourModel.RGB
    assert str(sequence.format.frame_rate) == "30000/1001"
    reader = VideoReader(home(tmp_path) / sequence.file, sequence.format, 2)
    assert [set(np.unique(p)) for p in reader.picture(1).planes] == [{10}, {20}, {30}]


def test_full_range_and_matrix_are_kept(ctc: Run, tmp_path: Path) -> None:
    noise_file(tmp_path / "a.y4m", VideoFormat(32, 32), 2)
    tags = ["-pix_fmt", "yuvj420p", "-colorspace", "bt709", "-color_range", "pc"]
    ffmpeg("-i", str(tmp_path / "a.y4m"), "-c:v", "libx264", *tags, str(tmp_path / "b.mp4"))
    assert ctc("import", str(tmp_path / "b.mp4")).returncode == 0
    video = load_sequences(ROOT / "sequences.yaml").find("b").format
    assert (video.full_range, video.matrix) == (True, Matrix.BT709)


def test_crop_size_and_conversion(ctc: Run, tmp_path: Path) -> None:
    path = tmp_path / "raw.yuv"
    video = VideoFormat(32, 16, bit_depth=10)
    with VideoWriter(path, video) as writer:
        luma = np.full((16, 32), 64 << 2, np.uint16)
        luma[:, 16:] = 180 << 2
        writer.write(Picture((luma, *(np.full((8, 16), 512, np.uint16),) * 2)))
    options = ["--geometry", "32x16", "--frame-rate", "50", "--bit-depth", "10", "--name", "half"]
    done = ctc(
        "import",
        str(path),
        *options,
        "--crop",
        "16,0,16,16",
        "--size",
        "8x8",
        "--as",
        "rgb",
    )
    assert (done.returncode, done.stderr) == (0, "")
    sequence = load_sequences(ROOT / "sequences.yaml").find("half")
    assert sequence.format.bit_depth == 10
    reader = VideoReader(home(tmp_path) / sequence.file, sequence.format, 1)
    grey = round((180 - 16) * 1023 / 219)
    assert [set(np.unique(p)) for p in reader.picture(0).planes] == [{grey}] * 3


def test_a_listed_sequence_is_recorded_and_verified_ever_after(ctc: Run, tmp_path: Path) -> None:
    path = tmp_path / "BlowingBubbles_416x240_50.yuv"
    path.write_bytes(bytes(500 * 416 * 240 * 3 // 2))
    assert ctc("verify", "BlowingBubbles").returncode == 1
    done = ctc("import", str(path))
    assert (done.returncode, done.stderr) == (0, "")
    imported = home(tmp_path) / path.name
    assert imported.stat().st_size == path.stat().st_size
    assert ctc("verify", "BlowingBubbles").returncode == 0
    with imported.open("r+b") as file:
        file.write(b"x")
    done = ctc("verify", "BlowingBubbles")
    assert done.returncode == 1
    assert "WRONG  BlowingBubbles" in done.stdout
    assert "shall be" in done.stdout


def test_a_listed_file_with_samples_out_of_range_is_refused(ctc: Run, tmp_path: Path) -> None:
    """A 10-bit file whose samples lie in the upper bits, as some archives hold them."""
    text = (ROOT / "sequences.yaml").read_text("utf-8")
    small = re.sub(r"(width: )1920", r"\g<1>16", re.sub(r"(height: )1080", r"\g<1>16", text))
    (tmp_path / "small.yaml").write_text(small)
    path = tmp_path / "RitualDance_1920x1080_60fps_10bit_420.yuv"
    path.write_bytes(np.full(600 * 16 * 16 * 3 // 2, 512 << 6, "<u2").tobytes())
    done = ctc("import", str(path), "--sequences", str(tmp_path / "small.yaml"))
    assert done.returncode == 2
    assert "RitualDance: plane 0: sample 32768: shall be in 0..1023" in done.stderr
    assert not list(home(tmp_path).glob("*"))


def test_a_listed_sequence_of_another_md5_is_not_taken(ctc: Run, tmp_path: Path) -> None:
    path = tmp_path / "RaceHorses_416x240_30.yuv"
    path.write_bytes(bytes(300 * 416 * 240 * 3 // 2))
    assert ctc("import", str(path)).returncode == 0
    path.write_bytes(bytes([1]) * (300 * 416 * 240 * 3 // 2))
    done = ctc("import", str(path))
    assert done.returncode == 2
    assert "shall be" in done.stderr
    assert (home(tmp_path) / path.name).read_bytes()[:9] == bytes(9)


def test_a_listed_sequence_in_a_searched_folder_is_not_copied(ctc: Run, tmp_path: Path) -> None:
    (tmp_path / "own" / "D").mkdir(parents=True)
    path = tmp_path / "own" / "D" / "RaceHorses_416x240_30.yuv"
    path.write_bytes(bytes(300 * 416 * 240 * 3 // 2))
    done = ctc("import", str(path))
    assert (done.returncode, done.stderr) == (0, "")
    assert not home(tmp_path).exists()
    assert "RaceHorses:" in (tmp_path / "own" / "imported.yaml").read_text()
    assert load_sequences(ROOT / "sequences.yaml").find("RaceHorses").md5


def test_matrix_and_range_can_be_stated(ctc: Run, tmp_path: Path) -> None:
    noise_file(tmp_path / "tall.y4m", VideoFormat(4, 720), 1)
    assert ctc("import", str(tmp_path / "tall.y4m")).returncode == 0
    options = ["--matrix", "bt601", "--full-range", "--name", "other"]
    assert ctc("import", str(tmp_path / "tall.y4m"), *options).returncode == 0
    known = load_sequences(ROOT / "sequences.yaml")
    tall, other = known.find("tall").format, known.find("other").format
    assert (tall.matrix, tall.full_range) == (Matrix.BT709, False)
    assert (other.matrix, other.full_range) == (Matrix.BT601, True)


def test_importing_a_master_makes_its_420_form(ctc: Run, tmp_path: Path) -> None:
    path = tmp_path / "CFVQA_003_256x256_25_8bit_444.rgb"
    path.write_bytes(bytes([255]) * (125 * 256 * 256 * 3))
    done = ctc("import", str(path))
    assert (done.returncode, done.stderr) == (0, "")
    assert "CFVQA_003_420" in done.stdout
    i420 = (home(tmp_path) / "CFVQA_003_256x256_25_8bit_420.yuv").read_bytes()
    assert i420 == (bytes([235]) * 65536 + bytes([128]) * 32768) * 125
    assert ctc("verify", "CFVQA_003_420", "CFVQA_003").returncode == 0


def test_an_import_again_needs_replace(ctc: Run, tmp_path: Path) -> None:
    noise_file(tmp_path / "a.y4m", VideoFormat(16, 16), 1)
    arguments = ["import", str(tmp_path / "a.y4m")]
    assert ctc(*arguments).returncode == 0
    again = ctc(*arguments)
    assert again.returncode == 2
    assert again.stderr == "ctc: sequence 'a' exists already; --replace imports it anew\n"
    assert ctc(*arguments, "--replace", "--class", "OTHER").returncode == 0
    assert load_sequences(ROOT / "sequences.yaml").find("a").sequence_class == "OTHER"


def test_list_in_json(ctc: Run, tmp_path: Path) -> None:
    done = ctc("list", "--class", "DEMO", "--json")
    rows = json.loads(done.stdout)
    assert {row["state"] for row in rows} == {"rendered on first use"}
    assert {row["frames"] for row in rows} == {100}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.mp4"], "none.mp4: no such file"),
        (["text.mp4"], "text.mp4: holds no video that can be decoded"),
        (["a.yuv"], "a.yuv: a raw file: state --geometry WxH and --frame-rate"),
        (["a.yuv", "--geometry", "16x16"], "needs --frame-rate too"),
        (["a.yuv", "--geometry", "16x17", "--frame-rate", "25"], "not a whole number of pictures"),
        (["a.yuv", "--geometry", "0x16", "--frame-rate", "25"], "--geometry 0x16: shall be"),
        (["a.yuv", "--geometry", "16x16", "--frame-rate", "25", "--bit-depth", "7"], "bit_depth 7"),
        (["a.y4m", "--frame-rate", "29.97"], "--frame-rate 29.97: shall be as 25 or 30000/1001"),
        (["a.y4m", "--crop", "1,2,3"], "--crop 1,2,3: shall be X,Y,WIDTH,HEIGHT"),
        (["a.y4m", "--crop", "0,0,64,64"], "crop 0,0,64,64: shall lie within 16x16"),
        (["a.y4m", "--crop", "1,0,4,4"], "crop x 1: shall be a multiple of 2"),
        (["a.y4m", "--size", "15x16"], "size 15x16: shall be even in 4:2:0"),
        (["a.y4m", "--size", "big"], "--size big: shall be WIDTHxHEIGHT"),
        (["a.y4m", "--size", "99998x2"], "scaling is limited to 16384"),
        (["a.y4m", "--frames", "9"], "2 pictures from number 0 on, --frames asks for 9"),
        (["a.y4m", "--start", "2"], "no picture from number 2 on"),
        (["a.y4m", "--frames", "0"], "--frames at least 1"),
        (["a.y4m", "--name", "../up"], "name '../up': shall be letters"),
        (["a.y4m", "--name", "Cactus"], "Cactus is imported as it is listed|pictures of 1920x1080"),
        (["a.y4m", "--name", "lp_d3"], "sequence 'lp_d3' exists already; give another --name"),
        (["a.y4m", "--class", "B"], "class B is one of sequences.yaml"),
        (["BQSquare_416x240_60.yuv"], "BQSquare: .*1 bytes, but 600 pictures"),
        (["BQSquare_416x240_60.yuv", "--frames", "3"], "BQSquare is imported as it is listed"),
        (["cut.y4m"], "picture 1 is cut short"),
        (["packed.nut"], "pixel format uyvy422 cannot be taken over exactly"),
    ],
)
def test_bad_input(ctc: Run, tmp_path: Path, arguments: list[str], message: str) -> None:
    raw = noise_file(tmp_path / "a.y4m", VideoFormat(16, 16), 2)
    (tmp_path / "a.yuv").write_bytes(raw)
    (tmp_path / "text.mp4").write_text("this is not a film")
    (tmp_path / "BQSquare_416x240_60.yuv").write_bytes(b"x")
    (tmp_path / "cut.y4m").write_bytes((tmp_path / "a.y4m").read_bytes()[:-1])
    if "packed.nut" in arguments:
        shape = ["-f", "rawvideo", "-pix_fmt", "uyvy422", "-s", "16x12", "-i"]
        ffmpeg(*shape, str(tmp_path / "a.yuv"), "-c:v", "rawvideo", str(tmp_path / "packed.nut"))
    done = ctc("import", str(tmp_path / arguments[0]), *arguments[1:])
    assert done.returncode == 2, done.stdout
    assert done.stderr.count("\n") == 1
    assert re.search(message, done.stderr), done.stderr
    left = list(home(tmp_path).glob("*")) if home(tmp_path).exists() else []
    assert not left


def test_as_a_program(tmp_path: Path) -> None:
    environment = os.environ | {"CTC_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "ctc", "sequences", "import", "none.mp4"]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "ctc: none.mp4: no such file\n")

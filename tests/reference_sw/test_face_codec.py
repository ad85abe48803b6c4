"""gvc-encode and gvc-decode together: what is written decodes alone, exactly, or is refused."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from reference_sw.bitstream.byte_stream import split_byte_stream
from reference_sw.decoder.decode_command import main as decode
from reference_sw.decoder.decoding import Decoder
from reference_sw.encoder.encode_command import main as encode
from tests.reference_sw.face_networks import write_networks

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_networks(tmp_path_factory.mktemp("models"))


def moving_disc(width: int, height: int, frames: int, cut: int = 0) -> np.ndarray:
    """A bright disc that moves over a textured ground; after `cut` the ground is another."""
    y, x = np.mgrid[:height, :width]
    pictures = []
    for t in range(frames):
        ground = (x * 7 + y * 3) % 64 if not cut or t < cut else (x * 3 - y * 5) % 64 + 90
        disc = (x - width // 2 - 2 * t) ** 2 + (y - height // 2) ** 2 < (height // 4) ** 2
        luma = np.where(disc, 200, ground + 40).astype(np.uint8)
        chroma = np.full((2, (height + 1) // 2, (width + 1) // 2), 120, np.uint8)
        pictures.append(np.concatenate([luma.ravel(), chroma.ravel()]))
    return np.stack(pictures)


def write_source(folder: Path, width: int = 64, height: int = 64, frames: int = 5) -> Path:
    path = folder / "source.yuv"
    path.write_bytes(moving_disc(width, height, frames).tobytes())
    return path


def run_encode(source: Path, target: Path, model: Path, *options: str, size: str = "64x64") -> int:
    arguments = [str(source), "--size", size, "-o", str(target), "--model", str(model)]
    return encode([*arguments, "--preset", "fast", "--key-qp", "40", "--quiet", *options])


def run_decode(stream: Path, target: Path, model: Path) -> int:
    return decode([str(stream), "-o", str(target), "--model", str(model)])


@pytest.mark.parametrize("frames", [1, 2, 11])
def test_stream_decodes_alone_and_its_hash_agrees(
    tmp_path: Path, model: Path, frames: int, capsys: pytest.CaptureFixture[str]
) -> None:
    source, stream, decoded = write_source(tmp_path, frames=frames), tmp_path / "s", tmp_path / "d"
    report = tmp_path / "report.json"
    assert run_encode(source, stream, model, "--report", str(report)) == 0
    assert run_decode(stream, decoded, model) == 0
    assert decoded.stat().st_size == source.stat().st_size
    assert "1 picture hashes agree" in capsys.readouterr().err
    said = json.loads(report.read_text())
    assert said["bytes"] == stream.stat().st_size == sum(said["component_bytes"].values())
    assert said["pictures"] == frames


@pytest.mark.parametrize(
    ("options", "size", "bytes_per_picture"),
    [
        (["--format", "rgb"], (64, 64), 64 * 64 * 3),
        (["--bit-depth", "10"], (64, 64), 64 * 64 * 3),
        ([], (70, 67), 70 * 67 + 2 * 35 * 34),
        (["--key-codec", "hevc"], (64, 72), 64 * 72 * 3 // 2),
        (["--hash", "crc", "--hash-scope", "picture"], (64, 64), 64 * 64 * 3 // 2),
        (["--segment-pictures", "1"], (64, 64), 64 * 64 * 3 // 2),
    ],
)
def test_formats_sizes_and_options(
    tmp_path: Path,
    model: Path,
    options: list[str],
    size: tuple[int, int],
    bytes_per_picture: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = tmp_path / "source"
    samples = np.arange(3 * bytes_per_picture, dtype=np.int64)
    if "--bit-depth" in options:
        source.write_bytes((samples[: len(samples) // 2] * 11 % 1024).astype("<u2").tobytes())
    else:
        source.write_bytes((samples * 11 % 251).astype(np.uint8).tobytes())
    stream, decoded = tmp_path / "s", tmp_path / "d"
    name = f"{size[0]}x{size[1]}"
    assert run_encode(source, stream, model, *options, size=name) == 0, capsys.readouterr().err
    assert run_decode(stream, decoded, model) == 0
    assert decoded.stat().st_size == 3 * bytes_per_picture
    assert "hashes agree" in capsys.readouterr().err


def test_encoding_is_deterministic_and_threads_do_not_matter(tmp_path: Path, model: Path) -> None:
    source, stream = write_source(tmp_path), tmp_path / "s"
    assert run_encode(source, stream, model) == 0
    hashes = set()
    for threads, extra in (
        ("1", {}),
        ("2", {}),
        ("1", {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41"}),
    ):
        target = tmp_path / f"d{len(hashes)}"
        subprocess.run(
            [
                *(sys.executable, "-m", "reference_sw.decoder.decode_command", str(stream)),
                *("-o", str(target), "--model", str(model), "--threads", threads),
            ],
            check=True,
            cwd=ROOT,
            env={**os.environ, **extra},
        )
        hashes.add(hashlib.sha256(target.read_bytes()).hexdigest())
    assert len(hashes) == 1


def test_unmoved_parameters_repeat_the_key_picture(tmp_path: Path, model: Path) -> None:
    source, stream, decoded = tmp_path / "source", tmp_path / "s", tmp_path / "d"
    source.write_bytes(moving_disc(64, 64, 1).tobytes() * 4)
    assert run_encode(source, stream, model) == 0
    assert run_decode(stream, decoded, model) == 0
    pictures = np.fromfile(decoded, np.uint8).reshape(4, -1)
    assert (pictures == pictures[0]).all()


def test_wrong_model_is_named_and_nothing_written(
    tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, stream, decoded = write_source(tmp_path), tmp_path / "s", tmp_path / "d"
    assert run_encode(source, stream, model) == 0
    other = write_networks(tmp_path, seed=2)
    assert run_decode(stream, decoded, other) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "the bitstream needs the model whose sha256 begins with" in said
    assert run_decode(stream, decoded, tmp_path / "absent.safetensors") == 1
    assert "absent.safetensors: cannot be read: No such file" in capsys.readouterr().err
    assert decode([str(stream), "-o", str(decoded)]) == 1
    assert "is not in models/; give its file with --model" in capsys.readouterr().err
    assert not decoded.exists()


def test_a_failure_leaves_an_earlier_result_as_it_was(
    tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, stream, target = write_source(tmp_path), tmp_path / "s", tmp_path / "d"
    assert run_encode(source, stream, model) == 0
    target.write_bytes(b"earlier")
    alone = tmp_path / "alone.safetensors"
    alone.write_bytes(model.read_bytes())
    assert run_encode(source, target, alone) == 1
    assert "alone.analysis.safetensors: not an analysis network" in capsys.readouterr().err
    (tmp_path / "cut").write_bytes(model.read_bytes()[:1000])
    assert run_decode(stream, target, tmp_path / "cut") == 1
    (tmp_path / "bad").write_bytes(stream.read_bytes()[:-9])
    assert run_decode(tmp_path / "bad", target, model) == 1
    assert capsys.readouterr().err.count("\n") == 2
    assert target.read_bytes() == b"earlier"
    assert not [p for p in tmp_path.iterdir() if p.name.startswith((".d", "d."))]


def test_changed_bytes_never_pass_and_leave_no_file(
    tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, stream = write_source(tmp_path), tmp_path / "s"
    assert run_encode(source, stream, model) == 0
    data = stream.read_bytes()
    before = hashlib.sha256(b"".join(p.tobytes() for p in _planes(data, model))).hexdigest()
    rng = np.random.default_rng(7)
    bad, target = tmp_path / "bad", tmp_path / "d"
    refused = 0
    for position in rng.choice(len(data), 12, replace=False).tolist():
        changed = bytearray(data)
        changed[position] ^= 1 << int(rng.integers(8))
        bad.write_bytes(changed)
        if run_decode(bad, target, model):
            refused += 1
            assert not target.exists()
            assert capsys.readouterr().err.count("\n") == 1
        else:
            capsys.readouterr()
            planes = _planes(bytes(changed), model)
            assert hashlib.sha256(b"".join(p.tobytes() for p in planes)).hexdigest() == before
            target.unlink()
    assert refused > 6


def test_truncation_is_refused_at_every_unit(
    tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, stream = write_source(tmp_path), tmp_path / "s"
    assert run_encode(source, stream, model) == 0
    data = stream.read_bytes()
    for unit in split_byte_stream(data)[:3]:
        for end in (unit.offset, unit.offset + unit.size // 2):
            bad = tmp_path / "bad"
            bad.write_bytes(data[:end])
            assert run_decode(bad, tmp_path / "d", model) == 1
            assert capsys.readouterr().err.count("\n") == 1
            assert not (tmp_path / "d").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["absent.y4m"], "cannot be read"),
        (["source.yuv"], "raw video needs --size"),
        (["source.yuv", "--size", "64by64"], "shall be WIDTHxHEIGHT"),
        (["source.yuv", "--size", "63x61"], "not a whole number of pictures"),
        (["source.yuv", "--size", "64x64", "--key-qp", "77"], "shall be in 0..63 for VVC"),
        (["source.yuv", "--size", "64x64", "--segment-pictures", "0"], "shall be in 1..4096"),
        (["source.yuv", "--size", "64x64", "--point-shift", "40"], "shall be in 0..16"),
    ],
)
def test_wrong_input_is_one_line(
    tmp_path: Path,
    model: Path,
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_source(tmp_path)
    target = tmp_path / "s"
    source = str(tmp_path / arguments[0])
    assert (
        encode([source, *arguments[1:], "-o", str(target), "--model", str(model), "--quiet"]) == 1
    )
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert not target.exists()


def test_vtm_key_pictures_decode_and_are_smaller_headed(tmp_path: Path, model: Path) -> None:
    root = os.environ.get("CTC_VTM_DIR")
    if not root:
        pytest.skip("CTC_VTM_DIR is not set: no VTM encoder to code key pictures with")
    folder = Path(root) if not root.endswith("/bin") else Path(root).parent
    program, config = folder / "bin/EncoderAppStatic", folder / "cfg/encoder_intra_vtm.cfg"
    source, stream = write_source(tmp_path), tmp_path / "s"
    assert run_encode(source, stream, model, "--vtm", str(program), str(config)) == 0
    assert run_decode(stream, tmp_path / "d", model) == 0
    assert run_encode(source, tmp_path / "vvenc", model) == 0
    assert stream.stat().st_size < (tmp_path / "vvenc").stat().st_size


@pytest.mark.parametrize("other", [[], ["--key-codec", "hevc"]])
def test_a_missing_vtm_is_one_line(
    tmp_path: Path, model: Path, other: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    source, stream = write_source(tmp_path), tmp_path / "s"
    options = ["--vtm", str(tmp_path / "absent"), str(tmp_path / "absent.cfg"), *other]
    assert run_encode(source, stream, model, *options) == 1
    said = capsys.readouterr().err
    assert ("--vtm codes VVC" if other else "absent: no such file") in said
    assert said.count("\n") == 1
    assert not stream.exists()


def test_scene_cut_brings_a_new_key_picture(tmp_path: Path, model: Path) -> None:
    source, stream, report = tmp_path / "source", tmp_path / "s", tmp_path / "r"
    source.write_bytes(moving_disc(64, 64, 30, cut=10).tobytes())
    options = ["--preset", "default", "--report", str(report)]
    assert run_encode(source, stream, model, *options) == 0
    assert 10 in json.loads(report.read_text())["key_pictures"]
    assert run_decode(stream, tmp_path / "d", model) == 0


def _planes(stream: bytes, model: Path) -> list[np.ndarray]:
    return [plane for picture in Decoder(model).decode(stream) for plane in picture.planes]

"""gvc-decode on the SEI carriage: the pictures of the native stream, and the same hash."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from reference_sw.decoder.decode_command import main as decode
from reference_sw.decoder.trace_command import main as trace
from reference_sw.encoder.convert_command import main as convert
from tests.reference_sw.face_networks import write_networks
from tests.reference_sw.test_face_codec import moving_disc, run_encode


@pytest.mark.parametrize("options", [[], ["--key-codec", "hevc"]], ids=["vvc", "hevc"])
def test_both_carriages_decode_to_the_same_pictures(
    tmp_path: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    model = write_networks(tmp_path)
    source = tmp_path / "source.yuv"
    source.write_bytes(moving_disc(64, 64, 6, cut=3).tobytes())
    native, sei, back = (tmp_path / name for name in ("a.gvc", "a.sei", "b.gvc"))
    assert run_encode(source, native, model, *options) == 0
    assert convert([str(native), str(sei)]) == 0
    assert convert([str(sei), str(back)]) == 0
    for stream in (native, sei, back):
        arguments = [str(stream), "-o", str(stream.with_suffix(".yuv")), "--model", str(model)]
        assert decode(arguments) == 0
        assert "1 picture hashes agree" in capsys.readouterr().err
    pictures = {p.with_suffix(".yuv").read_bytes() for p in (native, sei, back)}
    assert len(pictures) == 1
    assert len(pictures.pop()) == source.stat().st_size
    if not options:
        play_with_vtm(sei)


def play_with_vtm(stream: Path) -> None:
    """VTM decodes the key pictures; left out where it is not at hand."""
    if "CTC_VTM_DIR" not in os.environ:
        return
    program = Path(os.environ["CTC_VTM_DIR"]) / "DecoderAppStatic"
    arguments = [str(program), "-b", str(stream), "-o", str(stream.with_suffix(".key.yuv"))]
    subprocess.run(arguments, check=True, capture_output=True, cwd=stream.parent)
    pictures = trace(["--units", str(stream), "--out", str(stream.with_suffix(".units"))])
    units = stream.with_suffix(".units").read_text()
    assert pictures == 0 and "VVC_VCL" in units
    size = stream.with_suffix(".key.yuv").stat().st_size
    assert size == 64 * 64 * 3 * units.count("VVC_VCL")


def test_a_stream_of_another_encoder_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = Path(__file__).parents[2] / "conformance" / "streams" / "sei_keypoints.vvc"
    assert decode([str(stream), "-o", str(tmp_path / "out.yuv")]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "no parameter set has come" in error
    assert not (tmp_path / "out.yuv").exists()

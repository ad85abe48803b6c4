"""Writes the picture vectors: a small model, streams that need it, and the MD5 of what they show.

Run `python -m tests.conformance.generate_pictures` only after a change of the bitstream, of the
decoding process or of the model format, and say so in CHANGELOG.md: encoders are free, so the
streams are kept and not made anew by the tests.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from pathlib import Path

from reference_sw.decoder.decode_command import main as decode
from reference_sw.encoder.convert_command import main as convert
from reference_sw.encoder.encode_command import main as encode
from tests.conformance.generate import FOLDER, suite, vector
from tests.reference_sw.face_networks import write_networks
from tests.reference_sw.test_face_codec import moving_disc

MODEL = "small.safetensors"
# Name: description, encoder options, size, fluster's output format.
VECTORS: dict[str, tuple[str, list[str], tuple[int, int], str]] = {
    "pictures_vvc": ("two key pictures of VVC, 8-bit 4:2:0", [], (64, 64), "yuv420p"),
    "pictures_hevc": (
        "two key pictures of HEVC, 8-bit 4:2:0",
        ["--key-codec", "hevc"],
        (64, 64),
        "yuv420p",
    ),
    "pictures_odd_size": ("a size that is padded: 70x67", [], (70, 67), "yuv420p"),
    "pictures_crc": (
        "a CRC for each picture, one picture a segment",
        ["--hash", "crc", "--hash-scope", "picture", "--segment-pictures", "1"],
        (64, 72),
        "yuv420p",
    ),
}
CONVERTED = {"pictures_vvc": "pictures_sei_vvc", "pictures_hevc": "pictures_sei_hevc"}


def checked(code: int, what: str) -> None:
    if code != 0:
        raise RuntimeError(f"{what}: exit code {code}")


def decoded_md5(stream: Path, model: Path) -> str:
    """Return the md5 of the raw video that gvc-decode writes for a stream."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.yuv"
        checked(decode([str(stream), "-o", str(out), "--model", str(model), "--quiet"]), "decode")
        return hashlib.md5(out.read_bytes(), usedforsecurity=False).hexdigest()


def write(folder: Path) -> None:
    """Write model, streams and suite into a folder."""
    for part in ("models", "pictures", "suites"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    model = folder / "models" / MODEL
    vectors = []
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        made = write_networks(work)
        shutil.copyfile(made, model)
        for stem, (text, options, (width, height), pixels) in VECTORS.items():
            source, stream = work / "source.yuv", folder / "pictures" / f"{stem}.gvc"
            source.write_bytes(moving_disc(width, height, 30, cut=10).tobytes())
            arguments = [str(source), "--size", f"{width}x{height}", "-o", str(stream)]
            arguments += ["--model", str(made), "--preset", "default", "--key-qp", "40", "--quiet"]
            checked(encode([*arguments, *options]), stem)
            vectors.append(_vector(stream, text, pixels, model))
            if stem in CONVERTED:
                converted = folder / "pictures" / f"{CONVERTED[stem]}.{stem.split('_')[1]}"
                checked(convert([str(stream), str(converted)]), converted.name)
                vectors.append(_vector(converted, f"{text}, as messages", pixels, model))
    text = suite("GVC-pictures", "Decoded video, with models/small.safetensors", vectors)
    (folder / "suites" / "GVC-pictures.json").write_text(text)


def _vector(stream: Path, text: str, pixels: str, model: Path) -> dict[str, str]:
    found = vector("pictures", stream.name, text, stream.read_bytes(), decoded_md5(stream, model))
    return {**found, "output_format": pixels}


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)

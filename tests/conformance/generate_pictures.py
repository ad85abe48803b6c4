"""Writes the picture vectors: small models, streams that need them, and the MD5 of what they show.

Run `python -m tests.conformance.generate_pictures` for a new vector, or after a change of the
bitstream, of the decoding process or of the model format, and say so in CHANGELOG.md. Encoders are
free, so what is there is kept: remove streams and models that shall be made anew.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from reference_sw.decoder.decode_command import main as decode
from reference_sw.encoder.convert_command import main as convert
from reference_sw.encoder.encode_command import main as encode
from tests.conformance.generate import FOLDER, suite, vector
from tests.reference_sw.face_networks import write_feature_networks, write_networks
from tests.reference_sw.test_face_codec import moving_disc

# Name: description, encoder options, size, fluster's output format.
Vectors = Mapping[str, tuple[str, list[str], tuple[int, int], str]]
KEYPOINTS: Vectors = {
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
FEATURES: Vectors = {
    "pictures_features": ("two key pictures, compact features", [], (64, 72), "yuv420p"),
}
CONVERTED = {
    "pictures_vvc": "pictures_sei_vvc",
    "pictures_hevc": "pictures_sei_hevc",
    "pictures_features": "pictures_sei_features",
}


@dataclass(frozen=True)
class PictureSuite:
    """Vectors that need the same model, and what makes that model."""

    model: str
    vectors: Vectors
    networks: Callable[[Path], Path]


SUITES = {
    "GVC-pictures": PictureSuite("small.safetensors", KEYPOINTS, write_networks),
    "GVC-pictures-features": PictureSuite(
        "small-features.safetensors", FEATURES, write_feature_networks
    ),
}


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
    """Write what is missing of models and streams, and the suites, into a folder."""
    for part in ("models", "pictures", "suites"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for name, each in SUITES.items():
        with tempfile.TemporaryDirectory() as work:
            vectors = _written(folder, each, Path(work))
        text = suite(name, f"Decoded video, with models/{each.model}", vectors)
        (folder / "suites" / f"{name}.json").write_text(text)


def _written(folder: Path, each: PictureSuite, work: Path) -> list[dict[str, str]]:
    """The vectors of a suite, streams that are missing made."""
    model, made = folder / "models" / each.model, each.networks(work)
    if not model.exists():
        shutil.copyfile(made, model)
    vectors = []
    for stem, (text, options, (width, height), pixels) in each.vectors.items():
        source, stream = work / "source.yuv", folder / "pictures" / f"{stem}.gvc"
        if not stream.exists():
            if made.read_bytes() != model.read_bytes():
                raise RuntimeError(f"{model.name}: no analysis network makes {stem} with it")
            source.write_bytes(moving_disc(width, height, 30, cut=10).tobytes())
            arguments = [str(source), "--size", f"{width}x{height}", "-o", str(stream)]
            arguments += ["--model", str(made), "--preset", "default", "--key-qp", "40", "--quiet"]
            checked(encode([*arguments, *options]), stem)
        vectors.append(_vector(stream, text, pixels, model))
        if stem in CONVERTED:
            codec = "hevc" if "hevc" in stem else "vvc"
            converted = folder / "pictures" / f"{CONVERTED[stem]}.{codec}"
            if not converted.exists():
                checked(convert([str(stream), str(converted)]), converted.name)
            vectors.append(_vector(converted, f"{text}, as messages", pixels, model))
    return vectors


def _vector(stream: Path, text: str, pixels: str, model: Path) -> dict[str, str]:
    found = vector("pictures", stream.name, text, stream.read_bytes(), decoded_md5(stream, model))
    return {**found, "output_format": pixels}


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)

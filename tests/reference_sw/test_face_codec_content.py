"""What gvc-encode makes of pictures other than one upright face: never worse than the floor."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reference_sw.decoder.decode_command import main as decode
from reference_sw.encoder.distortion import distortion
from reference_sw.encoder.encode_command import main as encode


def odd_content(kind: str) -> np.ndarray:
    """12 pictures of 128x128 without any face, as 4:2:0."""
    y, x = np.mgrid[:128, :128]
    ground = 128 + 40 * np.sin(x / 5) + 40 * np.cos(y / 7)
    noise = np.random.default_rng(1).integers(0, 255, (12, 128, 128))
    make = {
        "black": lambda t: 0 * x,
        "static": lambda t: ground,
        "noise": lambda t: noise[t],
        "pan": lambda t: np.roll(ground, 2 * t, 1),
        "fade": lambda t: ground * (1 - t / 12),
        "black in the middle": lambda t: ground * (t < 4 or t > 7),
    }[kind]
    chroma = np.full(2 * 64 * 64, 128, np.uint8)
    return np.stack([np.concatenate([make(t).astype(np.uint8).ravel(), chroma]) for t in range(12)])


@pytest.mark.parametrize("kind", ["black", "static", "noise", "pan", "fade", "black in the middle"])
def test_pictures_without_a_face_are_no_worse_than_the_key_picture_repeated(
    tmp_path: Path, kind: str
) -> None:
    """The stated floor: 1 - SSIM within 0.02 of repeating the first decoded picture."""
    pictures = odd_content(kind)
    source, stream, decoded = tmp_path / "s.yuv", tmp_path / "s", tmp_path / "d"
    source.write_bytes(pictures.tobytes())
    options = ["--size", "128x128", "-o", str(stream), "--key-qp", "37", "--quiet"]
    assert encode([str(source), *options]) == 0
    assert decode([str(stream), "-o", str(decoded), "--quiet"]) == 0
    size = (12, 128, 128)
    originals, coded = (
        a.reshape(12, -1)[:, : 128 * 128].reshape(size).astype(float)
        for a in (pictures, np.fromfile(decoded, np.uint8))
    )
    error = [distortion(a, b) for a, b in zip(originals, coded, strict=True)]
    floor = [distortion(a, coded[0]) for a in originals]
    assert np.mean(error) <= np.mean(floor) + 0.02
    if kind in ("fade", "black in the middle", "pan"):
        assert np.mean(error) < 0.6 * np.mean(floor)

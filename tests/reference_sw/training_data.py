"""Tiny training folders: moving blobs and random loss weights, no file from outside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reference_sw.training.objective import IDENTITY_FILE, LPIPS_FILE, VGG_FILE

SIZE = 64


def pictures(seed: int, count: int = 10) -> np.ndarray:
    """(count, 3, 64, 64): two bright blobs drifting over a gradient."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:SIZE, 0:SIZE]
    start, speed = rng.uniform(16, 48, (2, 2)), rng.uniform(-1, 1, (2, 2))
    colour = rng.uniform(60, 120, (2, 3))
    found = []
    for t in range(count):
        frame = np.stack([x + c for c in (10, 20, 30)]).astype(float)
        for p, v, c in zip(start, speed, colour, strict=True):
            cy, cx = p + v * t
            frame += c[:, None, None] * np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / 60)
        found.append(frame.clip(0, 255))
    return np.stack(found).astype(np.uint8)


def write_data(folder: Path) -> Path:
    """Three sequences, each with points of a face; the first has coded pictures."""
    for part in ("coded", "face"):
        (folder / part).mkdir(parents=True)
    for i, name in enumerate(("a", "b", "held")):
        np.save(folder / f"{name}.npy", pictures(i))
        points = np.random.default_rng(i).uniform(-0.5, 0.5, (10, 468, 2))
        np.save(folder / "face" / f"{name}.npy", points.astype(np.float32))
    index = np.array([0, 5])
    rough = np.stack([pictures(0)[index] // 16 * 16 + 8, pictures(0)[index] // 32 * 32 + 16])
    np.savez(folder / "coded" / "a.npz", idx=index, qp=np.array([32, 42]), pictures=rough)
    return folder


def write_weights(folder: Path) -> Path:
    """Random weights of the shapes of the three loss networks."""
    folder.mkdir()
    rng = np.random.default_rng(9)

    def draw(*shape: int) -> np.ndarray:
        fan = int(np.prod(shape[1:])) or 1
        return (rng.normal(size=shape) * np.sqrt(2 / fan)).astype(np.float32)

    alex = {0: (64, 3, 11, 11), 3: (192, 64, 5, 5), 6: (384, 192, 3, 3), 8: (256, 384, 3, 3)}
    alex[10] = (256, 256, 3, 3)
    arrays = {}
    for k, (i, shape) in enumerate(alex.items()):
        arrays[f"features.{i}.weight"] = draw(*shape)
        arrays[f"features.{i}.bias"] = np.zeros(shape[0], np.float32)
        arrays[f"lin{k}.weight"] = np.abs(draw(1, shape[0], 1, 1)) / 10
    np.savez(folder / LPIPS_FILE, **arrays)
    vgg = {0: (64, 3, 3, 3), 2: (64, 64, 3, 3), 5: (128, 64, 3, 3), 7: (128, 128, 3, 3)}
    arrays = {f"features.{i}.weight": draw(*shape) for i, shape in vgg.items()}
    arrays |= {f"features.{i}.bias": np.zeros(shape[0], np.float32) for i, shape in vgg.items()}
    np.savez(folder / VGG_FILE, **arrays)
    arrays = {"conv3.bias": np.zeros(128, np.float32)}
    for kernel, norm, shape in mobile_face_net():
        arrays[f"{kernel}.weight"] = draw(*shape)
        for name, value in (("weight", 1), ("bias", 0), ("running_mean", 0), ("running_var", 1)):
            arrays[f"{norm}.{name}"] = np.full(shape[0], value, np.float32)
    np.savez(folder / IDENTITY_FILE, **arrays)
    return folder


def mobile_face_net() -> list[tuple[str, str, tuple[int, ...]]]:
    """Convolutions with the normalisation behind each.  Source: Chen et al., 2018, table 1."""
    found: list[tuple[str, str, tuple[int, ...]]] = [
        ("conv1.0", "conv1.1", (64, 3, 3, 3)),
        ("dw_conv.depthwise", "dw_conv.bn1", (64, 1, 3, 3)),
        ("dw_conv.pointwise", "dw_conv.bn2", (64, 64, 1, 1)),
        ("conv2.0", "conv2.1", (512, 128, 1, 1)),
        ("gdconv.depthwise", "gdconv.bn", (512, 1, 7, 7)),
        ("conv3", "bn", (128, 512, 1, 1)),
    ]
    stages = ((2, 64, 5), (4, 128, 1), (2, 128, 6), (4, 128, 1), (2, 128, 2))
    blocks = [(e, channels) for e, channels, repeats in stages for _ in range(repeats)]
    inputs = 64
    for index, (expansion, outputs) in enumerate(blocks):
        name, hidden = f"features.{index}.conv", inputs * expansion
        found += [
            (f"{name}.0.0", f"{name}.0.1", (hidden, inputs, 1, 1)),
            (f"{name}.1.0", f"{name}.1.1", (hidden, 1, 3, 3)),
            (f"{name}.2", f"{name}.3", (outputs, hidden, 1, 1)),
        ]
        inputs = outputs
    return found


RECIPE = """
name: tiny
seed: 3
steps: 4
batch: 2
workers: 1
learning_rate: 0.001
decay_from: 2
quantise_from: 3
network: {num_points: 3, width: 8, low: 8, high: 8}
sampling: {distance: 8, coded_share: 0.5, still_share: 0.1, affine_share: 0.5}
rounding: {points: [7], matrices: [5], still: 0.2, from_step: 1}
losses: {lpips_output: 1.0, vgg: 0.1, identity: 0.1, temporal: 0.1, adversarial: 0.01}
held_out: [held]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data, weights of the losses and the tiny recipe."""
    root = tmp_path_factory.mktemp("training")
    write_data(root / "data")
    write_weights(root / "weights")
    (root / "tiny.yaml").write_text(RECIPE)
    return root

"""Tiny training folders: moving blobs and random loss weights, no file from outside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from reference_sw.training.identity import FaceEmbedding
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
    torch.manual_seed(3)
    embedding = FaceEmbedding.without_weights()
    state = {key: value.numpy() for key, value in embedding.state_dict().items()}
    np.savez(folder / IDENTITY_FILE, **state)
    return folder


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

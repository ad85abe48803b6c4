"""Training samples: pairs of pictures of one sequence, the first perhaps really coded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from reference_sw.training.recipe import Sampling

Pictures = npt.NDArray[np.uint8]
Points = npt.NDArray[np.float32]
RENDERED = "rendered"


class DatasetError(ValueError):
    """A training folder that cannot be used."""


@dataclass(frozen=True)
class CodedKeys:
    """Really coded pictures of one sequence.

    index: (M,) positions in the sequence; pictures: (Q, M, 3, H, W) uint8, one row per QP.
    """

    index: npt.NDArray[np.int64]
    qp: npt.NDArray[np.int64]
    pictures: Pictures


@dataclass(frozen=True)
class TrainingSequence:
    """One sequence: (N, 3, H, W) uint8 RGB, memory-mapped.

    face: (N, 468, 2) float32 points of the face mesh, -1 and 1 at the picture's edges, NaN where
    no face was found; rendered: whether it is a head of the renderer.
    """

    name: str
    pictures: Pictures
    coded: CodedKeys | None
    face: Points | None = None
    rendered: bool = False


@dataclass(frozen=True)
class Batch:
    """key, previous and current: (N, 3, H, W) float32 in 0..255; previous precedes current.

    taught: (N, T, 2) where the taught points of the current picture are, NaN: not known.
    """

    key: Tensor
    previous: Tensor
    current: Tensor
    taught: Tensor


Sample = tuple[Tensor, Tensor, Tensor, Tensor]
# Points of the face mesh that a mirrored picture shows in each other's place.
MIRRORED = ((61, 291), (159, 386), (145, 374), (105, 334), (33, 263), (133, 362))


def mirrored(points: Tensor, taught: tuple[int, ...]) -> Tensor:
    """Points (T, 2) of the mirrored picture; a point in no pair of `MIRRORED` lies on the axis."""
    other = dict(MIRRORED) | {right: left for left, right in MIRRORED}
    order = [taught.index(other.get(point, point)) for point in taught]
    return points[order] * torch.tensor([-1.0, 1.0])


def load_sequences(
    folder: Path, coded: Path | None = None, rendered: bool = False
) -> list[TrainingSequence]:
    """Every NAME.npy of the folder, with coded/NAME.npz and face/NAME.npy where there is one.

    rendered: also those of the folder's folder "rendered", which shall then be there.
    """
    found = []
    for path in sorted(folder.glob("*.npy")):
        pictures = np.load(path, mmap_mode="r", allow_pickle=False)
        if pictures.dtype != np.uint8 or pictures.ndim != 4 or pictures.shape[1] != 3:
            raise DatasetError(f"{path}: {pictures.dtype} {pictures.shape}: shall be uint8 N,3,H,W")
        face = _load_face(folder / "face" / path.name, len(pictures))
        found.append(TrainingSequence(path.stem, pictures, _load_coded(coded, path.stem), face))
    if not found:
        raise DatasetError(f"{folder}: no NAME.npy in this folder")
    if rendered:
        heads = load_sequences(folder / RENDERED, folder / RENDERED / "coded")
        found += [replace(head, rendered=True) for head in heads]
    return found


def _load_coded(folder: Path | None, name: str) -> CodedKeys | None:
    path = folder / f"{name}.npz" if folder else None
    if path is None or not path.exists():
        return None
    with np.load(path, allow_pickle=False) as file:
        return CodedKeys(file["idx"], file["qp"], file["pictures"])


def _load_face(path: Path, pictures: int) -> Points | None:
    if not path.exists():
        return None
    points: Points = np.load(path, mmap_mode="r", allow_pickle=False)
    if points.dtype != np.float32 or points.shape != (pictures, 468, 2):
        raise DatasetError(
            f"{path}: {points.dtype} {points.shape}: shall be float32 ({pictures}, 468, 2)"
        )
    return points


def draw_weights(sequences: list[TrainingSequence], rules: Sampling) -> npt.NDArray[np.float64]:
    """How often each sequence is drawn, of 1: those rendered have their share together."""
    weights = np.array([len(s.pictures) for s in sequences], np.float64) ** rules.balance
    heads = np.array([s.rendered for s in sequences])
    for group, share in ((heads, rules.rendered_share), (~heads, 1 - rules.rendered_share)):
        if share and not group.any():
            what = "rendered" if group is heads else "other"
            raise DatasetError(f"sampling.rendered_share = {rules.rendered_share}: no {what} clip")
        if group.any():
            weights[group] *= share / weights[group].sum()
    return weights


class PairSampler:
    """Draws batches with a generator of its own, so that a resumed run differs from a repeat.

    taught: points of the face mesh to give with each batch.
    """

    def __init__(
        self,
        sequences: list[TrainingSequence],
        rules: Sampling,
        seed: int,
        taught: tuple[int, ...] = (),
    ) -> None:
        self.sequences = sequences
        self.rules = rules
        self.taught = taught
        self.random = np.random.default_rng(seed)
        self.weights = draw_weights(sequences, rules)

    def batch(self, size: int) -> Batch:
        """A batch of `size` augmented samples."""
        samples = [self._sample() for _ in range(size)]
        parts = [torch.stack(part) for part in zip(*samples, strict=True)]
        if self.random.random() < self.rules.half_share:
            parts[:3] = [functional.avg_pool2d(part, 2).round() for part in parts[:3]]
        return Batch(*parts)

    def _pair(self, sequence: TrainingSequence) -> tuple[Pictures, int]:
        rules, n = self.rules, len(sequence.pictures)
        if sequence.coded is not None and self.random.random() < rules.coded_share:
            slot = int(self.random.integers(len(sequence.coded.index)))
            qp = int(self.random.integers(len(sequence.coded.qp)))
            anchor, key = int(sequence.coded.index[slot]), sequence.coded.pictures[qp, slot]
        else:
            anchor = int(self.random.integers(n))
            key = sequence.pictures[anchor]
        if self.random.random() < rules.still_share:
            return key, anchor
        low, high = max(0, anchor - rules.distance), min(n, anchor + rules.distance + 1)
        return key, int(self.random.integers(low, high))

    def _sample(self) -> Sample:
        sequence = self.sequences[int(self.random.choice(len(self.sequences), p=self.weights))]
        key, current = self._pair(sequence)
        before = sequence.pictures[max(0, current - 1)]
        stack = torch.from_numpy(np.stack([key, before, sequence.pictures[current]])).float()
        points = torch.full((len(self.taught), 2), torch.nan)
        if sequence.face is not None:
            points = torch.from_numpy(np.array(sequence.face[current][list(self.taught)]))
        return self._augment(stack, points)

    def _augment(self, stack: Tensor, points: Tensor) -> Sample:
        if self.random.random() < 0.5:
            stack = stack.flip(3)
            points = mirrored(points, self.taught)
        if self.random.random() < self.rules.affine_share:
            stack, points = self._turn(stack, points)
        gain = torch.from_numpy(self.random.uniform(0.85, 1.15, (1, 3, 1, 1))).float()
        offset = float(self.random.uniform(-10, 10))
        stack = (stack * gain + offset).clamp(0, 255).round()
        return stack[0], stack[1], stack[2], points

    def _turn(self, stack: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
        """All pictures and points turned, scaled and shifted alike, mirrored at the edges."""
        angle = float(self.random.uniform(-0.25, 0.25))
        scale = float(self.random.uniform(0.75, 1.1))
        shift = torch.from_numpy(self.random.uniform(-0.12, 0.12, (2, 1))).float()
        cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
        matrix = torch.tensor([[cosine, -sine], [sine, cosine]], dtype=torch.float32)
        theta = torch.cat([matrix, shift], 1)[None].expand(len(stack), -1, -1)
        grid = functional.affine_grid(theta, list(stack.shape), align_corners=False)
        turned = functional.grid_sample(
            stack, grid, mode="bicubic", padding_mode="reflection", align_corners=False
        )
        return turned, (points - shift[:, 0].float()) @ torch.linalg.inv(matrix).T

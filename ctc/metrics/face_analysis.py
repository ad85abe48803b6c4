"""Faces of a batch: crops found in the original and used for both sides, and the points in them.

One rule for both sides: the detector and a first pass of the mesh look at the original alone; the
crop they give serves the original and every decoded file, so that a difference of points is a
difference of pictures and never one of crops.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch.nn.functional import affine_grid, grid_sample

from ctc.metrics.learned import rgb_tensor, tensors_of
from ctc.metrics.networks.face_detector import detect
from ctc.metrics.networks.face_identity import INPUT_SIDE as IDENTITY_SIDE
from ctc.metrics.networks.face_identity import TEMPLATE, embedding
from ctc.metrics.networks.face_mesh import INPUT_SIDE as MESH_SIDE
from ctc.metrics.networks.face_mesh import face_points
from ctc.metrics.pictures import PictureBatch

Array = npt.NDArray[np.float64]

DETECTOR, MESH, IDENTITY = "ultraface-rfb320", "facemesh468", "mobilefacenet"
CROP_SCALE = 1.5
LEAST_PROBABILITY = 0.5
# Left and right as the picture shows them.
EYE_CORNERS = ((33, 133), (362, 263))
NOSE_TIP, MOUTH_CORNERS = 1, (61, 291)


@dataclass(frozen=True)
class Crops:
    """Square crops of the original: centre x, centre y and side (n, 3); where a face is (n,)."""

    squares: torch.Tensor
    found: npt.NDArray[np.bool_]


def crops_of(original: PictureBatch) -> Crops:
    """Return the crop of the face in each picture of the original."""

    def make() -> Crops:
        with torch.inference_mode():
            pictures = rgb_tensor(original)
            boxes, probability = detect(tensors_of(DETECTOR), pictures)
            first = _points(pictures, _squares(boxes[:, :2], boxes[:, 2:]))[..., :2]
            squares = _squares(first.amin(dim=1), first.amax(dim=1))
        return Crops(squares, (probability > LEAST_PROBABILITY).cpu().numpy())

    return original.derived("face crops", make)


def points_of(original: PictureBatch, batch: PictureBatch) -> Array:
    """Return the face's points in each picture of `batch`: (n, 468, 3) in samples, NaN: no face."""
    crops = crops_of(original)

    def make() -> Array:
        with torch.inference_mode():
            points = _points(rgb_tensor(batch), crops.squares).cpu().double().numpy()
        points[~crops.found] = np.nan
        return np.asarray(points, dtype=np.float64)

    return batch.derived(f"face points by {id(original)}", make)


def identity_of(original: PictureBatch, batch: PictureBatch) -> Array:
    """Return the identity vector of each picture's face: (n, 128), unit length; NaN: no face."""
    points = points_of(original, batch)

    def make() -> Array:
        five = np.stack(
            [
                *(points[:, pair, :2].mean(axis=1) for pair in EYE_CORNERS),
                points[:, NOSE_TIP, :2],
                *(points[:, corner, :2] for corner in MOUTH_CORNERS),
            ],
            axis=1,
        )
        missing = np.isnan(five).any(axis=(1, 2))
        matrices = np.stack([similarity_transform(f) for f in np.where(np.isnan(five), 0, five)])
        with torch.inference_mode():
            pictures = rgb_tensor(batch)
            faces = _sampled(pictures, torch.from_numpy(matrices), IDENTITY_SIDE)
            vectors = embedding(tensors_of(IDENTITY), faces).cpu().double().numpy()
        vectors[missing] = np.nan
        return np.asarray(vectors, dtype=np.float64)

    return batch.derived(f"face identity by {id(original)}", make)


def similarity_transform(points: Array) -> Array:
    """Return the 2x3 map from the identity template to five points, rotation and scale in common.

    The least-squares solution in complex numbers: p = s t + c.

    >>> (similarity_transform(np.array(TEMPLATE) * 2 + 3).round(6) + 0.0).tolist()
    [[2.0, 0.0, 3.0], [0.0, 2.0, 3.0]]
    """
    template = np.array(TEMPLATE) @ np.array([1, 1j])
    target = points @ np.array([1, 1j])
    away = template - template.mean()
    slope = np.vdot(away, target - target.mean()) / np.vdot(away, away)
    offset = target.mean() - slope * template.mean()
    return np.array([[slope.real, -slope.imag, offset.real], [slope.imag, slope.real, offset.imag]])


def _squares(low: torch.Tensor, high: torch.Tensor) -> torch.Tensor:
    side = (high - low).amax(dim=1, keepdim=True) * CROP_SCALE
    return torch.cat([(low + high) / 2, side.clamp(min=1.0)], dim=1)


def _points(pictures: torch.Tensor, squares: torch.Tensor) -> torch.Tensor:
    scale = squares[:, 2] / MESH_SIDE
    corner = squares[:, :2] - squares[:, 2:] / 2
    zero = torch.zeros_like(scale)
    rows = [
        torch.stack([scale, zero, corner[:, 0]], 1),
        torch.stack([zero, scale, corner[:, 1]], 1),
    ]
    crops = _sampled(pictures, torch.stack(rows, dim=1), MESH_SIDE)
    points = face_points(tensors_of(MESH), crops) * scale[:, None, None]
    return torch.cat([points[..., :2] + corner[:, None], points[..., 2:]], dim=2)


def _sampled(pictures: torch.Tensor, matrices: torch.Tensor, side: int) -> torch.Tensor:
    """Return crops (n, 3, side, side): crop place (x, y) is the picture's matrix (x, y, 1)."""
    height, width = pictures.shape[2:]
    matrices = matrices.to(pictures)
    # affine_grid wants -1..1 on both sides: sample s is (2 s + 1) / size - 1.
    size = torch.tensor([width, height], device=pictures.device, dtype=pictures.dtype)
    linear = matrices[:, :, :2] * side / size[:, None]
    middle = matrices[:, :, :2].sum(2) * (side - 1) / 2 + matrices[:, :, 2]
    theta = torch.cat([linear, ((2 * middle + 1) / size - 1)[:, :, None]], dim=2)
    grid = affine_grid(theta, [len(pictures), 3, side, side], align_corners=False)
    return grid_sample(pictures, grid, padding_mode="border", align_corners=False)

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

from ctc.metrics.learned import rgb_tensor, tensors_of
from ctc.metrics.networks.face_crops import face_squares, points_in, sampled
from ctc.metrics.networks.face_identity import INPUT_SIDE as IDENTITY_SIDE
from ctc.metrics.networks.face_identity import TEMPLATE, embedding
from ctc.metrics.pictures import PictureBatch

Array = npt.NDArray[np.float64]

DETECTOR, MESH, IDENTITY = "ultraface-rfb320", "facemesh468", "mobilefacenet"
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
            found = face_squares(tensors_of(DETECTOR), tensors_of(MESH), rgb_tensor(original))
        return Crops(found[0], found[1].cpu().numpy())

    return original.derived("face crops", make)


def points_of(original: PictureBatch, batch: PictureBatch) -> Array:
    """Return the face's points in each picture of `batch`: (n, 468, 3) in samples, NaN: no face."""
    crops = crops_of(original)

    def make() -> Array:
        with torch.inference_mode():
            found = points_in(tensors_of(MESH), rgb_tensor(batch), crops.squares)
        points = found.cpu().double().numpy()
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
            faces = sampled(pictures, torch.from_numpy(matrices), IDENTITY_SIDE)
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

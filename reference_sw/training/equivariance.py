"""Key points shall follow a picture that is moved: the only supervision of the detector."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from reference_sw.encoder.analysis import KeypointDetector
from reference_sw.encoder.motion_parameters import Keypoints

MATRIX_SPREAD = 0.12
OFFSET_SPREAD = 0.08
_MINIMUM_DETERMINANT = 1 / 16


def inverse(matrices: Tensor) -> Tensor:
    """Inverses of (..., 2, 2) matrices whose determinant is kept from 0."""
    a, b, c, d = matrices.flatten(-2).unbind(-1)
    det = a * d - b * c
    det = torch.where(det < 0, -1.0, 1.0) * det.abs().clamp_min(_MINIMUM_DETERMINANT)
    return torch.stack([d, -b, -c, a], -1).reshape(matrices.shape) / det[..., None, None]


def equivariance_loss(detector: KeypointDetector, pictures: Tensor, found: Keypoints) -> Tensor:
    """Mean error of points, and of matrices against the identity, under random affine motion.

    found: what the detector gives for the pictures.
    Source: Siarohin et al., First Order Motion Model, 2019, clause 3.1.
    """
    n = len(pictures)
    matrix = torch.eye(2).repeat(n, 1, 1) + MATRIX_SPREAD * torch.randn(n, 2, 2)
    offset = OFFSET_SPREAD * torch.randn(n, 2, 1)
    matrix, offset = matrix.to(pictures), offset.to(pictures)
    grid = functional.affine_grid(
        torch.cat([matrix, offset], 2), list(pictures.shape), align_corners=False
    )
    moved = functional.grid_sample(pictures, grid, padding_mode="reflection", align_corners=False)
    other = detector(moved)
    points = (matrix[:, None] @ other.points[..., None])[..., 0] + offset[:, None, :, 0]
    of_points: Tensor = (points - found.points).abs().mean()
    if detector.matrix is None:
        return of_points
    product = inverse(found.matrices) @ (matrix[:, None] @ other.matrices)
    identity = torch.eye(2).to(product)
    of_matrices: Tensor = (product - identity).abs().mean()
    return of_points + of_matrices

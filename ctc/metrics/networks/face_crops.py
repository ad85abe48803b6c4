"""Where the face is in each picture, and the points of the face mesh in it.

The detector gives a first square; the points found in it give the square that counts.
"""

from __future__ import annotations

import torch
from torch.nn.functional import affine_grid, grid_sample

from ctc.metrics.networks.face_detector import detect
from ctc.metrics.networks.face_mesh import INPUT_SIDE, face_points

Tensors = dict[str, torch.Tensor]

CROP_SCALE = 1.5
LEAST_PROBABILITY = 0.5


def face_squares(
    detector: Tensors, mesh: Tensors, pictures: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return squares (n, 3), centre x, centre y and side in samples, and where a face is (n,).

    pictures: (n, 3, h, w), RGB in 0..1.
    """
    boxes, probability = detect(detector, pictures)
    first = points_in(mesh, pictures, _squares(boxes[:, :2], boxes[:, 2:]))[..., :2]
    squares = _squares(first.amin(dim=1), first.amax(dim=1))
    return squares, probability > LEAST_PROBABILITY


def _squares(low: torch.Tensor, high: torch.Tensor) -> torch.Tensor:
    side = (high - low).amax(dim=1, keepdim=True) * CROP_SCALE
    return torch.cat([(low + high) / 2, side.clamp(min=1.0)], dim=1)


def points_in(mesh: Tensors, pictures: torch.Tensor, squares: torch.Tensor) -> torch.Tensor:
    """Return the points of the face in each square: (n, 468, 3) in samples of the picture."""
    scale = squares[:, 2] / INPUT_SIDE
    corner = squares[:, :2] - squares[:, 2:] / 2
    zero = torch.zeros_like(scale)
    rows = [
        torch.stack([scale, zero, corner[:, 0]], 1),
        torch.stack([zero, scale, corner[:, 1]], 1),
    ]
    crops = sampled(pictures, torch.stack(rows, dim=1), INPUT_SIDE)
    points = face_points(mesh, crops) * scale[:, None, None]
    return torch.cat([points[..., :2] + corner[:, None], points[..., 2:]], dim=2)


def sampled(pictures: torch.Tensor, matrices: torch.Tensor, side: int) -> torch.Tensor:
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

"""Motion of the keypoint families: affine candidates around key points, blended by a U-net.

Source: specification clause 12.4.
"""

from __future__ import annotations

import torch
from torch import Tensor

from reference_sw.encoder.motion_network import MOTION_GRID, MotionField, MotionNetwork
from reference_sw.encoder.motion_parameters import Keypoints, pixel_centres
from reference_sw.encoder.quantised_layers import warp

HEAT_VARIANCE = 0.01
MINIMUM_DETERMINANT = 1 / 16


def candidate_displacements(key: Keypoints, current: Keypoints) -> Tensor:
    """(N, K + 1, 64, 64, 2): background (zero) and the affine motion of each key point.

    T_k(z) - z with T_k(z) = p_key + J_key J_current^-1 (z - p_current).
    """
    z = pixel_centres(MOTION_GRID, MOTION_GRID, key.points.device)[None, None]
    a, b, c, d = current.matrices.flatten(2).unbind(2)
    det = a * d - b * c
    sign = torch.where(det < 0, -1.0, 1.0)
    det = sign * det.abs().clamp_min(MINIMUM_DETERMINANT)
    inverse = torch.stack([d, -b, -c, a], 2).reshape(*det.shape, 2, 2) / det[..., None, None]
    matrix = (key.matrices @ inverse).clamp(-8.0, 8.0)
    offset = z - current.points[:, :, None, None]
    moved = torch.einsum("nkij,nkyxj->nkyxi", matrix, offset) + key.points[:, :, None, None] - z
    return torch.cat([torch.zeros_like(moved[:, :1]), moved.clamp(-4.0, 4.0)], dim=1)


def _heat(points: Tensor) -> Tensor:
    """(N, K, 64, 64) Gaussians at the points."""
    z = pixel_centres(MOTION_GRID, MOTION_GRID, points.device)[None, None]
    distance = (z - points[:, :, None, None]).square().sum(-1)
    return torch.exp(-distance / (2 * HEAT_VARIANCE))


class KeypointMotion(MotionNetwork):
    """Masks of the candidate motions, a flow correction and occlusion."""

    def __init__(self, num_points: int, width: int = 32) -> None:
        super().__init__(3 * (num_points + 1) + num_points, num_points + 4, width)
        self.num_points = num_points

    def forward(self, small: Tensor, key: Keypoints, current: Keypoints) -> MotionField:
        """The motion that takes each place of a picture to the key picture `small` at 64x64."""
        candidates = candidate_displacements(key, current)
        n, k = candidates.shape[:2]
        repeated = small[:, None].expand(-1, k, -1, -1, -1).flatten(0, 1)
        warped = warp(repeated, candidates.flatten(0, 1)).reshape(n, 3 * k, *small.shape[2:])
        heat = _heat(current.points) - _heat(key.points)
        features, head = self.run(torch.cat([warped, heat], dim=1))
        masks = head[:, :k].softmax(1)
        displacement = (masks[..., None] * candidates).sum(1)
        displacement = displacement + head[:, k : k + 2].permute(0, 2, 3, 1) * (2 / MOTION_GRID)
        return MotionField(displacement, head[:, k + 2 :].sigmoid(), features)

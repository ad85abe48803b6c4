"""Analysis networks of the encoder: what is transmitted for one picture."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from reference_sw.encoder.motion_parameters import FeatureGrid, Keypoints, pixel_centres

ANALYSIS_SIZE = 128
SOFTARGMAX_TEMPERATURE = 0.1
GRID_SIDE = 4
# Deviation of features at the beginning for points anywhere in the picture, and of weights.
PLACE_SPREAD, LOOK_SPREAD = 3.0, 0.02
LIMIT = 7.9


class _Block(nn.Sequential):
    """3x3 convolution, group normalisation, ReLU."""

    def __init__(self, inputs: int, outputs: int, size: int = 3, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False),
            nn.GroupNorm(8, outputs),
            nn.ReLU(inplace=True),
        )


class KeypointDetector(nn.Module):
    """Finds K key points and their 2x2 matrices by soft-argmax over heat maps at 64x64.

    Without `matrices` every matrix is the identity.
    Input: (N, 3, H, W) float32 RGB in 0..255, any size. Output: `Keypoints`.
    Source: Siarohin et al., First Order Motion Model, 2019, clause 3.1, own layout.
    """

    def __init__(self, num_points: int = 10, matrices: bool = True) -> None:
        super().__init__()
        self.num_points = num_points
        self.stem = _Block(3, 32, 7, 2)
        self.down1 = _Block(32, 64)
        self.down2 = _Block(64, 96)
        self.down3 = _Block(96, 128)
        self.up3 = _Block(128, 96)
        self.up2 = _Block(96, 64)
        self.up1 = _Block(64, 32)
        self.heat = nn.Conv2d(32, num_points, 5, padding=2)
        self.matrix = nn.Conv2d(32, 4 * num_points, 3, padding=1) if matrices else None
        if self.matrix is not None:
            nn.init.zeros_(self.matrix.weight)
            identity = torch.tensor([1.0, 0.0, 0.0, 1.0])
            self.matrix.bias = nn.Parameter(identity.repeat(num_points))

    @property
    def coded(self) -> tuple[str, ...]:
        """Tensors that are transmitted, in coding order."""
        return ("points",) if self.matrix is None else ("points", "matrices")

    def features(self, pictures: Tensor) -> Tensor:
        """(N, 32, 64, 64) that heat maps are made of."""
        x = functional.adaptive_avg_pool2d(pictures, ANALYSIS_SIZE) / 128 - 1
        s0 = self.stem(x)
        s1 = self.down1(functional.avg_pool2d(s0, 2))
        s2 = self.down2(functional.avg_pool2d(s1, 2))
        y = self.down3(functional.avg_pool2d(s2, 2))
        y = s2 + self.up3(functional.interpolate(y, scale_factor=2.0))
        y = s1 + self.up2(functional.interpolate(y, scale_factor=2.0))
        features: Tensor = s0 + self.up1(functional.interpolate(y, scale_factor=2.0))
        return features

    def forward(self, pictures: Tensor) -> Keypoints:
        """Parameters of each picture of a batch."""
        return self.of_features(self.features(pictures))

    def of_features(self, features: Tensor) -> Keypoints:
        """Parameters, given the features."""
        n, _, h, w = features.shape
        logits = self.heat(features).flatten(2).float() / SOFTARGMAX_TEMPERATURE
        heat = logits.softmax(dim=2)
        grid = pixel_centres(h, w, features.device).reshape(1, h * w, 2)
        points = torch.einsum("nkp,npc->nkc", heat, grid.expand(n, -1, -1))
        if self.matrix is None:
            return Keypoints(points, torch.eye(2).to(points).expand(*points.shape, 2))
        maps = self.matrix(features).float().reshape(n, self.num_points, 4, h * w)
        matrices = torch.einsum("nkp,nkcp->nkc", heat, maps)
        return Keypoints(points, matrices.reshape(n, self.num_points, 2, 2))


class FeatureAnalysis(nn.Module):
    """A small grid of features: a linear map of where K points are, plus what is seen around.

    Points are found as in `KeypointDetector`, but none is transmitted: the grid is.
    Input: (N, 3, H, W) float32 RGB in 0..255, any size. Output: `FeatureGrid` of (N, C, 4, 4).
    """

    def __init__(self, channels: int, num_points: int = 20) -> None:
        super().__init__()
        self.shape = (channels, GRID_SIDE, GRID_SIDE)
        self.points = KeypointDetector(num_points, matrices=False)
        self.place = nn.Linear(2 * num_points, channels * GRID_SIDE**2)
        nn.init.normal_(self.place.weight, std=PLACE_SPREAD / (2 * num_points) ** 0.5)
        nn.init.zeros_(self.place.bias)
        self.look1 = _Block(32, 64)
        self.look2 = _Block(64, 64)
        self.look3 = nn.Conv2d(64, channels, 3, padding=1)
        nn.init.normal_(self.look3.weight, std=LOOK_SPREAD)

    @property
    def coded(self) -> tuple[str, ...]:
        """Tensors that are transmitted, in coding order."""
        return ("features",)

    def forward(self, pictures: Tensor) -> FeatureGrid:
        """The grid of each picture of a batch."""
        features = self.points.features(pictures)
        place = self.place(self.points.of_features(features).points.flatten(1))
        y = self.look1(functional.avg_pool2d(features, 4))
        y = self.look2(functional.avg_pool2d(y, 2))
        look = self.look3(functional.avg_pool2d(y, 2)).float()
        return FeatureGrid((place.float().reshape(-1, *self.shape) + look).clamp(-LIMIT, LIMIT))

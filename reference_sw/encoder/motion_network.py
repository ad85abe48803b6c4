"""What every family's motion gives, and the U-net at 64x64 that they share."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

from reference_sw.encoder.quantised_layers import Pool, QuantConv

MOTION_GRID = 64


@dataclass(frozen=True)
class MotionField:
    """Where each place of a picture lies in its key picture.

    displacement: (N, 64, 64, 2) in half pictures, x then y; occlusion: (N, 1, 64, 64) in 0..1, 1
    where the key picture shows the place; features: (N, width, 64, 64) for the synthesis.
    """

    displacement: Tensor
    occlusion: Tensor
    features: Tensor


class MotionNetwork(nn.Module):
    """U-net at 64x64; what goes in and what its head means is the family's."""

    def __init__(self, inputs: int, outputs: int, width: int) -> None:
        super().__init__()
        self.width = width
        self.enter = QuantConv(inputs, width)
        self.down1 = QuantConv(width, 2 * width)
        self.down2 = QuantConv(2 * width, 3 * width)
        self.down3 = QuantConv(3 * width, 4 * width)
        self.up3 = QuantConv(4 * width, 3 * width)
        self.up2 = QuantConv(3 * width, 2 * width)
        self.up1 = QuantConv(2 * width, width)
        self.head = QuantConv(width, outputs, relu=False)
        self.pool = Pool()
        nn.init.normal_(self.head.weight, std=1e-3)

    def run(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Features (N, width, 64, 64) and head (N, outputs, 64, 64)."""
        s0 = self.enter(x)
        s1 = self.down1(self.pool(s0))
        s2 = self.down2(self.pool(s1))
        y = self.down3(self.pool(s2))
        y = self.up3(functional.interpolate(y, scale_factor=2.0), s2)
        y = self.up2(functional.interpolate(y, scale_factor=2.0), s1)
        features = self.up1(functional.interpolate(y, scale_factor=2.0), s0)
        return features, self.head(features)

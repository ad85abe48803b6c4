"""Motion of the compact-feature family: two small grids of features tell where everything went.

Source: specification clause 12.4; Chen et al., Beyond Keypoint Coding, 2022, own layout.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from reference_sw.encoder.motion_network import MOTION_GRID, MotionField, MotionNetwork
from reference_sw.encoder.motion_parameters import FeatureGrid
from reference_sw.encoder.quantised_layers import QuantConv, warp

# Half pictures that a coarse displacement of 1 stands for.
COARSE_SHIFT = 3
CODE_WIDTH = 96
MIDDLE_WIDTH = 64


class FeatureMotion(MotionNetwork):
    """A coarse flow from the two grids, four times as fine as they are, then the U-net corrects it.

    The U-net sees the key picture, the key picture moved by the coarse flow, and a code made of
    the grids.
    """

    def __init__(self, channels: int, rows: int, columns: int, width: int = 32) -> None:
        super().__init__(6 + width, 3, width)
        self.shape = (channels, rows, columns)
        self.code_in = QuantConv(2 * channels, CODE_WIDTH)
        self.code1 = QuantConv(CODE_WIDTH, CODE_WIDTH)
        self.code2 = QuantConv(CODE_WIDTH, CODE_WIDTH)
        self.code3 = QuantConv(CODE_WIDTH, MIDDLE_WIDTH)
        self.code4 = QuantConv(MIDDLE_WIDTH, width)
        self.coarse = QuantConv(width, 2, relu=False)

    def code(self, key: FeatureGrid, current: FeatureGrid) -> tuple[Tensor, Tensor]:
        """Code (N, width, 4 rows, 4 columns) and coarse displacement (N, 2, 4 rows, 4 columns)."""
        y = self.code_in(torch.cat([key.features, current.features], 1))
        y = self.code2(self.code1(y), y)
        y = self.code3(functional.interpolate(y, scale_factor=2.0))
        code = self.code4(functional.interpolate(y, scale_factor=2.0))
        return code, self.coarse(code) / 2**COARSE_SHIFT

    def forward(self, small: Tensor, key: FeatureGrid, current: FeatureGrid) -> MotionField:
        """The motion that takes each place of a picture to the key picture `small` at 64x64."""

        def fine(x: Tensor) -> Tensor:
            size = (MOTION_GRID, MOTION_GRID)
            return functional.interpolate(x, size, mode="bilinear", align_corners=False)

        code, coarse = self.code(key, current)
        displacement = fine(coarse).permute(0, 2, 3, 1)
        moved = warp(small, displacement)
        features, head = self.run(torch.cat([small, moved, fine(code)], 1))
        displacement = displacement + head[:, :2].permute(0, 2, 3, 1) * (2 / MOTION_GRID)
        return MotionField(displacement, head[:, 2:].sigmoid(), features)

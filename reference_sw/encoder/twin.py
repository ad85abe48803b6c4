"""Float twin of the normative face networks: differentiable, for training and refinement."""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

from reference_sw.encoder.feature_motion import FeatureMotion
from reference_sw.encoder.keypoint_motion import KeypointMotion
from reference_sw.encoder.motion_network import MOTION_GRID, MotionField
from reference_sw.encoder.motion_parameters import MotionParameters
from reference_sw.encoder.quantised_layers import ACTIVATION_MAX, SCALE, QuantConv, simulate, warp

BLEND_BIAS = -math.log(2.0)


@dataclass(frozen=True)
class TwinPictures:
    """What one run of the twin gives, float32 RGB in 0..255 of shape (N, 3, H, W)."""

    output: Tensor
    warped: Tensor
    synthesised: Tensor
    blend: Tensor


class SynthesisNetwork(nn.Module):
    """Features of the key picture, warped, corrected and turned into a picture and a blend map."""

    def __init__(self, motion_width: int = 32, low: int = 48, high: int = 24) -> None:
        super().__init__()
        self.key_high = QuantConv(12, high)
        self.key_low = QuantConv(4 * high, low)
        self.key_low2 = QuantConv(low, low)
        self.motion = QuantConv(motion_width, low, 1)
        self.residual = nn.ModuleList(QuantConv(low, low) for _ in range(4))
        self.expand = QuantConv(low, 4 * high, 1)
        self.merge1 = QuantConv(high, high)
        self.merge2 = QuantConv(high, high)
        self.exit = QuantConv(high, 16, relu=False)
        nn.init.normal_(self.exit.weight, std=1e-2)

    def key_features(self, key: Tensor) -> tuple[Tensor, Tensor]:
        """Features at 1/2 and 1/4 scale of the key picture (N, 3, H, W) centred, over 128."""
        high = self.key_high(functional.pixel_unshuffle(key, 2))
        low = self.key_low(functional.pixel_unshuffle(high, 2))
        return high, self.key_low2(low, low)

    def forward(self, high: Tensor, low: Tensor, motion: Tensor) -> Tensor:
        """(N, 4, H, W): centred RGB and the logit of the blend, over 128."""
        y = self.motion(motion, low)
        for i in (0, 2):
            y = self.residual[i + 1](self.residual[i](y), y)
        y = functional.pixel_shuffle(self.expand(y), 2)
        y = (y + high).clamp(0, ACTIVATION_MAX / SCALE)
        y = self.merge2(self.merge1(y), y)
        return functional.pixel_shuffle(self.exit(y), 2)


class FaceTwin(nn.Module):
    """Motion and synthesis of one picture from a key picture and two sets of parameters.

    motion: of the family; all families share the synthesis. Source: specification clause 12.
    """

    def __init__(
        self, motion: KeypointMotion | FeatureMotion, low: int = 48, high: int = 24
    ) -> None:
        super().__init__()
        self.motion = motion
        self.synthesis = SynthesisNetwork(motion.width, low, high)

    def set_quantise(self, on: bool) -> None:
        """Simulates the integer network from now on, or stops doing so."""
        simulate(self, on)

    def field(
        self, key: Tensor, key_parameters: MotionParameters, current: MotionParameters
    ) -> MotionField:
        """The motion at 64x64; key: (N, 3, H, W) float32 in 0..255."""
        small = functional.adaptive_avg_pool2d(key, MOTION_GRID) / SCALE - 1
        found: MotionField = self.motion(small, key_parameters, current)
        return found

    def forward(
        self, key: Tensor, key_parameters: MotionParameters, current: MotionParameters
    ) -> TwinPictures:
        """The decoded picture; key: (N, 3, H, W) float32 in 0..255, H and W multiples of 8."""
        return self.synthesise(key, self.field(key, key_parameters, current))

    def synthesise(self, key: Tensor, field: MotionField) -> TwinPictures:
        """The decoded picture, given the motion."""
        high, low = self.synthesis.key_features(key / SCALE - 1)
        flow = field.displacement.permute(0, 3, 1, 2)

        def at(x: Tensor, size: tuple[int, int]) -> Tensor:
            return functional.interpolate(x, size=size, mode="bilinear", align_corners=False)

        def moved(x: Tensor, mode: str = "bilinear") -> Tensor:
            size = (x.shape[2], x.shape[3])
            return warp(x, at(flow, size).permute(0, 2, 3, 1), mode)

        size_low, size_high = (low.shape[2], low.shape[3]), (high.shape[2], high.shape[3])
        low = moved(low) * at(field.occlusion, size_low)
        high = moved(high) * at(field.occlusion, size_high)
        y = self.synthesis(high, low, at(field.features, size_low))
        warped = moved(key, "bicubic").clamp(0, 255)
        blend = (y[:, 3:] + BLEND_BIAS).sigmoid()
        synthesised = ((y[:, :3] + 1) * SCALE).clamp(0, 255)
        output = warped + blend * (synthesised - warped)
        return TwinPictures(output, warped, synthesised, blend)


def keypoint_twin(num_points: int = 10, width: int = 32, low: int = 48, high: int = 24) -> FaceTwin:
    """A twin of the keypoint families."""
    return FaceTwin(KeypointMotion(num_points, width), low, high)

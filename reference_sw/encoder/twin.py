"""Float twin of the normative face networks: differentiable, for training and refinement.

Every convolution's real values are integers of the normative network over 128. With `quantise`
set, weights and activations are rounded as the exported network rounds them, gradients passing
straight through.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from reference_sw.encoder.analysis import MotionParameters, pixel_centres

SCALE = 128.0
ACTIVATION_MAX = 1023
MOTION_GRID = 64
HEAT_VARIANCE = 0.01
MINIMUM_DETERMINANT = 1 / 16


@dataclass(frozen=True)
class TwinPictures:
    """What one run of the twin gives, float32 RGB in 0..255 of shape (N, 3, H, W)."""

    output: Tensor
    warped: Tensor
    synthesised: Tensor
    blend: Tensor


def _round_through(x: Tensor) -> Tensor:
    """floor(x + 1/2) whose gradient is that of x."""
    return x + (torch.floor(x + 0.5) - x).detach()


def weight_exponents(weight: Tensor, bias: Tensor, input_max: int = ACTIVATION_MAX) -> Tensor:
    """(outputs,) largest p per channel with |w 2^p| <= 127 and an accumulator below 2^24.

    weight: (outputs, inputs, h, w) real; bias: (outputs,) real, in units of 1 / 128.
    """
    flat = weight.detach().flatten(1).double()
    peak = flat.abs().amax(1).clamp_min(2.0**-14)
    p = torch.floor(torch.log2(127.0 / peak)).clamp(0, 14)
    for _ in range(8):
        total = torch.round(flat * 2 ** p[:, None]).abs().sum(1) * input_max
        total += (bias.detach().double().abs() * SCALE + 1.0) * 2**p + 1
        over = (total >= 2**24) & (p > 0)
        if not bool(over.any()):
            break
        p = p - over.double()
    return p


class QuantConv(nn.Conv2d):
    """A convolution followed by a clip to 0..1023/128 (relu) or -1024/128..1023/128 (linear)."""

    def __init__(self, inputs: int, outputs: int, size: int = 3, *, relu: bool = True) -> None:
        super().__init__(inputs, outputs, size, padding=size // 2)
        self.relu = relu
        self.quantise = False
        nn.init.kaiming_normal_(self.weight, nonlinearity="relu")
        nn.init.zeros_(self._bias())

    def _bias(self) -> Tensor:
        if self.bias is None:
            raise TypeError("a convolution of the twin has a bias")
        return self.bias

    def accumulate(self, x: Tensor) -> Tensor:
        """The convolution before rounding and clipping."""
        if not self.quantise:
            return functional.conv2d(x, self.weight, self.bias, padding=self.padding)
        p = 2 ** weight_exponents(self.weight, self._bias()).float()
        weight = _round_through(self.weight * p[:, None, None, None]) / p[:, None, None, None]
        bias = _round_through(self._bias() * p * SCALE) / (p * SCALE)
        return functional.conv2d(x, weight, bias, padding=self.padding)

    def forward(self, x: Tensor, residual: Tensor | None = None) -> Tensor:
        """Convolution, rounding to 1/128, sum with the residual, clip."""
        y = self.accumulate(x)
        if self.quantise:
            y = _round_through(y * SCALE) / SCALE
        if residual is not None:
            y = y + residual
        return y.clamp(0.0 if self.relu else -8.0, ACTIVATION_MAX / SCALE)


class _Pool(nn.Module):
    """Mean of each 2x2 samples, rounded to 1/128 when simulating."""

    quantise = False

    def forward(self, x: Tensor) -> Tensor:
        y = functional.avg_pool2d(x, 2)
        return _round_through(y * SCALE) / SCALE if self.quantise else y


def _warp(source: Tensor, displacement: Tensor, mode: str = "bilinear") -> Tensor:
    """Samples of (N, C, H, W) at centre + displacement (N, H, W, 2), edges repeated."""
    h, w = displacement.shape[1:3]
    grid = pixel_centres(h, w, source.device)[None] + displacement
    return functional.grid_sample(
        source, grid, mode=mode, padding_mode="border", align_corners=False
    )


def candidate_displacements(key: MotionParameters, current: MotionParameters) -> Tensor:
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


class MotionNetwork(nn.Module):
    """U-net at 64x64: masks of the candidate motions, a flow correction, occlusion."""

    def __init__(self, num_points: int, width: int = 32) -> None:
        super().__init__()
        self.enter = QuantConv(3 * (num_points + 1) + num_points, width)
        self.down1 = QuantConv(width, 2 * width)
        self.down2 = QuantConv(2 * width, 3 * width)
        self.down3 = QuantConv(3 * width, 4 * width)
        self.up3 = QuantConv(4 * width, 3 * width)
        self.up2 = QuantConv(3 * width, 2 * width)
        self.up1 = QuantConv(2 * width, width)
        self.head = QuantConv(width, num_points + 4, relu=False)
        self.pool = _Pool()
        nn.init.normal_(self.head.weight, std=1e-3)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Features (N, width, 64, 64) and head (N, K + 4, 64, 64)."""
        s0 = self.enter(x)
        s1 = self.down1(self.pool(s0))
        s2 = self.down2(self.pool(s1))
        y = self.down3(self.pool(s2))
        y = self.up3(functional.interpolate(y, scale_factor=2.0), s2)
        y = self.up2(functional.interpolate(y, scale_factor=2.0), s1)
        features = self.up1(functional.interpolate(y, scale_factor=2.0), s0)
        return features, self.head(features)


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

    Source: specification clause 12.
    """

    def __init__(
        self, num_points: int = 10, width: int = 32, low: int = 48, high: int = 24
    ) -> None:
        super().__init__()
        self.layout = {"num_points": num_points, "width": width, "low": low, "high": high}
        self.motion = MotionNetwork(num_points, width)
        self.synthesis = SynthesisNetwork(width, low, high)

    def set_quantise(self, on: bool) -> None:
        """Simulates the integer network from now on, or stops doing so."""
        for module in self.modules():
            if isinstance(module, QuantConv | _Pool):
                module.quantise = on

    def flow(
        self, key: Tensor, key_parameters: MotionParameters, current: MotionParameters
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Displacement (N, 64, 64, 2), occlusion (N, 1, 64, 64) and features (N, width, 64, 64)."""
        small = functional.adaptive_avg_pool2d(key, MOTION_GRID) / SCALE - 1
        candidates = candidate_displacements(key_parameters, current)
        n, k = candidates.shape[:2]
        repeated = small[:, None].expand(-1, k, -1, -1, -1).flatten(0, 1)
        warped = _warp(repeated, candidates.flatten(0, 1)).reshape(n, 3 * k, *small.shape[2:])
        heat = _heat(current.points) - _heat(key_parameters.points)
        features, head = self.motion(torch.cat([warped, heat], dim=1))
        masks = head[:, :k].softmax(1)
        displacement = (masks[..., None] * candidates).sum(1)
        displacement = displacement + head[:, k : k + 2].permute(0, 2, 3, 1) * (2 / MOTION_GRID)
        return displacement, head[:, k + 2 :].sigmoid(), features

    def forward(
        self, key: Tensor, key_parameters: MotionParameters, current: MotionParameters
    ) -> TwinPictures:
        """The decoded picture; key: (N, 3, H, W) float32 in 0..255, H and W multiples of 8."""
        displacement, occlusion, features = self.flow(key, key_parameters, current)
        high, low = self.synthesis.key_features(key / SCALE - 1)
        flow = displacement.permute(0, 3, 1, 2)

        def at(x: Tensor, size: tuple[int, int]) -> Tensor:
            return functional.interpolate(x, size=size, mode="bilinear", align_corners=False)

        def moved(x: Tensor, mode: str = "bilinear") -> Tensor:
            size = (x.shape[2], x.shape[3])
            return _warp(x, at(flow, size).permute(0, 2, 3, 1), mode)

        size_low, size_high = (low.shape[2], low.shape[3]), (high.shape[2], high.shape[3])
        low = moved(low) * at(occlusion, size_low)
        high = moved(high) * at(occlusion, size_high)
        y = self.synthesis(high, low, at(features, size_low))
        warped = moved(key, "bicubic").clamp(0, 255)
        blend = (y[:, 3:] + BLEND_BIAS).sigmoid()
        synthesised = ((y[:, :3] + 1) * SCALE).clamp(0, 255)
        output = warped + blend * (synthesised - warped)
        return TwinPictures(output, warped, synthesised, blend)


BLEND_BIAS = -math.log(2.0)

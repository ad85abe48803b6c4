"""Layers of the float twin that simulate the integer network's rounding.

Every convolution's real values are integers of the normative network over 128. With `quantise`
set, weights and activations are rounded as the exported network rounds them, gradients passing
straight through.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from reference_sw.encoder.motion_parameters import pixel_centres

SCALE = 128.0
ACTIVATION_MAX = 1023


def round_through(x: Tensor) -> Tensor:
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
        weight = round_through(self.weight * p[:, None, None, None]) / p[:, None, None, None]
        bias = round_through(self._bias() * p * SCALE) / (p * SCALE)
        return functional.conv2d(x, weight, bias, padding=self.padding)

    def forward(self, x: Tensor, residual: Tensor | None = None) -> Tensor:
        """Convolution, rounding to 1/128, sum with the residual, clip."""
        y = self.accumulate(x)
        if self.quantise:
            y = round_through(y * SCALE) / SCALE
        if residual is not None:
            y = y + residual
        return y.clamp(0.0 if self.relu else -8.0, ACTIVATION_MAX / SCALE)


class Pool(nn.Module):
    """Mean of each 2x2 samples, rounded to 1/128 when simulating."""

    quantise = False

    def forward(self, x: Tensor) -> Tensor:
        y = functional.avg_pool2d(x, 2)
        return round_through(y * SCALE) / SCALE if self.quantise else y


def simulate(network: nn.Module, on: bool) -> None:
    """Lets all layers of a network round as the integer network does, or no longer."""
    for module in network.modules():
        if isinstance(module, QuantConv | Pool):
            module.quantise = on


def warp(source: Tensor, displacement: Tensor, mode: str = "bilinear") -> Tensor:
    """Samples of (N, C, H, W) at centre + displacement (N, H, W, 2), edges repeated."""
    h, w = displacement.shape[1:3]
    grid = pixel_centres(h, w, source.device)[None] + displacement
    return functional.grid_sample(
        source, grid, mode=mode, padding_mode="border", align_corners=False
    )

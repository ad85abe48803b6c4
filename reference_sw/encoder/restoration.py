"""Float twin of the restoration of key pictures, run once for each key picture.

A key picture at a few hundred bytes has lost its texture; this network gives back what faces
usually have there, before the picture is moved.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from reference_sw.encoder.quantised_layers import ACTIVATION_MAX, SCALE, QuantConv, simulate

BLOCKS = 4


class RestorationNetwork(nn.Module):
    """A residual network at 1/4 of the picture's size between layers at 1/2.

    half, width: channels at 1/2 and at 1/4. Source: specification clause 12.4.
    """

    def __init__(self, width: int = 96, half: int = 48) -> None:
        super().__init__()
        self.enter = QuantConv(12, half)
        self.down = QuantConv(4 * half, width)
        self.first = nn.ModuleList(QuantConv(width, width) for _ in range(BLOCKS))
        self.second = nn.ModuleList(QuantConv(width, width) for _ in range(BLOCKS))
        self.expand = QuantConv(width, 4 * half, 1)
        self.merge1 = QuantConv(half, half)
        self.merge2 = QuantConv(half, half)
        self.exit = QuantConv(half, 12, relu=False)
        nn.init.normal_(self.exit.weight, std=1e-3)

    def blocks(self) -> list[tuple[QuantConv, QuantConv]]:
        """The two layers of each residual block."""
        pairs = zip(self.first, self.second, strict=True)
        return [(a, b) for a, b in pairs if isinstance(a, QuantConv) and isinstance(b, QuantConv)]

    def set_quantise(self, on: bool) -> None:
        """Simulates the integer network from now on, or stops doing so."""
        simulate(self, on)

    def forward(self, key: Tensor) -> Tensor:
        """The restored picture of a decoded one, (N, 3, H, W) float32 in 0..255."""
        high = self.enter(functional.pixel_unshuffle(key / SCALE - 1, 2))
        y = self.down(functional.pixel_unshuffle(high, 2))
        for first, second in self.blocks():
            y = second(first(y), y)
        y = functional.pixel_shuffle(self.expand(y), 2)
        y = (y + high).clamp(0, ACTIVATION_MAX / SCALE)
        y = self.merge2(self.merge1(y), y)
        change = functional.pixel_shuffle(self.exit(y), 2) * SCALE
        return (key + change).clamp(0, 255)


def restored(network: RestorationNetwork, key: Tensor) -> Tensor:
    """The integers that the exported network makes of whole-numbered pictures."""
    network.set_quantise(True)
    with torch.no_grad():
        return torch.floor(network(key) + 0.5)

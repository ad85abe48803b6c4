"""Distance of the first four VGG-16 layers as a differentiable loss."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from reference_sw.encoder.lpips import read_weights

_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_CONVOLUTIONS = (0, 2, 5, 7)


class VggFeatures(nn.Module):
    """Mean absolute difference of the ReLU outputs conv1_1 to conv2_2.

    Source: Simonyan and Zisserman, 2015; ImageNet weights of the torchvision naming.
    """

    def __init__(self, weights: Path) -> None:
        super().__init__()
        names = [f"features.{i}.{part}" for i in _CONVOLUTIONS for part in ("weight", "bias")]
        for name, tensor in read_weights(weights, tuple(names)).items():
            self.register_buffer(name.replace(".", "_"), tensor)
        self.register_buffer("mean", torch.tensor(_MEAN).reshape(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(_STD).reshape(1, 3, 1, 1))

    def features(self, pictures: Tensor) -> list[Tensor]:
        """The four layers for (N, 3, H, W) RGB in 0..255."""
        x = (pictures / 255 - self.get_buffer("mean")) / self.get_buffer("std")
        found = []
        for i in _CONVOLUTIONS:
            if i == 5:
                x = functional.max_pool2d(x, 2)
            weight = self.get_buffer(f"features_{i}_weight")
            x = functional.relu(
                functional.conv2d(x, weight, self.get_buffer(f"features_{i}_bias"), padding=1)
            )
            found.append(x)
        return found

    def forward(self, pictures: Tensor, targets: Tensor) -> Tensor:
        """Mean over layers of the mean absolute difference."""
        with torch.no_grad():
            wanted = self.features(targets)
        pairs = zip(self.features(pictures), wanted, strict=True)
        return torch.stack([(x - y).abs().mean() for x, y in pairs]).mean()

"""LPIPS with the AlexNet backbone as a differentiable loss."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

_SHIFT = (-0.030, -0.088, -0.188)
_SCALE = (0.458, 0.448, 0.450)
# AlexNet features up to each of the five stages: (index of the convolution, stride, padding).
_LAYERS = ((0, 4, 2), (3, 1, 2), (6, 1, 1), (8, 1, 1), (10, 1, 1))
_POOL_BEFORE = (3, 6)


class LossWeightsError(ValueError):
    """A file of loss weights that is missing or is not what its name says."""


def read_weights(path: Path, names: tuple[str, ...]) -> dict[str, Tensor]:
    """The named float arrays of an .npz (never unpickled)."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: torch.from_numpy(file[name].astype(np.float32)) for name in names}
    except (OSError, KeyError, ValueError) as error:
        raise LossWeightsError(f"{path}: loss weights cannot be read: {error}") from error


class LpipsAlex(nn.Module):
    """Mean LPIPS distance of two batches of RGB pictures (N, 3, H, W) in 0..255.

    Source: Zhang et al., 2018, version 0.1 linear weights. With `fast` set the backbone runs in
    bfloat16, good enough for gradients, not for measuring.
    """

    def __init__(self, weights: Path, fast: bool = False) -> None:
        super().__init__()
        names = [f"features.{i}.{part}" for i, _, _ in _LAYERS for part in ("weight", "bias")]
        names += [f"lin{k}.weight" for k in range(5)]
        tensors = read_weights(weights, tuple(names))
        self.fast = fast
        for name, tensor in tensors.items():
            memory = torch.channels_last if tensor.dim() == 4 else torch.contiguous_format
            self.register_buffer(name.replace(".", "_"), tensor.contiguous(memory_format=memory))
        self.register_buffer("shift", torch.tensor(_SHIFT).reshape(1, 3, 1, 1))
        self.register_buffer("scale", torch.tensor(_SCALE).reshape(1, 3, 1, 1))

    def features(self, pictures: Tensor) -> list[Tensor]:
        """Channel-normalised features of the five stages, float32."""
        x = ((pictures / 127.5 - 1) - self.get_buffer("shift")) / self.get_buffer("scale")
        x = x.contiguous(memory_format=torch.channels_last)
        stages = []
        with torch.autocast(x.device.type, torch.bfloat16, enabled=self.fast):
            for index, stride, padding in _LAYERS:
                if index in _POOL_BEFORE:
                    x = functional.max_pool2d(x, 3, 2)
                weight = self.get_buffer(f"features_{index}_weight")
                bias = self.get_buffer(f"features_{index}_bias")
                x = functional.relu(functional.conv2d(x, weight, bias, stride, padding))
                stages.append(x)
        return [_unit(stage.float()) for stage in stages]

    def forward(self, pictures: Tensor, targets: list[Tensor]) -> Tensor:
        """Mean distance of pictures to the `features` of their targets."""
        return self.per_picture(pictures, targets).mean()

    def per_picture(self, pictures: Tensor, targets: list[Tensor]) -> Tensor:
        """(N,) distance of each picture to the `features` of its target."""
        distance = pictures.new_zeros(len(pictures))
        for k, (x, y) in enumerate(zip(self.features(pictures), targets, strict=True)):
            weight = self.get_buffer(f"lin{k}_weight").reshape(1, -1, 1, 1)
            distance = distance + ((x - y).square() * weight).sum(1).mean((1, 2))
        return distance


def _unit(x: Tensor) -> Tensor:
    """x over its norm along channels."""
    return x / (x.square().sum(1, keepdim=True) + 1e-10).sqrt().add(1e-10)

"""Face embedding (MobileFaceNet) as a differentiable identity loss."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from reference_sw.encoder.lpips import LossWeightsError

_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_INPUT = 112
# Expansion, channels, repeats, stride of the bottlenecks. Source: Chen et al., 2018, table 1.
_STAGES = ((2, 64, 5, 2), (4, 128, 1, 2), (2, 128, 6, 1), (4, 128, 1, 2), (2, 128, 2, 1))


def _conv(inputs: int, outputs: int, size: int, stride: int, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU6(),
    )


class _Separable(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 3, 1, 1, groups=channels, bias=False)
        self.pointwise = nn.Conv2d(channels, channels, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu(self.bn1(self.depthwise(x)))
        return functional.relu(self.bn2(self.pointwise(x)))


class _Bottleneck(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        self.skip = stride == 1 and inputs == outputs
        self.conv = nn.Sequential(
            _conv(inputs, hidden, 1, 1),
            _conv(hidden, hidden, 3, stride, hidden),
            nn.Conv2d(hidden, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(x)
        return x + y if self.skip else y


class _Global(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 7, groups=channels, bias=False)
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.bn(self.depthwise(x))
        return y


class FaceEmbedding(nn.Module):
    """128-dimensional embedding of the middle of a head-and-shoulders picture.

    The middle three quarters are taken in place of an aligned face: the loss compares two pictures
    of the same framing, so no detector is needed.
    """

    def __init__(self, weights: Path | None) -> None:
        super().__init__()
        self.conv1 = _conv(3, 64, 3, 2)
        self.dw_conv = _Separable(64)
        blocks, channels = [], 64
        for expansion, outputs, repeats, stride in _STAGES:
            for i in range(repeats):
                blocks.append(_Bottleneck(channels, outputs, stride if i == 0 else 1, expansion))
                channels = outputs
        self.features = nn.Sequential(*blocks)
        self.conv2 = _conv(128, 512, 1, 1)
        self.gdconv = _Global(512)
        self.conv3 = nn.Conv2d(512, 128, 1)
        self.bn = nn.BatchNorm2d(128)
        if weights is not None:
            self._load(weights)
        self.eval().requires_grad_(False)

    @classmethod
    def without_weights(cls) -> FaceEmbedding:
        """The network as torch initialises it, for tests of the loss itself."""
        return cls(None)

    def _load(self, path: Path) -> None:
        try:
            with np.load(path, allow_pickle=False) as file:
                state = {key: torch.from_numpy(file[key]) for key in file.files}
            self.load_state_dict(
                {k: v for k, v in state.items() if not k.endswith("num_batches_tracked")}
                | {k: v for k, v in self.state_dict().items() if k.endswith("num_batches_tracked")}
            )
        except (OSError, ValueError, RuntimeError) as error:
            text = " ".join(str(error).split())[:200]
            raise LossWeightsError(f"{path}: no MobileFaceNet weights: {text}") from error

    def embed(self, pictures: Tensor) -> Tensor:
        """(N, 128) unit vectors for (N, 3, H, W) RGB in 0..255."""
        h, w = pictures.shape[2:]
        middle = pictures[:, :, h // 8 : h - h // 8, w // 8 : w - w // 8]
        x = functional.interpolate(middle, (_INPUT, _INPUT), mode="bilinear", align_corners=False)
        x = (x / 255 - x.new_tensor(_MEAN).reshape(1, 3, 1, 1)) / x.new_tensor(_STD).reshape(
            1, 3, 1, 1
        )
        x = self.features(self.dw_conv(self.conv1(x)))
        x = self.bn(self.conv3(self.gdconv(self.conv2(x)))).flatten(1)
        return functional.normalize(x, dim=1)

    def forward(self, pictures: Tensor, targets: Tensor) -> Tensor:
        """Mean of 1 - cosine similarity."""
        with torch.no_grad():
            wanted = self.embed(targets)
        return (1 - (self.embed(pictures) * wanted).sum(1)).mean()

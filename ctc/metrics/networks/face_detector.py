"""The ultra-light face detector RFB-320: where the face is.

Source: Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB, version-RFB-320; S. Liu, D. Huang,
Y. Wang, "Receptive field block net", ECCV 2018. Names of tensors are those of its checkpoint.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch.nn.functional import batch_norm, conv2d, interpolate, relu, softmax

Tensors = dict[str, torch.Tensor]

INPUT_WIDTH, INPUT_HEIGHT = 320, 240
_MEAN, _STD = 127.0, 128.0
_STRIDES_OF_DEPTHWISE = {1: 1, 2: 2, 3: 1, 4: 2, 5: 1, 6: 1, 8: 2, 9: 1, 10: 1, 11: 2, 12: 1}
_RFB_LAYER = 7
_HEADS_BEFORE = (8, 11, 13)
_MINIMUM_BOXES = ((10, 16, 24), (32, 48), (64, 96), (128, 192, 256))
_MAPS = ((40, 30), (20, 15), (10, 8), (5, 4))
_CENTRE_VARIANCE, _SIZE_VARIANCE = 0.1, 0.2


def detect(tensors: Tensors, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the best box of each picture and its probability.

    pictures: (n, 3, h, w), RGB in 0..1. Boxes: (n, 4), left, top, right, bottom in samples;
    probabilities: (n,).
    """
    size = (INPUT_HEIGHT, INPUT_WIDTH)
    x = interpolate(pictures * 255, size, mode="bilinear", align_corners=False)
    x = (x - _MEAN) / _STD
    scores, offsets = _run(tensors, x)
    best = softmax(scores, dim=2)[..., 1].max(dim=1)
    rows = torch.arange(len(x), device=x.device)
    offset, prior = offsets[rows, best.indices], _priors().to(x.device)[best.indices]
    centre = offset[:, :2] * _CENTRE_VARIANCE * prior[:, 2:] + prior[:, :2]
    extent = torch.exp(offset[:, 2:] * _SIZE_VARIANCE) * prior[:, 2:]
    boxes = torch.cat([centre - extent / 2, centre + extent / 2], dim=1)
    height, width = pictures.shape[2:]
    return boxes * torch.tensor([width, height, width, height], device=x.device), best.values


def _run(tensors: Tensors, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    scores, offsets = [], []
    head = 0
    x = _normalised(tensors, "base_net.0.1", conv2d(x, tensors["base_net.0.0.weight"], None, 2, 1))
    x = relu(x)
    for layer in range(1, 14):
        if layer in _HEADS_BEFORE:
            scores.append(_head(tensors, f"classification_headers.{head}", x, 2))
            offsets.append(_head(tensors, f"regression_headers.{head}", x, 4))
            head += 1
        if layer == _RFB_LAYER:
            x = _receptive_field(tensors, "base_net.7", x)
        elif layer in _STRIDES_OF_DEPTHWISE:
            x = _separable(tensors, f"base_net.{layer}", x, _STRIDES_OF_DEPTHWISE[layer])
    x = relu(_biased(tensors, "extras.0.0", x))
    x = relu(_biased(tensors, "extras.0.2.0", x, stride=2, padding=1, groups=x.shape[1]))
    x = relu(_biased(tensors, "extras.0.2.2", x))
    scores.append(_flat(_biased(tensors, "classification_headers.3", x, padding=1), 2))
    offsets.append(_flat(_biased(tensors, "regression_headers.3", x, padding=1), 4))
    return torch.cat(scores, dim=1), torch.cat(offsets, dim=1)


def _normalised(tensors: Tensors, name: str, x: torch.Tensor) -> torch.Tensor:
    mean, variance = tensors[f"{name}.running_mean"], tensors[f"{name}.running_var"]
    return batch_norm(x, mean, variance, tensors[f"{name}.weight"], tensors[f"{name}.bias"])


def _separable(tensors: Tensors, name: str, x: torch.Tensor, stride: int) -> torch.Tensor:
    x = conv2d(x, tensors[f"{name}.0.weight"], None, stride, 1, groups=x.shape[1])
    x = relu(_normalised(tensors, f"{name}.1", x))
    x = conv2d(x, tensors[f"{name}.3.weight"])
    return relu(_normalised(tensors, f"{name}.4", x))


def _biased(
    tensors: Tensors, name: str, x: torch.Tensor, stride: int = 1, padding: int = 0, groups: int = 1
) -> torch.Tensor:
    weight, bias = tensors[f"{name}.weight"], tensors[f"{name}.bias"]
    return conv2d(x, weight, bias, stride, padding, groups=groups)


def _head(tensors: Tensors, name: str, x: torch.Tensor, values: int) -> torch.Tensor:
    x = relu(_biased(tensors, f"{name}.0", x, padding=1, groups=x.shape[1]))
    return _flat(_biased(tensors, f"{name}.2", x), values)


def _flat(x: torch.Tensor, values: int) -> torch.Tensor:
    return x.permute(0, 2, 3, 1).reshape(len(x), -1, values)


def _receptive_field(tensors: Tensors, name: str, x: torch.Tensor) -> torch.Tensor:
    branches = []
    for branch, dilation in enumerate((2, 3, 5)):
        y = x
        layers = 4 if branch == 2 else 3
        for layer in range(layers):
            base = f"{name}.branch{branch}.{layer}"
            last = layer == layers - 1
            reach = 0 if layer == 0 else dilation if last else 1
            weight = tensors[f"{base}.conv.weight"]
            y = conv2d(y, weight, None, 1, reach, dilation if last else 1)
            y = _normalised(tensors, f"{base}.bn", y)
            y = y if layer == 0 or last else relu(y)
        branches.append(y)
    out = conv2d(torch.cat(branches, dim=1), tensors[f"{name}.ConvLinear.conv.weight"])
    out = _normalised(tensors, f"{name}.ConvLinear.bn", out)
    short = conv2d(x, tensors[f"{name}.shortcut.conv.weight"])
    return relu(out + _normalised(tensors, f"{name}.shortcut.bn", short))


@lru_cache(maxsize=1)
def _priors() -> torch.Tensor:
    """Return the prior boxes as centre and size, relative to the input: (4420, 4)."""
    rows = []
    for (columns, lines), sizes in zip(_MAPS, _MINIMUM_BOXES, strict=True):
        for line in range(lines):
            for column in range(columns):
                for size in sizes:
                    centre = (column + 0.5) / columns, (line + 0.5) / lines
                    rows.append([*centre, size / INPUT_WIDTH, size / INPUT_HEIGHT])
    return torch.tensor(rows).clamp(0, 1)

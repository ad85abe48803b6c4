"""MobileFaceNet: 128 values that tell whose face it is.

Source: S. Chen, Y. Liu, X. Gao, Z. Han, "MobileFaceNets", 2018; names of tensors are those of
foamliu/MobileFaceNet's checkpoint; alignment to the five points of ArcFace's template.
"""

from __future__ import annotations

import torch
from torch.nn.functional import batch_norm, conv2d, normalize, relu, relu6

Tensors = dict[str, torch.Tensor]

INPUT_SIDE = 112
TEMPLATE = (
    (38.2946, 51.6963),
    (73.5318, 51.5014),
    (56.0252, 71.7366),
    (41.5493, 92.3655),
    (70.7299, 92.2041),
)
_BLOCKS = ((64, 5, 2), (128, 1, 2), (128, 6, 1), (128, 1, 2), (128, 2, 1))
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def embedding(tensors: Tensors, faces: torch.Tensor) -> torch.Tensor:
    """Return unit vectors (n, 128) of aligned faces (n, 3, 112, 112), RGB in 0..1."""
    mean = torch.tensor(_MEAN, device=faces.device).view(1, 3, 1, 1)
    x = (faces - mean) / torch.tensor(_STD, device=faces.device).view(1, 3, 1, 1)
    x = relu6(_convolved(tensors, "conv1.0", "conv1.1", x, 2, 1))
    x = _depthwise_then_pointwise(tensors, x)
    index, channels = 0, 64
    for outputs, repeats, stride in _BLOCKS:
        for repeat in range(repeats):
            step = stride if repeat == 0 else 1
            y = _inverted(tensors, f"features.{index}.conv", x, step)
            x = x + y if step == 1 and channels == outputs else y
            index, channels = index + 1, outputs
    x = relu6(_convolved(tensors, "conv2.0", "conv2.1", x))
    x = conv2d(x, tensors["gdconv.depthwise.weight"], groups=x.shape[1])
    x = _normalised(tensors, "gdconv.bn", x)
    x = conv2d(x, tensors["conv3.weight"], tensors["conv3.bias"])
    return normalize(_normalised(tensors, "bn", x).flatten(1))


def _normalised(tensors: Tensors, name: str, x: torch.Tensor) -> torch.Tensor:
    mean, variance = tensors[f"{name}.running_mean"], tensors[f"{name}.running_var"]
    return batch_norm(x, mean, variance, tensors[f"{name}.weight"], tensors[f"{name}.bias"])


def _convolved(
    tensors: Tensors, kernel: str, norm: str, x: torch.Tensor, stride: int = 1, padding: int = 0
) -> torch.Tensor:
    weight = tensors[f"{kernel}.weight"]
    groups = x.shape[1] if weight.shape[1] == 1 else 1
    return _normalised(tensors, norm, conv2d(x, weight, None, stride, padding, groups=groups))


def _depthwise_then_pointwise(tensors: Tensors, x: torch.Tensor) -> torch.Tensor:
    x = relu(_convolved(tensors, "dw_conv.depthwise", "dw_conv.bn1", x, padding=1))
    return relu(_convolved(tensors, "dw_conv.pointwise", "dw_conv.bn2", x))


def _inverted(tensors: Tensors, name: str, x: torch.Tensor, stride: int) -> torch.Tensor:
    x = relu6(_convolved(tensors, f"{name}.0.0", f"{name}.0.1", x))
    x = relu6(_convolved(tensors, f"{name}.1.0", f"{name}.1.1", x, stride, 1))
    return _convolved(tensors, f"{name}.2", f"{name}.3", x)

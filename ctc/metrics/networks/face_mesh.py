"""The MediaPipe face mesh: 468 points of a face in three dimensions.

Source: Y. Kartynnik et al., "Real-time facial surface geometry from monocular video on mobile
GPUs", 2019; names of tensors are those of zmurez/MediaPipePyTorch's checkpoint.
"""

from __future__ import annotations

import torch
from torch.nn.functional import conv2d, max_pool2d, pad, prelu

Tensors = dict[str, torch.Tensor]

INPUT_SIDE = 192
POINTS = 468
_TRUNK_STRIDE_2 = (4, 7, 10, 13)
_TRUNK_LAYERS = range(2, 16)


def face_points(tensors: Tensors, crops: torch.Tensor) -> torch.Tensor:
    """Return the points of face crops (n, 3, 192, 192) in 0..1: (n, 468, 3) in crop samples."""
    x = pad(crops, (0, 1, 0, 1))
    x = conv2d(x, tensors["backbone1.0.weight"], tensors["backbone1.0.bias"], stride=2)
    x = prelu(x, tensors["backbone1.1.weight"])
    for layer in _TRUNK_LAYERS:
        x = _block(tensors, f"backbone1.{layer}", x, layer in _TRUNK_STRIDE_2)
    x = _block(tensors, "backbone2a.0", x, True)
    x = _block(tensors, "backbone2a.1", x, False)
    x = _block(tensors, "backbone2a.2", x, False)
    x = conv2d(x, tensors["backbone2a.3.weight"], tensors["backbone2a.3.bias"])
    x = _block(tensors, "backbone2a.5", prelu(x, tensors["backbone2a.4.weight"]), False)
    x = conv2d(x, tensors["backbone2a.6.weight"], tensors["backbone2a.6.bias"])
    return x.reshape(len(crops), POINTS, 3)


def _block(tensors: Tensors, name: str, x: torch.Tensor, halve: bool) -> torch.Tensor:
    weight, bias = tensors[f"{name}.convs.0.weight"], tensors[f"{name}.convs.0.bias"]
    if halve:
        y = conv2d(pad(x, (0, 2, 0, 2)), weight, bias, stride=2, groups=x.shape[1])
        x = max_pool2d(x, 2)
    else:
        y = conv2d(x, weight, bias, padding=1, groups=x.shape[1])
    y = conv2d(y, tensors[f"{name}.convs.1.weight"], tensors[f"{name}.convs.1.bias"])
    x = pad(x, (0, 0, 0, 0, 0, y.shape[1] - x.shape[1]))
    return prelu(y + x, tensors[f"{name}.act.weight"])

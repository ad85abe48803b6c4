"""AlexNet, SqueezeNet 1.1 and VGG16 up to their last feature, as functions of named tensors.

Names of tensors and indices of layers are those of torchvision's `features`.
Source: A. Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014;
F. Iandola et al., "SqueezeNet", 2016; K. Simonyan, A. Zisserman, "Very deep convolutional networks
for large-scale image recognition", ICLR 2015, configuration D.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn.functional import conv2d, max_pool2d

from ctc.metrics.networks import winograd

Tensors = dict[str, torch.Tensor]
Pool = Callable[[torch.Tensor], torch.Tensor]

VGG_STAGES = ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28))
VGG_CHANNELS = (64, 128, 256, 512, 512)
_ALEX_LAYERS = ((0, 4, 2), (3, 1, 2), (6, 1, 1), (8, 1, 1), (10, 1, 1))
_ALEX_POOL_BEFORE = (3, 6)
_FIRES = (3, 4, 6, 7, 9, 10, 11, 12)
_FIRE_POOL_BEFORE = (3, 6, 9)
_FIRE_OUTPUTS = (4, 7, 9, 10, 11, 12)


def _relu_conv(
    x: torch.Tensor, tensors: Tensors, name: str, stride: int = 1, padding: int = 0
) -> torch.Tensor:
    out = conv2d(x, tensors[f"{name}.weight"], tensors[f"{name}.bias"], stride, padding)
    return out.relu_()


def alexnet(tensors: Tensors, x: torch.Tensor) -> list[torch.Tensor]:
    """Return the five ReLU outputs for pictures (n, 3, h, w): channels 64, 192, 384, 256, 256."""
    outputs = []
    for index, stride, padding in _ALEX_LAYERS:
        if index in _ALEX_POOL_BEFORE:
            x = max_pool2d(x, 3, 2)
        x = _relu_conv(x, tensors, f"features.{index}", stride, padding)
        outputs.append(x)
    return outputs


def squeezenet(tensors: Tensors, x: torch.Tensor) -> list[torch.Tensor]:
    """Return the outputs of layers 1, 4, 7, 9, 10, 11, 12: channels 64 128 256 384 384 512 512."""
    x = _relu_conv(x, tensors, "features.0", 2)
    outputs = [x]
    for index in _FIRES:
        if index in _FIRE_POOL_BEFORE:
            x = max_pool2d(x, 3, 2, ceil_mode=True)
        x = _fire(x, tensors, f"features.{index}")
        if index in _FIRE_OUTPUTS:
            outputs.append(x)
    return outputs


def _fire(x: torch.Tensor, tensors: Tensors, name: str) -> torch.Tensor:
    squeezed = _relu_conv(x, tensors, f"{name}.squeeze")
    narrow = _relu_conv(squeezed, tensors, f"{name}.expand1x1")
    wide = _relu_conv(squeezed, tensors, f"{name}.expand3x3", padding=1)
    return torch.cat([narrow, wide], dim=1)


def vgg_stage(tensors: Tensors, stage: int, x: torch.Tensor) -> torch.Tensor:
    """Return the last ReLU output of stage 0..4, given that of the stage before after pooling."""
    for index in VGG_STAGES[stage]:
        weight, bias = (tensors[f"features.{index}.{part}"] for part in ("weight", "bias"))
        if winograd.serves(x, weight):
            x = winograd.relu_convolution(x, weight, bias)
        else:
            # Channels beside each other, as Winograd's form wants them: nothing is turned around.
            x = conv2d(x.contiguous(memory_format=torch.channels_last), weight, bias, padding=1)
            x = x.relu_()
    return x


def vgg16(tensors: Tensors, first: torch.Tensor, pool: Pool) -> list[torch.Tensor]:
    """Return the last ReLU output of each stage, from that of stage 0, with `pool` between stages.

    Channels 64, 128, 256, 512, 512. Stage 0 is given because LPIPS and DISTS share it.
    """
    outputs = [first]
    for stage in range(1, len(VGG_STAGES)):
        outputs.append(vgg_stage(tensors, stage, pool(outputs[-1])))
    return outputs


def halve_by_maximum(x: torch.Tensor) -> torch.Tensor:
    """Return 2x2 maxima, stride 2."""
    return max_pool2d(x, 2)

"""Features of a batch of pictures, computed once and shared by the metrics that need them."""

from __future__ import annotations

import torch
from torch.nn.functional import conv2d, pad

from ctc.metrics.learned import rgb_tensor
from ctc.metrics.networks.backbones import (
    Tensors,
    alexnet,
    halve_by_maximum,
    squeezenet,
    vgg16,
    vgg_stage,
)
from ctc.metrics.pictures import PictureBatch

# In terms of [-1, 1]: shift (-.030, -.088, -.188), scale (.458, .448, .450); here for [0, 1].
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
EPSILON = 1e-10
SIMILARITY = 1e-6


def normalised_input(x: torch.Tensor) -> torch.Tensor:
    """Return pictures in 0..1 less the ImageNet mean, over the ImageNet deviation."""
    mean = torch.tensor(MEAN, device=x.device).view(1, 3, 1, 1)
    return (x - mean) / torch.tensor(STD, device=x.device).view(1, 3, 1, 1)


def backbone_features(net: str, tensors: Tensors, batch: PictureBatch) -> list[torch.Tensor]:
    """Return the features of a batch at each layer that LPIPS looks at."""
    if net == "vgg":
        return vgg16(tensors, first_vgg_stage(tensors, batch), halve_by_maximum)
    x = normalised_input(rgb_tensor(batch))
    return (alexnet if net == "alex" else squeezenet)(tensors, x)


def first_vgg_stage(tensors: Tensors, batch: PictureBatch) -> torch.Tensor:
    """Return relu1_2 of a batch, which LPIPS-VGG and DISTS share."""
    key = f"relu1_2 {id(tensors)}"
    x = rgb_tensor(batch)
    return batch.derived(key, lambda: vgg_stage(tensors, 0, normalised_input(x)))


def unit_length(features: torch.Tensor) -> torch.Tensor:
    """Return features over their length across channels plus 1e-10."""
    return features / (features.square().sum(1, keepdim=True).sqrt() + EPSILON)


def lpips_distance(
    a: list[torch.Tensor], b: list[torch.Tensor], heads: list[torch.Tensor]
) -> torch.Tensor:
    """Return the LPIPS distance of each picture from unit-length features of both sides: (n,).

    Source: R. Zhang et al., "The unreasonable effectiveness of deep features as a perceptual
    metric", CVPR 2018, equation 1.
    """
    layers = zip(a, b, heads, strict=True)
    total = [conv2d((x - y).square_(), head).mean((1, 2, 3)) for x, y, head in layers]
    return torch.stack(total).sum(0)


def l2_pool(x: torch.Tensor) -> torch.Tensor:
    """Return the root of 3x3 Hanning-weighted means of squares, stride 2.

    Source: K. Ding et al., "Image quality assessment: unifying structure and texture similarity",
    TPAMI 2020, equation 4.
    """
    # The Hanning window is (1, 2, 1) x (1, 2, 1) / 16: sums of shifted planes give it faster than
    # a depthwise convolution.
    squares = pad(x.square(), (1, 1, 1, 1))
    rows = squares[:, :, :-2:2] + 2 * squares[:, :, 1:-1:2] + squares[:, :, 2::2]
    window = rows[..., :-2:2] + 2 * rows[..., 1:-1:2] + rows[..., 2::2]
    return (window / 16 + 1e-12).sqrt_()


def dists_features(tensors: Tensors, x: torch.Tensor, first: torch.Tensor) -> list[torch.Tensor]:
    """Return the pictures themselves and the five VGG stages under L2 pooling."""
    return [x, *vgg16(tensors, first, l2_pool)]


def dists_distance(
    a: list[torch.Tensor], b: list[torch.Tensor], alpha: torch.Tensor, beta: torch.Tensor
) -> torch.Tensor:
    """Return the DISTS distance of each picture from the features of both sides: (n,).

    Source: as l2_pool, equations 5 to 7.
    """
    weight = alpha.sum() + beta.sum()
    channels = [x.shape[1] for x in a]
    alphas, betas = (torch.split(w.flatten() / weight, channels) for w in (alpha, beta))
    similarity = torch.zeros(a[0].shape[0], device=a[0].device)
    for x, y, of_texture, of_structure in zip(a, b, alphas, betas, strict=True):
        mean_x, mean_y = x.mean((2, 3)), y.mean((2, 3))
        variance_x, variance_y = x.var((2, 3), correction=0), y.var((2, 3), correction=0)
        covariance = (x * y).mean((2, 3)) - mean_x * mean_y
        texture = (2 * mean_x * mean_y + SIMILARITY) / (mean_x**2 + mean_y**2 + SIMILARITY)
        structure = (2 * covariance + SIMILARITY) / (variance_x + variance_y + SIMILARITY)
        similarity = similarity + (of_texture * texture + of_structure * structure).sum(1)
    return 1 - similarity

"""Features of a batch of pictures, computed once and shared by the metrics that need them."""

from __future__ import annotations

from dataclasses import dataclass

import torch

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


@dataclass(frozen=True)
class Statistics:
    """Mean and variance of each channel, (n, c), and the features less their mean, (n, c, h, w)."""

    mean: torch.Tensor
    variance: torch.Tensor
    centred: torch.Tensor


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


def unit_length(features: list[torch.Tensor]) -> list[torch.Tensor]:
    """Return the features of each layer over their length across channels plus 1e-10."""
    return [_at_unit_length(layer) for layer in features]


def _at_unit_length(x: torch.Tensor) -> torch.Tensor:
    length: torch.Tensor = torch.linalg.vector_norm(x, dim=1, keepdim=True)
    return x * (1 / (length + EPSILON))


def lpips_distance(
    a: list[torch.Tensor], b: list[torch.Tensor], heads: list[torch.Tensor]
) -> torch.Tensor:
    """Return the LPIPS distance of each picture: (n,).

    a: features of the original at unit length; b: those of the decoded picture as they are.
    Source: R. Zhang et al., "The unreasonable effectiveness of deep features as a perceptual
    metric", CVPR 2018, equation 1.
    """
    total = torch.zeros(a[0].shape[0], device=a[0].device)
    for x, y, head in zip(a, b, heads, strict=True):
        squares = _at_unit_length(y).sub_(x).square_().mean((2, 3))
        total = total + (squares * head.flatten()).sum(1)
    return total


def l2_pool(x: torch.Tensor) -> torch.Tensor:
    """Return the root of 3x3 Hanning-weighted means of squares, stride 2.

    Source: K. Ding et al., "Image quality assessment: unifying structure and texture similarity",
    TPAMI 2020, equation 4.
    """
    # The Hanning window is (1, 2, 1) x (1, 2, 1) / 16: sums of shifted planes give it faster than
    # a depthwise convolution.
    window = _halved(_halved(x.square(), 2), 3)
    return window.mul_(1 / 16).add_(1e-12).sqrt_()


def _halved(x: torch.Tensor, dim: int) -> torch.Tensor:
    """Return x under (1, 2, 1) along dimension 2 or 3 at every second place, 0 beyond the edges."""
    rows = dim == 2
    even, odd = (x[:, :, k::2] if rows else x[..., k::2] for k in (0, 1))
    out = even * 2
    out.narrow(dim, 0, odd.shape[dim]).add_(odd)
    following = out.shape[dim] - 1
    out.narrow(dim, 1, following).add_(odd.narrow(dim, 0, following))
    return out


def dists_features(tensors: Tensors, x: torch.Tensor, first: torch.Tensor) -> list[torch.Tensor]:
    """Return the pictures themselves and the five VGG stages under L2 pooling."""
    return [x, *vgg16(tensors, first, l2_pool)]


def dists_statistics(features: list[torch.Tensor]) -> list[Statistics]:
    """Return what DISTS needs of each layer of the original."""
    return [_statistics(layer) for layer in features]


def _statistics(x: torch.Tensor) -> Statistics:
    mean = x.mean((2, 3), keepdim=True)
    centred = x - mean
    return Statistics(mean[..., 0, 0], centred.square().mean((2, 3)), centred)


def dists_distance(
    a: list[Statistics], b: list[torch.Tensor], alpha: torch.Tensor, beta: torch.Tensor
) -> torch.Tensor:
    """Return the DISTS distance of each picture: (n,).

    a: statistics of the original's features; b: features of the decoded picture.
    Source: as l2_pool, equations 5 to 7.
    """
    weight = alpha.sum() + beta.sum()
    channels = [x.shape[1] for x in b]
    alphas, betas = (torch.split(w.flatten() / weight, channels) for w in (alpha, beta))
    similarity = torch.zeros(b[0].shape[0], device=b[0].device)
    for x, features, of_texture, of_structure in zip(a, b, alphas, betas, strict=True):
        y = _statistics(features)
        covariance = y.centred.mul_(x.centred).mean((2, 3))
        texture = (2 * x.mean * y.mean + SIMILARITY) / (x.mean**2 + y.mean**2 + SIMILARITY)
        structure = (2 * covariance + SIMILARITY) / (x.variance + y.variance + SIMILARITY)
        similarity = similarity + (of_texture * texture + of_structure * structure).sum(1)
    return 1 - similarity

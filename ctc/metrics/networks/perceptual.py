"""Features of a batch of pictures, shared by the metrics that need them, and their distances.

On the CPU what is summed over features is compiled (feature_sums_compiled.py); elsewhere torch
computes the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
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

Floats = npt.NDArray[np.float32]

# In terms of [-1, 1]: shift (-.030, -.088, -.188), scale (.458, .448, .450); here for [0, 1].
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
EPSILON = 1e-10
SIMILARITY = 1e-6


@dataclass(frozen=True)
class Statistics:
    """Features, (n, c, h, w), and the mean and variance of each channel, (n, c) in float64."""

    features: torch.Tensor
    mean: torch.Tensor
    variance: torch.Tensor


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


def lpips_distance(
    a: list[torch.Tensor], b: list[torch.Tensor], heads: list[torch.Tensor]
) -> torch.Tensor:
    """Return the LPIPS distance of each picture from its features a and b: (n,).

    Source: R. Zhang et al., "The unreasonable effectiveness of deep features as a perceptual
    metric", CVPR 2018, equation 1; lengths across channels plus 1e-10.
    """
    total = torch.zeros(a[0].shape[0], dtype=torch.float64, device=a[0].device)
    for x, y, head in zip(a, b, heads, strict=True):
        total = total + _unit_difference(x, y, head.flatten())
    return total


def _unit_difference(x: torch.Tensor, y: torch.Tensor, head: torch.Tensor) -> torch.Tensor:
    if not _compiled_serves(x):
        squares = _at_unit_length(y).sub_(_at_unit_length(x)).square_().mean((2, 3))
        return (squares * head).sum(1)
    from ctc.metrics.networks.feature_sums_compiled import unit_difference

    pairs = zip(_by_place(x), _by_place(y), strict=True)
    weights = head.numpy()
    return torch.tensor(
        [unit_difference(first, second, weights, EPSILON) for first, second in pairs]
    )


def _at_unit_length(x: torch.Tensor) -> torch.Tensor:
    length: torch.Tensor = torch.linalg.vector_norm(x, dim=1, keepdim=True)
    return x * (1 / (length + EPSILON))


def _compiled_serves(x: torch.Tensor) -> bool:
    return x.device.type == "cpu" and x.dtype == torch.float32


def _by_place(x: torch.Tensor) -> Floats:
    """Return features (n, c, h, w) on the CPU as an array (n, h w, c)."""
    return np.asarray(x.permute(0, 2, 3, 1).contiguous().flatten(1, 2).numpy())


def l2_pool(x: torch.Tensor) -> torch.Tensor:
    """Return the root of 3x3 Hanning-weighted means of squares, stride 2.

    Source: K. Ding et al., "Image quality assessment: unifying structure and texture similarity",
    TPAMI 2020, equation 4.
    """
    if not _compiled_serves(x):
        # The Hanning window is (1, 2, 1) x (1, 2, 1) / 16: sums of shifted planes give it faster
        # than a depthwise convolution.
        window = _halved(_halved(x.square(), 2), 3)
        return window.mul_(1 / 16).add_(1e-12).sqrt_()
    from ctc.metrics.networks import feature_sums_compiled

    count, channels, height, width = x.shape
    places = x.permute(0, 2, 3, 1).contiguous()
    out = torch.empty((count, -(-height // 2), -(-width // 2), channels))
    for picture, pooled in zip(places, out, strict=True):
        feature_sums_compiled.l2_pool(picture.numpy(), pooled.numpy())
    return out.permute(0, 3, 1, 2)


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
    if not _compiled_serves(x):
        mean = x.mean((2, 3), keepdim=True)
        variance = (x - mean).square_().mean((2, 3))
        return Statistics(x, mean[..., 0, 0].double(), variance.double())
    from ctc.metrics.networks.feature_sums_compiled import moments

    found = torch.from_numpy(np.stack([moments(picture) for picture in _by_place(x)]))
    return Statistics(x, found[:, 0], found[:, 1] - found[:, 0].square())


def _covariance(x: Statistics, y: Statistics) -> torch.Tensor:
    """Return the covariance of each channel over places, (n, c), float64."""
    if not _compiled_serves(x.features):
        first, second = (s.features - s.mean[..., None, None].float() for s in (x, y))
        return first.mul_(second).mean((2, 3)).double()
    from ctc.metrics.networks.feature_sums_compiled import mean_product

    pairs = zip(_by_place(x.features), _by_place(y.features), strict=True)
    products = torch.from_numpy(np.stack([mean_product(*pair) for pair in pairs]))
    return products - x.mean * y.mean


def dists_distance(
    a: list[Statistics], b: list[torch.Tensor], alpha: torch.Tensor, beta: torch.Tensor
) -> torch.Tensor:
    """Return the DISTS distance of each picture: (n,).

    a: statistics of the original's features; b: features of the decoded picture.
    Source: as l2_pool, equations 5 to 7.
    """
    weight = (alpha.sum() + beta.sum()).double()
    channels = [x.shape[1] for x in b]
    alphas, betas = (torch.split(w.flatten() / weight, channels) for w in (alpha, beta))
    similarity = torch.zeros(b[0].shape[0], dtype=torch.float64, device=b[0].device)
    for x, features, of_texture, of_structure in zip(a, b, alphas, betas, strict=True):
        y = _statistics(features)
        texture = (2 * x.mean * y.mean + SIMILARITY) / (x.mean**2 + y.mean**2 + SIMILARITY)
        spread = x.variance + y.variance + SIMILARITY
        structure = (2 * _covariance(x, y) + SIMILARITY) / spread
        similarity = similarity + (of_texture * texture + of_structure * structure).sum(1)
    return 1 - similarity

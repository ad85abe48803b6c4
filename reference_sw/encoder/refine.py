"""Refinement of transmitted parameters by gradient through the decoder's float twin.

The analysis network's parameters are a first guess; the decoder shows what a parameter really does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from reference_sw.encoder.lpips import LpipsAlex
from reference_sw.encoder.motion_parameters import MotionParameters
from reference_sw.encoder.twin import FaceTwin

Distance = Callable[[Tensor, Tensor], Tensor]
# Adam's rates.
RATES = {"points": 0.01, "matrices": 0.02, "features": 0.03}
SCALES = 3
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def structure_distance(pictures: Tensor, originals: Tensor) -> Tensor:
    """(N,) 1 - SSIM over three scales plus mean absolute difference over 128; needs no weights.

    pictures, originals: (N, 3, H, W) RGB, 0..255. Windows of 8x8 samples, every 4 samples.
    """
    total = (pictures - originals).abs().mean((1, 2, 3)) / 128
    for scale in range(SCALES):
        if scale:
            pictures, originals = (functional.avg_pool2d(x, 2) for x in (pictures, originals))
        total = total + (1 - _ssim(pictures, originals)) / SCALES
    return total


def _ssim(a: Tensor, b: Tensor) -> Tensor:
    def mean(x: Tensor) -> Tensor:
        return functional.avg_pool2d(x, 8, 4)

    mean_a, mean_b = mean(a), mean(b)
    var_a, var_b = mean(a * a) - mean_a**2, mean(b * b) - mean_b**2
    covariance = mean(a * b) - mean_a * mean_b
    top = (2 * mean_a * mean_b + _C1) * (2 * covariance + _C2)
    bottom = (mean_a**2 + mean_b**2 + _C1) * (var_a + var_b + _C2)
    return (top / bottom).mean((1, 2, 3))


def lpips_distance(weights: Path) -> Distance:
    """LPIPS-Alex plus mean absolute difference over 128, with the weights of a file."""
    network = LpipsAlex(weights, fast=True)

    def distance(pictures: Tensor, originals: Tensor) -> Tensor:
        with torch.no_grad():
            targets = network.features(originals)
        error = (pictures - originals).abs().mean((1, 2, 3)) / 128
        return network.per_picture(pictures, targets) + error

    return distance


@dataclass(frozen=True)
class RateTerm:
    """Weight of the bits that changing parameters costs.

    weight: distance that one bit is worth; steps: quantiser step of each coded tensor; previous:
    parameters of the picture before the first, or None.
    """

    weight: float
    steps: Mapping[str, float]
    previous: MotionParameters | None = None

    def bits(self, tried: MotionParameters) -> Tensor:
        """(N,) smooth estimate of the bits of each picture's differences to the one before."""
        values = tried.tensors
        before = self.previous.tensors if self.previous else {}
        found = [_change_bits(values[k], before.get(k), step) for k, step in self.steps.items()]
        return torch.stack(found).sum(0)


def _change_bits(values: Tensor, before: Tensor | None, step: float) -> Tensor:
    """(N,) estimate of the bits of the differences to the picture before."""
    start = values[:1].detach() if before is None else before[:1]
    return change_bits((values - torch.cat([start, values[:-1]])) / step)


def change_bits(change: Tensor) -> Tensor:
    """(N,) smooth estimate of the bits of differences (N, ...) in quantiser steps."""
    return torch.log2(1 + (change.flatten(1).square() + 0.01).sqrt()).sum(1)


@dataclass(frozen=True)
class Refined:
    """Parameters and the cost they reach, (N,), with the cost before, (N,).

    The cost is the distance, plus the rate where it counts.
    """

    parameters: MotionParameters
    distance: Tensor
    before: Tensor


@dataclass(frozen=True)
class Task:
    """Pictures of one key picture to refine.

    twin: of `load_twin`; key: (1, 3, H, W) the decoded key picture; originals: (N, 3, H, W), all
    RGB, 0..255; key_parameters: of one picture; start: of N.
    """

    twin: FaceTwin
    key: Tensor
    key_parameters: MotionParameters
    start: MotionParameters
    originals: Tensor

    def made(self, tried: MotionParameters) -> Tensor:
        """Decoded pictures of some parameters."""
        n = len(self.originals)
        key = self.key.float().expand(n, -1, -1, -1)
        return self.twin(key, self.key_parameters.spread(n), tried).output  # type: ignore[no-any-return]


def refine(
    task: Task,
    steps: int,
    distance: Distance = structure_distance,
    coded: Collection[str] | None = None,
    rate: RateTerm | None = None,
) -> Refined:
    """The best parameters met on `steps` Adam steps from the start, picture by picture.

    coded: the tensors that may change, None: all. Memory grows with N: about 150 MiB for each
    256x256 picture.
    """
    n = len(task.originals)
    leaves = {name: value.detach().clone() for name, value in task.start.tensors.items()}
    free = [name for name in leaves if coded is None or name in coded]
    groups = [{"params": [leaves[name].requires_grad_()], "lr": RATES[name]} for name in free]
    optimiser = torch.optim.Adam(groups, betas=(0.8, 0.95))
    tried = replace(task.start, **leaves)
    best = Refined(task.start, torch.full((n,), torch.inf), torch.full((n,), torch.inf))
    for step in range(steps + 1):
        with torch.enable_grad():
            each = distance(task.made(tried), task.originals.float())
            if rate is not None:
                each = each + rate.weight * rate.bits(tried)
        best = _better(best, tried, each.detach(), first=step == 0)
        if step == steps:
            break
        optimiser.zero_grad(set_to_none=True)
        each.sum().backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return best


def _better(best: Refined, tried: MotionParameters, distance: Tensor, first: bool) -> Refined:
    """Picture by picture the parameters of the smaller distance."""
    better = distance < best.distance
    old = best.parameters.tensors
    chosen = {
        name: torch.where(better.reshape(-1, *[1] * (new.dim() - 1)), new.detach(), old[name])
        for name, new in tried.tensors.items()
    }
    before = distance if first else best.before
    return Refined(
        replace(best.parameters, **chosen), torch.minimum(distance, best.distance), before
    )

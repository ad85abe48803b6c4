"""What is transmitted for each picture: real numbers, and units of the decoding process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Self

import torch
from torch import Tensor

from reference_sw.decoder.parameters import UNITS


@dataclass(frozen=True)
class MotionParameters:
    """Parameters of N pictures: fields are tensors (N, ...) float32, one for each group."""

    @property
    def tensors(self) -> dict[str, Tensor]:
        """The tensors by name, in coding order."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def inputs(self) -> dict[str, Tensor]:
        """The tensors in the shapes of the model's inputs, (N, C, rows, columns)."""
        return {name: t.flatten(1)[..., None, None] for name, t in self.tensors.items()}

    def changed(self, function: Callable[[Tensor], Tensor]) -> Self:
        """The parameters with every tensor replaced."""
        return replace(self, **{name: function(t) for name, t in self.tensors.items()})

    def rows(self, start: int, stop: int) -> Self:
        """Those of some of the pictures."""
        return self.changed(lambda t: t[start:stop])

    def spread(self, count: int) -> Self:
        """Those of one picture, `count` times."""
        return self.changed(lambda t: t.expand(count, *t.shape[1:]))


@dataclass(frozen=True)
class Keypoints(MotionParameters):
    """Key points and matrices.

    points: (N, K, 2), x then y, -1 and 1 at the picture's edges; pixel i of W lies at
    (2 i + 1) / W - 1.
    matrices: (N, K, 2, 2), row x then row y, the local frame at each point.
    """

    points: Tensor
    matrices: Tensor


@dataclass(frozen=True)
class FeatureGrid(MotionParameters):
    """A small grid of features for each picture: (N, C, rows, columns)."""

    features: Tensor

    @property
    def inputs(self) -> dict[str, Tensor]:
        """The grid as it is."""
        return self.tensors


def pixel_centres(height: int, width: int, device: torch.device | str = "cpu") -> Tensor:
    """(height, width, 2) float32: x and y of each pixel's centre, edges at -1 and 1."""
    xs = (2 * torch.arange(width, device=device) + 1) / width - 1
    ys = (2 * torch.arange(height, device=device) + 1) / height - 1
    grid_y, grid_x = torch.meshgrid(ys, xs, indexing="ij")
    return torch.stack([grid_x, grid_y], dim=-1)


def integer_parameters(parameters: MotionParameters) -> dict[str, Tensor]:
    """Inputs of the model by name, (N, C, rows, columns) int32, rounded and clipped."""
    found = {}
    for name, value in parameters.inputs.items():
        limit = UNITS[name].limit
        scaled = torch.floor(value * 2 ** UNITS[name].bits + 0.5)
        found[name] = scaled.clamp(-limit, limit).int()
    return found


def float_parameters(values: dict[str, Tensor]) -> Keypoints | FeatureGrid:
    """The inverse of `integer_parameters` on its grid."""
    real = {name: value.float() / 2 ** UNITS[name].bits for name, value in values.items()}
    if "features" in real:
        return FeatureGrid(real["features"])
    n = len(real["points"])
    return Keypoints(real["points"].reshape(n, -1, 2), real["matrices"].reshape(n, -1, 2, 2))

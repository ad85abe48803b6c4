"""Pictures of the keypoint families from key pictures and parameters."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from reference_sw.network.errors import ModelError
from reference_sw.network.runtime import IntegerModel

POINT_UNITS = 1 << 10
MATRIX_UNITS = 1 << 8
POINT_LIMIT = 1536
MATRIX_LIMIT = 1024
_INPUTS = {"key", "key_points", "key_matrices", "points", "matrices"}


@dataclass(frozen=True)
class Parameters:
    """Decoded parameters of one picture.

    points: (K, 2) integers, x and y in 2^-10 of half the picture; matrices: (K, 2, 2) in 2^-8, or
    None in a family without matrices. Source: specification clause 12.2.
    """

    points: Tensor
    matrices: Tensor | None = None


def dequantise(value: int, mantissa: int, shift: int, units: int, limit: int) -> int:
    """RoundShift(value * mantissa * units, shift) limited to -limit..limit.

    >>> dequantise(-3, 1, 7, POINT_UNITS, POINT_LIMIT)
    -24

    Source: specification clause 12.2.1.
    """
    half = 1 << (shift - 1) if shift else 0
    return max(-limit, min(limit, (value * mantissa * units + half) >> shift))


class KeypointSynthesis:
    """Decodes pictures of one size with one model; keeps what is computed once for a key picture.

    Source: specification clause 12.3.
    """

    def __init__(self, model: IntegerModel) -> None:
        missing = {"key", "picture"} - set(model.graphs)
        if missing:
            raise ModelError(f"model {model.name}: no graph {sorted(missing)[0]}")
        wanted = set(model.graphs["picture"].graph.inputs)
        if not wanted >= _INPUTS:
            raise ModelError(
                f"model {model.name}: graph picture lacks {sorted(_INPUTS - wanted)[0]}"
            )
        self.model = model
        self.num_points = model.graphs["picture"].graph.inputs["points"].channels // 2
        self._key: dict[str, Tensor] | None = None

    def set_key(self, key: Tensor, parameters: Parameters) -> None:
        """Takes the decoded key picture, (3, H, W) uint8 R, G, B, and its own parameters."""
        size = (key.shape[1], key.shape[2])
        state = self.model.run("key", {"key": key[None]}, size)
        own = {f"key_{name}": value for name, value in self._tensors(parameters).items()}
        self._key = {"key": key[None], **state, **own}

    def picture(self, parameters: Parameters) -> Tensor:
        """The decoded picture, (3, H, W) uint8 R, G, B.

        Parameters all equal to the key picture's own give the key picture itself.
        """
        if self._key is None:
            raise ModelError("a picture came before its key picture")
        own = self._tensors(parameters)
        if all(torch.equal(own[name], self._key[f"key_{name}"]) for name in own):
            return self._key["key"][0].to(torch.uint8)
        key = self._key["key"]
        size = (key.shape[2], key.shape[3])
        output = self.model.run("picture", {**self._key, **own}, size)["output"]
        return output[0].to(torch.uint8)

    def _tensors(self, parameters: Parameters) -> dict[str, Tensor]:
        """Inputs of the graph; the identity where there are no matrices."""
        k = self.num_points
        matrices = parameters.matrices
        if matrices is None:
            matrices = (MATRIX_UNITS * torch.eye(2, dtype=torch.int64)).expand(k, 2, 2)
        if tuple(parameters.points.shape) != (k, 2) or tuple(matrices.shape) != (k, 2, 2):
            raise ModelError(
                f"{len(parameters.points)} points: model {self.model.name} has {k} points"
            )
        return {
            "points": parameters.points.reshape(1, 2 * k, 1, 1),
            "matrices": matrices.reshape(1, 4 * k, 1, 1),
        }

"""Writes the operators of a graph, and the tensors that they need."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from reference_sw.encoder.quantised_layers import (
    ACTIVATION_MAX,
    SCALE,
    QuantConv,
    weight_exponents,
)

Item = dict[str, Any]
Tensors = dict[str, npt.NDArray[Any]]


class GraphBuilder:
    """Collects operators and tensors of one graph."""

    def __init__(self, tensors: Tensors) -> None:
        self.tensors = tensors
        self.operators: list[Item] = []

    def add(self, op: str, inputs: list[str], output: str, **attributes: int | str) -> str:
        self.operators.append({"op": op, "in": inputs, "out": output, **attributes})
        return output

    def conv(self, name: str, layer: QuantConv, source: str, residual: str | None = None) -> str:
        """The convolution, the sum with the residual and the clip of a QuantConv."""
        self._store(name, layer)
        attributes = {"stride": 1, "padding": layer.kernel_size[0] // 2, "groups": 1}
        tensors = {key: f"{name}.{key}" for key in ("weight", "bias", "shift")}
        y = self.add("conv2d", [source], f"{name}.sum", **attributes, **tensors)
        if residual is not None:
            y = self.add("add", [y, residual], f"{name}.total")
        return self.clamp(y, name, 0 if layer.relu else -1024)

    def clamp(self, source: str, output: str, low: int, high: int = ACTIVATION_MAX) -> str:
        return self.add("clamp", [source], output, low=low, high=high)

    def up(self, source: str) -> str:
        return self.add("upsample", [source], f"{source}.up")

    def down(self, source: str) -> str:
        return self.add("average_pool", [source], f"{source}.half")

    def at(self, source: str, extent: str) -> str:
        name = f"{source}.{extent.replace('/', '')}"
        return self.add("bilinear_resize", [source], name, extent=extent)

    def _store(self, name: str, layer: QuantConv) -> None:
        weight, bias = layer.weight.detach(), layer.bias
        if bias is None:
            raise TypeError("a convolution of the twin has a bias")
        p = weight_exponents(weight, bias)
        rounded = torch.floor(weight.double() * 2 ** p[:, None, None, None] + 0.5)
        self.tensors[f"{name}.weight"] = rounded.numpy().astype(np.int8)
        self.tensors[f"{name}.bias"] = (
            torch.floor(bias.detach().double() * 2**p * SCALE + 0.5).numpy().astype(np.int32)
        )
        self.tensors[f"{name}.shift"] = p.numpy().astype(np.uint8)


def graph_input(channels: int, extent: str, low: int, high: int) -> Item:
    """The declaration of an input."""
    return {"channels": channels, "extent": extent, "range": [low, high]}

"""Fast operators: integers held in float32 or float64 tensors, exact by the bounds of inference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from reference_sw.network import definition
from reference_sw.network.cubic_kernel import cubic_compiled, cubic_tensors
from reference_sw.network.graph import Operator
from reference_sw.network.inference import FLOAT32_EXACT, Step
from reference_sw.network.model_file import IntArray
from reference_sw.network.warp_kernel import warp_compiled, warp_tensors

Size = tuple[int, int]
Kernel = Callable[[list[Tensor], Size], Tensor]


_BILINEAR = (warp_compiled, warp_tensors)


def _exact_dtype(bound: int) -> torch.dtype:
    return torch.float32 if bound < FLOAT32_EXACT else torch.float64


@dataclass(frozen=True)
class _Conv:
    """A convolution whose weights and bias carry the factor 2^-shift, which is exact."""

    weight: Tensor
    bias: Tensor
    stride: int
    padding: int
    groups: int

    def __call__(self, inputs: list[Tensor], size: Size) -> Tensor:
        (x,) = inputs
        weight, bias = self.weight.to(x.device), self.bias.to(x.device)
        x = x.to(weight.dtype)
        y = functional.conv2d(x, weight, bias, self.stride, self.padding, groups=self.groups)
        return y.floor_().float()


def _conv2d(step: Step, tensors: Mapping[str, IntArray]) -> Kernel:
    weight, bias, shift = (tensors[k] for k in ("weight", "bias", "shift"))
    dtype = _exact_dtype(step.accumulator)
    factor = 2.0 ** -shift.astype(np.float64)
    half = np.where(shift > 0, 1 << np.maximum(shift - 1, 0), 0)
    a = step.operator.attributes
    return _Conv(
        torch.from_numpy(weight * factor[:, None, None, None]).to(dtype),
        torch.from_numpy((bias + half) * factor).to(dtype),
        a["stride"],
        a["padding"],
        a["groups"],
    )


def _multiply(step: Step, tensors: Mapping[str, IntArray]) -> Kernel:
    dtype, shift = _exact_dtype(step.accumulator), step.operator.attributes["shift"]
    half = float((1 << shift) >> 1)

    def run(inputs: list[Tensor], size: Size) -> Tensor:
        product = inputs[0].to(dtype) * inputs[1].to(dtype)
        return product.add_(half).mul_(2.0**-shift).floor_().float()

    return run


def _table(step: Step, tensors: Mapping[str, IntArray]) -> Kernel:
    table = torch.from_numpy(tensors["table"]).float()
    first = step.operator.attributes["first"]

    def run(inputs: list[Tensor], size: Size) -> Tensor:
        index = (inputs[0] - first).clamp_(0, len(table) - 1).long()
        return table.to(index.device)[index]

    return run


def _average_pool(step: Step, tensors: Mapping[str, IntArray]) -> Kernel:
    def run(inputs: list[Tensor], size: Size) -> Tensor:
        return functional.avg_pool2d(inputs[0], 2).add_(0.5).floor_()

    return run


@lru_cache(maxsize=64)
def _weights(kind: str, source: int, target: int) -> Tensor:
    make = definition.area_weights if kind == "area_resize" else definition.bilinear_weights
    return torch.from_numpy(make(source, target)).double()


def _resize(step: Step, tensors: Mapping[str, IntArray]) -> Kernel:
    op = step.operator

    def run(inputs: list[Tensor], size: Size) -> Tensor:
        (x,) = inputs
        rows, columns = op.extent.at(*size) if op.extent else size
        if x.shape[2:] == (rows, columns):
            return x
        a = _weights(op.op, x.shape[2], rows).to(x.device)
        b = _weights(op.op, x.shape[3], columns).to(x.device)
        total = a @ x.double() @ b.T
        divisor = float(a[0].sum() * b[0].sum())
        return torch.floor((2 * total + divisor) / (2 * divisor)).float()

    return run


def _warp(step: Step, tensors: Mapping[str, IntArray]) -> Kernel:
    exact = step.accumulator < FLOAT32_EXACT
    cubic = step.operator.op == "warp_cubic"
    compiled, tensors_only = (cubic_compiled, cubic_tensors) if cubic else _BILINEAR

    def run(inputs: list[Tensor], size: Size) -> Tensor:
        source, motion = inputs
        chosen = compiled if exact and source.device.type == "cpu" else tensors_only
        return chosen(source, motion)

    return run


def _by_definition(step: Step, tensors: Mapping[str, IntArray]) -> Kernel:
    """Small tensors: the definition itself, in int64."""
    op = step.operator

    def run(inputs: list[Tensor], size: Size) -> Tensor:
        x = [a.cpu().numpy().astype(np.int64) for a in inputs]
        if op.extent is not None:
            y = definition.sized(op, x, tensors, op.extent.at(*size))
        else:
            y = definition.ELEMENTARY[op.op](op, x, tensors)
        return torch.from_numpy(y).float().to(inputs[0].device)

    return run


def _simple(make: Callable[[Operator, list[Tensor]], Tensor]) -> Callable[..., Kernel]:
    def compile_step(step: Step, tensors: Mapping[str, IntArray]) -> Kernel:
        return lambda inputs, size: make(step.operator, inputs)

    return compile_step


COMPILE: Mapping[str, Callable[[Step, Mapping[str, IntArray]], Kernel]] = {
    "conv2d": _conv2d,
    "add": _simple(lambda op, x: x[0] + x[1]),
    "subtract": _simple(lambda op, x: x[0] - x[1]),
    "multiply": _multiply,
    "offset": _simple(lambda op, x: x[0] + op.attributes["value"]),
    "clamp": _simple(lambda op, x: x[0].clamp(op.attributes["low"], op.attributes["high"])),
    "table": _table,
    "average_pool": _average_pool,
    "upsample": _simple(lambda op, x: functional.interpolate(x[0], scale_factor=2.0)),
    "pixel_shuffle": _simple(lambda op, x: functional.pixel_shuffle(x[0], 2)),
    "pixel_unshuffle": _simple(lambda op, x: functional.pixel_unshuffle(x[0], 2)),
    "concat": _simple(lambda op, x: torch.cat(x, 1)),
    "channels": _simple(
        lambda op, x: x[0].narrow(1, op.attributes["first"], op.attributes["count"])
    ),
    "area_resize": _resize,
    "bilinear_resize": _resize,
    "warp": _warp,
    "warp_cubic": _warp,
    "affine_motion": _by_definition,
    "heat_difference": _by_definition,
    "mix_motion": _by_definition,
}

"""Channels, extent, value range and accumulator bound of each elementary operator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from reference_sw.network.errors import ModelError
from reference_sw.network.graph import Operator, TensorInfo
from reference_sw.network.model_file import IntArray


def _same(a: TensorInfo, b: TensorInfo, broadcast: bool = False) -> None:
    if a.extent != b.extent or (a.channels != b.channels and not (broadcast and b.channels == 1)):
        raise ModelError(
            f"inputs of {a.channels} channels at {a.extent} and {b.channels} at {b.extent}"
        )


def conv_bounds(
    info: TensorInfo, weight: IntArray, bias: IntArray, shift: IntArray, groups: int
) -> tuple[int, int, int]:
    """(lowest, highest output, largest accumulator) of a convolution. Zero padding is counted.

    Every partial sum, in any order, is bounded by sum |w| max |x| + |bias| + 2^(shift - 1).
    """
    flat = weight.reshape(len(weight), -1)
    low, high = min(info.low, 0), max(info.high, 0)
    positive, negative = np.maximum(flat, 0).sum(1), np.minimum(flat, 0).sum(1)
    half = np.where(shift > 0, 1 << np.maximum(shift - 1, 0), 0)
    top = (positive * high + negative * low + bias + half) >> shift
    bottom = (positive * low + negative * high + bias + half) >> shift
    bound = np.abs(flat).sum(1) * max(-low, high) + np.abs(bias) + half
    return int(bottom.min()), int(top.max()), int(bound.max())


def conv2d(
    op: Operator, inputs: list[TensorInfo], tensors: Mapping[str, IntArray]
) -> tuple[TensorInfo, int]:
    (info,), (weight, bias, shift) = inputs, (tensors[k] for k in ("weight", "bias", "shift"))
    stride, padding, groups = (op.attributes[k] for k in ("stride", "padding", "groups"))
    if weight.ndim != 4 or bias.shape != (len(weight),) or shift.shape != (len(weight),):
        raise ModelError(
            f"shapes {weight.shape}, {bias.shape}, {shift.shape} do not belong together"
        )
    outputs, per_group, rows, columns = weight.shape
    if outputs < 1 or outputs % groups or per_group * groups != info.channels:
        raise ModelError(f"weight {weight.shape} with {groups} groups on {info.channels} channels")
    if rows != columns or rows != 2 * padding + 1:
        raise ModelError(f"kernel {rows}x{columns} with padding {padding}: shall keep the extent")
    if np.abs(weight).max(initial=0) > 127 or np.any((shift < 0) | (shift > 23)):
        raise ModelError("weights shall be in -127..127 and shifts in 0..23")
    low, high, bound = conv_bounds(info, weight, bias, shift, groups)
    extent = info.extent if stride == 1 else info.extent.scaled(1, 2)
    return TensorInfo(outputs, extent, low, high), bound


def add(
    op: Operator, inputs: list[TensorInfo], tensors: Mapping[str, IntArray]
) -> tuple[TensorInfo, int]:
    a, b = inputs
    _same(a, b)
    return TensorInfo(a.channels, a.extent, a.low + b.low, a.high + b.high), 0


def subtract(
    op: Operator, inputs: list[TensorInfo], tensors: Mapping[str, IntArray]
) -> tuple[TensorInfo, int]:
    a, b = inputs
    _same(a, b)
    return TensorInfo(a.channels, a.extent, a.low - b.high, a.high - b.low), 0


def multiply(
    op: Operator, inputs: list[TensorInfo], tensors: Mapping[str, IntArray]
) -> tuple[TensorInfo, int]:
    a, b = inputs
    _same(a, b, broadcast=True)
    shift = op.attributes["shift"]
    half = 1 << (shift - 1) if shift else 0
    corners = [x * y for x in (a.low, a.high) for y in (b.low, b.high)]
    low, high = (min(corners) + half) >> shift, (max(corners) + half) >> shift
    return TensorInfo(a.channels, a.extent, low, high), max(map(abs, corners)) + half


def offset(
    op: Operator, inputs: list[TensorInfo], tensors: Mapping[str, IntArray]
) -> tuple[TensorInfo, int]:
    (a,), value = inputs, op.attributes["value"]
    return replace(a, low=a.low + value, high=a.high + value), 0


def clamp(
    op: Operator, inputs: list[TensorInfo], tensors: Mapping[str, IntArray]
) -> tuple[TensorInfo, int]:
    (a,), low, high = inputs, op.attributes["low"], op.attributes["high"]
    if low > high:
        raise ModelError(f"low {low} above high {high}")
    return replace(a, low=min(max(a.low, low), high), high=max(min(a.high, high), low)), 0


def table_of(tensors: Mapping[str, IntArray]) -> IntArray:
    table = tensors["table"]
    if table.ndim != 1 or not 1 <= len(table) <= 1 << 16:
        raise ModelError(f"table of shape {table.shape}: shall have 1 to 65536 entries")
    return table


def table(
    op: Operator, inputs: list[TensorInfo], tensors: Mapping[str, IntArray]
) -> tuple[TensorInfo, int]:
    (a,), table = inputs, table_of(tensors)
    return replace(a, low=int(table.min()), high=int(table.max())), 0


def average_pool(
    op: Operator, inputs: list[TensorInfo], tensors: Mapping[str, IntArray]
) -> tuple[TensorInfo, int]:
    (a,) = inputs
    return replace(a, extent=a.extent.scaled(1, 2)), 4 * a.magnitude + 2


def upsample(
    op: Operator, inputs: list[TensorInfo], tensors: Mapping[str, IntArray]
) -> tuple[TensorInfo, int]:
    (a,) = inputs
    return replace(a, extent=a.extent.scaled(2, 1)), 0


def pixel_shuffle(
    op: Operator, inputs: list[TensorInfo], tensors: Mapping[str, IntArray]
) -> tuple[TensorInfo, int]:
    (a,) = inputs
    if a.channels % 4:
        raise ModelError(f"{a.channels} channels: shall be a multiple of 4")
    return replace(a, channels=a.channels // 4, extent=a.extent.scaled(2, 1)), 0


def pixel_unshuffle(
    op: Operator, inputs: list[TensorInfo], tensors: Mapping[str, IntArray]
) -> tuple[TensorInfo, int]:
    (a,) = inputs
    return replace(a, channels=a.channels * 4, extent=a.extent.scaled(1, 2)), 0


def concat(
    op: Operator, inputs: list[TensorInfo], tensors: Mapping[str, IntArray]
) -> tuple[TensorInfo, int]:
    first = inputs[0]
    for other in inputs[1:]:
        if other.extent != first.extent:
            raise ModelError(f"inputs at {first.extent} and {other.extent}")
    low, high = min(a.low for a in inputs), max(a.high for a in inputs)
    return TensorInfo(sum(a.channels for a in inputs), first.extent, low, high), 0


def channels(
    op: Operator, inputs: list[TensorInfo], tensors: Mapping[str, IntArray]
) -> tuple[TensorInfo, int]:
    (a,), first, count = inputs, op.attributes["first"], op.attributes["count"]
    if first + count > a.channels:
        raise ModelError(f"channels {first}..{first + count - 1} of {a.channels}")
    return replace(a, channels=count), 0

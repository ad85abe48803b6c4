"""Channels, extent, value range and accumulator bound of the operators of resizing and motion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reference_sw.network.definition import cubic_weights
from reference_sw.network.errors import ModelError
from reference_sw.network.graph import Extent, Operator, TensorInfo
from reference_sw.network.model_file import IntArray
from reference_sw.network.rules import table_of

MAX_PICTURE = 1024
MOTION_LIMIT = 1 << 15
POINT_LIMIT = 1 << 12
MATRIX_LIMIT = 1 << 12


def _largest(extent: Extent) -> int:
    """Number of elements of a plane of the largest picture."""
    height, width = extent.at(MAX_PICTURE, MAX_PICTURE)
    return height * width


def _target(op: Operator) -> Extent:
    if op.extent is None:
        raise ModelError("an extent is needed")
    return op.extent


def area_resize(
    op: Operator, inputs: list[TensorInfo], tensors: Mapping[str, IntArray]
) -> tuple[TensorInfo, int]:
    """Weights sum to the number of samples of the source."""
    (a,), target = inputs, _target(op)
    if target.divisor:
        raise ModelError(f"extent {target}: shall be fixed")
    return replace(a, extent=target), 2 * _largest(a.extent) * (a.magnitude + 1)


def bilinear_resize(
    op: Operator, inputs: list[TensorInfo], tensors: Mapping[str, IntArray]
) -> tuple[TensorInfo, int]:
    """Weights sum to four times the number of samples of the target."""
    (a,), target = inputs, _target(op)
    return replace(a, extent=target), 8 * _largest(target) * (a.magnitude + 1)


def warp(
    op: Operator, inputs: list[TensorInfo], tensors: Mapping[str, IntArray]
) -> tuple[TensorInfo, int]:
    """One moved copy of the source for each pair of motion channels."""
    source, motion = inputs
    if source.extent != motion.extent or motion.channels % 2:
        raise ModelError(
            f"source at {source.extent}, motion of {motion.channels} channels at {motion.extent}"
        )
    if motion.magnitude > 2 * MOTION_LIMIT:
        raise ModelError(f"motion up to {motion.magnitude}: at most {2 * MOTION_LIMIT}")
    info = replace(source, channels=source.channels * (motion.channels // 2))
    return info, 1024 * source.magnitude + 512


def warp_cubic(
    op: Operator, inputs: list[TensorInfo], tensors: Mapping[str, IntArray]
) -> tuple[TensorInfo, int]:
    """As warp, with sixteen taps that may overshoot."""
    info, _ = warp(op, inputs, tensors)
    rows = cubic_weights().tolist()
    positive = max(sum(w for w in row if w > 0) for row in rows)
    negative = max(-sum(w for w in row if w < 0) for row in rows)
    high = positive**2 + negative**2
    low = 2 * positive * negative
    top = max(info.high * high - info.low * low, info.high, -info.low)
    bottom = max(info.high * low - info.low * high, info.high, -info.low)
    bound = (high + low) * info.magnitude + 8192
    return replace(info, low=-((bottom >> 14) + 1), high=(top >> 14) + 1), bound


def affine_motion(
    op: Operator, inputs: list[TensorInfo], tensors: Mapping[str, IntArray]
) -> tuple[TensorInfo, int]:
    """Background and one candidate for each point, two channels each."""
    points = inputs[0]
    count = points.channels // 2
    wanted = [(2 * count, POINT_LIMIT), (4 * count, MATRIX_LIMIT)] * 2
    for info, (channels, limit) in zip(inputs, wanted, strict=True):
        if info.channels != channels or info.magnitude > limit or str(info.extent) != "1x1":
            raise ModelError(
                f"{info.channels} channels at {info.extent} up to {info.magnitude}: shall be "
                f"{channels} at 1x1 up to {limit}"
            )
    target = _target(op)
    if target.divisor:
        raise ModelError(f"extent {target}: shall be fixed")
    return TensorInfo(2 * (count + 1), target, -MOTION_LIMIT, MOTION_LIMIT - 1), 1 << 45


def heat_difference(
    op: Operator, inputs: list[TensorInfo], tensors: Mapping[str, IntArray]
) -> tuple[TensorInfo, int]:
    """One map for each point: heat at the current point minus heat at the key point."""
    current, key = inputs
    if current.channels != key.channels or key.channels % 2 or str(key.extent) != "1x1":
        raise ModelError(
            f"points of {current.channels} and {key.channels} channels at {key.extent}"
        )
    target, table = _target(op), table_of(tensors)
    if target.divisor or int(table.min()) < 0:
        raise ModelError("the extent shall be fixed and the table not negative")
    peak, shift = int(table.max()) ** 2, op.attributes["shift"]
    high = (peak + ((1 << shift) >> 1)) >> shift
    return TensorInfo(key.channels // 2, target, -high, high), peak + (1 << shift)


def mix_motion(
    op: Operator, inputs: list[TensorInfo], tensors: Mapping[str, IntArray]
) -> tuple[TensorInfo, int]:
    """Weighted mean of the candidates with integer soft-max weights."""
    logits, candidates = inputs
    if candidates.channels != 2 * logits.channels or candidates.extent != logits.extent:
        raise ModelError(
            f"{logits.channels} logits at {logits.extent} for motion of {candidates.channels} "
            f"channels at {candidates.extent}"
        )
    table = table_of(tensors)
    if int(table.min()) < 0 or int(table[0]) < 1:
        raise ModelError("the table shall not be negative and shall start above 0")
    bound = 2 * logits.channels * int(table.max()) * (candidates.magnitude + 1)
    return replace(candidates, channels=2), bound

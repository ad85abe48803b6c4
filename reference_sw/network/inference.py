"""Channels, extents and value ranges of every tensor, and the accumulator bound of every step.

What this module accepts is proved exact: no intermediate value of a run can leave the range in
which float32 (below 2^24) or float64 (below 2^53) holds every integer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from reference_sw.network import motion_rules, rules
from reference_sw.network.errors import ModelError
from reference_sw.network.graph import MAX_CHANNELS, Graph, Operator, TensorInfo
from reference_sw.network.model_file import IntArray

FLOAT32_EXACT = 1 << 24
FLOAT64_EXACT = 1 << 53


@dataclass(frozen=True)
class Step:
    """An operator, what it gives, and the largest magnitude of its accumulators."""

    operator: Operator
    info: TensorInfo
    accumulator: int


Rule = Callable[[Operator, list[TensorInfo], Mapping[str, IntArray]], tuple[TensorInfo, int]]

RULES: Mapping[str, Rule] = {
    "conv2d": rules.conv2d,
    "add": rules.add,
    "subtract": rules.subtract,
    "multiply": rules.multiply,
    "offset": rules.offset,
    "clamp": rules.clamp,
    "table": rules.table,
    "average_pool": rules.average_pool,
    "upsample": rules.upsample,
    "pixel_shuffle": rules.pixel_shuffle,
    "pixel_unshuffle": rules.pixel_unshuffle,
    "concat": rules.concat,
    "channels": rules.channels,
    "area_resize": motion_rules.area_resize,
    "bilinear_resize": motion_rules.bilinear_resize,
    "warp": motion_rules.warp,
    "warp_cubic": motion_rules.warp_cubic,
    "affine_motion": motion_rules.affine_motion,
    "heat_difference": motion_rules.heat_difference,
    "mix_motion": motion_rules.mix_motion,
}


def infer(
    graph: Graph, tensors: Mapping[str, IntArray]
) -> tuple[list[Step], dict[str, TensorInfo]]:
    """Every step of a graph and every tensor of it; raises ModelError at the first breach."""
    infos = dict(graph.inputs)
    steps: list[Step] = []
    for i, operator in enumerate(graph.operators):
        where = f"graph {graph.name}: operator {i} ({operator.op}) to {operator.output}"
        try:
            inputs = [infos[name] for name in operator.inputs]
            info, bound = RULES[operator.op](operator, inputs, _named(operator, tensors))
        except ModelError as error:
            raise ModelError(f"{where}: {error}") from error
        if info.channels > MAX_CHANNELS:
            raise ModelError(f"{where}: {info.channels} channels: at most {MAX_CHANNELS}")
        if info.magnitude >= FLOAT32_EXACT:
            raise ModelError(f"{where}: values up to {info.magnitude}: shall be below 2^24")
        if bound >= FLOAT64_EXACT:
            raise ModelError(f"{where}: accumulators up to {bound}: shall be below 2^53")
        infos[operator.output] = info
        steps.append(Step(operator, info, max(bound, info.magnitude)))
    return steps, infos


def _named(operator: Operator, tensors: Mapping[str, IntArray]) -> dict[str, IntArray]:
    for key, name in operator.tensors.items():
        if name not in tensors:
            raise ModelError(f"{key} {name!r:.80}: no such tensor in the file")
    return {key: tensors[name] for key, name in operator.tensors.items()}

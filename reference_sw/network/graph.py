"""The readable part of a model file: named graphs of operators from a closed set."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from reference_sw.network.errors import ModelError

MAX_OPERATORS = 512
MAX_CHANNELS = 1024
MAX_EXTENT = 256
_NAME = re.compile(r"[a-z][a-z0-9_.]{0,63}")
_EXTENT = re.compile(r"picture/(1|2|4|8)|([0-9]{1,3})x([0-9]{1,3})")


@dataclass(frozen=True)
class Attribute:
    """An integer attribute and its legal range."""

    low: int
    high: int


@dataclass(frozen=True)
class OperatorRule:
    """What an operator takes: number of inputs, integer attributes, tensors of the file."""

    inputs: tuple[int, int]
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    tensors: tuple[str, ...] = ()
    extent: bool = False


_VALUE = Attribute(-(2**23), 2**23 - 1)
OPERATORS: Mapping[str, OperatorRule] = MappingProxyType(
    {
        "conv2d": OperatorRule(
            (1, 1),
            {"stride": Attribute(1, 2), "padding": Attribute(0, 7), "groups": Attribute(1, 1024)},
            ("weight", "bias", "shift"),
        ),
        "add": OperatorRule((2, 2)),
        "subtract": OperatorRule((2, 2)),
        "multiply": OperatorRule((2, 2), {"shift": Attribute(0, 30)}),
        "offset": OperatorRule((1, 1), {"value": _VALUE}),
        "clamp": OperatorRule((1, 1), {"low": _VALUE, "high": _VALUE}),
        "table": OperatorRule((1, 1), {"first": _VALUE}, ("table",)),
        "average_pool": OperatorRule((1, 1)),
        "upsample": OperatorRule((1, 1)),
        "pixel_shuffle": OperatorRule((1, 1)),
        "pixel_unshuffle": OperatorRule((1, 1)),
        "concat": OperatorRule((2, 16)),
        "channels": OperatorRule(
            (1, 1), {"first": Attribute(0, 1023), "count": Attribute(1, 1024)}
        ),
        "area_resize": OperatorRule((1, 1), extent=True),
        "bilinear_resize": OperatorRule((1, 1), extent=True),
        "warp": OperatorRule((2, 2)),
        "warp_cubic": OperatorRule((2, 2)),
        "affine_motion": OperatorRule((4, 4), extent=True),
        "heat_difference": OperatorRule((2, 2), {"shift": Attribute(0, 30)}, ("table",), True),
        "mix_motion": OperatorRule((2, 2), tensors=("table",)),
    }
)


@dataclass(frozen=True)
class Extent:
    """Spatial size of a tensor: the picture's over `divisor`, or fixed where divisor is 0."""

    divisor: int
    height: int = 0
    width: int = 0

    def at(self, height: int, width: int) -> tuple[int, int]:
        """(rows, columns) for a picture of the given size."""
        if self.divisor:
            return height // self.divisor, width // self.divisor
        return self.height, self.width

    def scaled(self, numerator: int, denominator: int) -> Extent:
        """The extent times numerator / denominator; raises ModelError where it is no integer."""
        if self.divisor:
            divisor, rest = divmod(self.divisor * denominator, numerator)
            if rest or divisor not in (1, 2, 4, 8):
                raise ModelError(f"extent {self} cannot be scaled by {numerator}/{denominator}")
            return Extent(divisor)
        height, rest_h = divmod(self.height * numerator, denominator)
        width, rest_w = divmod(self.width * numerator, denominator)
        if rest_h or rest_w or max(height, width) > MAX_EXTENT:
            raise ModelError(f"extent {self} cannot be scaled by {numerator}/{denominator}")
        return Extent(0, height, width)

    def __str__(self) -> str:
        return f"picture/{self.divisor}" if self.divisor else f"{self.width}x{self.height}"


@dataclass(frozen=True)
class TensorInfo:
    """What is known of a tensor before running: channels, extent, value range (both included)."""

    channels: int
    extent: Extent
    low: int
    high: int

    @property
    def magnitude(self) -> int:
        """Largest absolute value."""
        return max(abs(self.low), abs(self.high))


@dataclass(frozen=True)
class Operator:
    """One step of a graph."""

    op: str
    inputs: tuple[str, ...]
    output: str
    attributes: Mapping[str, int]
    tensors: Mapping[str, str]
    extent: Extent | None


@dataclass(frozen=True)
class Graph:
    """Declared inputs, operators in order, and the names of the outputs."""

    name: str
    inputs: Mapping[str, TensorInfo]
    operators: tuple[Operator, ...]
    outputs: tuple[str, ...]


def parse_graph(name: str, data: Any) -> Graph:
    """The graph described by parsed JSON; raises ModelError naming the element."""
    if not _is_name(name):
        raise ModelError(f"graph name {name!r:.80}: shall match {_NAME.pattern}")
    _keys(f"graph {name}", data, {"inputs", "operators", "outputs"})
    where = f"graph {name}"
    if not isinstance(data["inputs"], dict) or not 1 <= len(data["inputs"]) <= 16:
        raise ModelError(f"{where}: inputs: shall be 1 to 16 named tensors")
    inputs = {key: _input(f"{where}: input {key}", value) for key, value in data["inputs"].items()}
    if not isinstance(data["operators"], list) or not 1 <= len(data["operators"]) <= MAX_OPERATORS:
        raise ModelError(f"{where}: operators: shall be a list of 1 to {MAX_OPERATORS}")
    known = set(inputs)
    operators = []
    for i, item in enumerate(data["operators"]):
        operator = _operator(f"{where}: operator {i}", item, known)
        known.add(operator.output)
        operators.append(operator)
    outputs = data["outputs"]
    if not isinstance(outputs, list) or not 1 <= len(outputs) <= 16:
        raise ModelError(f"{where}: outputs: shall be a list of 1 to 16 names")
    for output in outputs:
        if not _is_name(output) or output not in known:
            raise ModelError(f"{where}: output {output!r:.80}: no such tensor")
    return Graph(name, inputs, tuple(operators), tuple(outputs))


def _is_name(value: object) -> bool:
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def _keys(where: str, data: Any, wanted: set[str]) -> None:
    if not isinstance(data, dict) or set(data) != wanted:
        found = sorted(map(str, data))[:8] if isinstance(data, dict) else type(data).__name__
        raise ModelError(f"{where}: keys {found!s:.200}: shall be {sorted(wanted)}")


def _integer(where: str, value: Any, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ModelError(f"{where} = {value!r:.40}: shall be an integer in {low}..{high}")
    return value


def parse_extent(where: str, value: Any) -> Extent:
    """'picture/4' or '64x64' (width by height)."""
    match = _EXTENT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ModelError(f"{where} = {value!r:.40}: shall be picture/1, 2, 4, 8 or WIDTHxHEIGHT")
    if match[1]:
        return Extent(int(match[1]))
    width, height = int(match[2]), int(match[3])
    if not (1 <= width <= MAX_EXTENT and 1 <= height <= MAX_EXTENT):
        raise ModelError(f"{where} = {value}: each side shall be in 1..{MAX_EXTENT}")
    return Extent(0, height, width)


def _input(where: str, data: Any) -> TensorInfo:
    _keys(where, data, {"channels", "extent", "range"})
    bounds = data["range"]
    if not isinstance(bounds, list) or len(bounds) != 2:
        raise ModelError(f"{where}: range: shall be two integers")
    low = _integer(f"{where}: range low", bounds[0], _VALUE.low, _VALUE.high)
    high = _integer(f"{where}: range high", bounds[1], low, _VALUE.high)
    channels = _integer(f"{where}: channels", data["channels"], 1, MAX_CHANNELS)
    return TensorInfo(channels, parse_extent(f"{where}: extent", data["extent"]), low, high)


def _operator(where: str, data: Any, known: set[str]) -> Operator:
    op = data.get("op") if isinstance(data, dict) else None
    rule = OPERATORS.get(op) if isinstance(op, str) else None
    if rule is None or not isinstance(op, str):
        raise ModelError(f"{where}: op {op!r:.40}: shall be one of {', '.join(OPERATORS)}")
    where = f"{where} ({op})"
    wanted = {"op", "in", "out", *rule.attributes, *rule.tensors}
    _keys(where, data, wanted | ({"extent"} if rule.extent else set()))
    inputs, output = data["in"], data["out"]
    low, high = rule.inputs
    if not isinstance(inputs, list) or not low <= len(inputs) <= high:
        raise ModelError(f"{where}: in: shall be a list of {low} to {high} names")
    for name in inputs:
        if not _is_name(name) or name not in known:
            raise ModelError(f"{where}: input {name!r:.80}: no such tensor before this operator")
    if not _is_name(output) or output in known:
        raise ModelError(f"{where}: out {output!r:.80}: shall be a new name")
    attributes = {
        key: _integer(f"{where}: {key}", data[key], a.low, a.high)
        for key, a in rule.attributes.items()
    }
    for key in rule.tensors:
        if not isinstance(data[key], str):
            raise ModelError(f"{where}: {key}: shall be the name of a tensor of the file")
    tensors = {key: data[key] for key in rule.tensors}
    extent = parse_extent(f"{where}: extent", data["extent"]) if rule.extent else None
    return Operator(op, tuple(inputs), output, attributes, tensors, extent)

"""From a trained float twin to a normative model file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors.numpy import save

from reference_sw.encoder.analysis import MotionParameters
from reference_sw.encoder.twin import (
    ACTIVATION_MAX,
    BLEND_BIAS,
    HEAT_VARIANCE,
    MOTION_GRID,
    SCALE,
    FaceTwin,
    QuantConv,
    weight_exponents,
)
from reference_sw.network.model_file import FORMAT
from reference_sw.network.runtime import IntegerModel

POINT_SCALE = 1024
MATRIX_SCALE = 256
POINT_MAX = 1536
MATRIX_MAX = 1024
HEAT_PEAK_BITS = 11
Item = dict[str, Any]


class _Builder:
    """Collects operators and tensors of one graph."""

    def __init__(self, tensors: dict[str, npt.NDArray[Any]]) -> None:
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


def _tables() -> dict[str, npt.NDArray[Any]]:
    """Integer tables: soft-max weights, two sigmoids (0..256), heat along one axis."""
    logits = np.arange(-1024, 1024) / SCALE
    distance = (np.arange(192) + 0.5) * 32 / 8192
    heat = np.exp(-(distance**2) / (2 * HEAT_VARIANCE)) * (1 << HEAT_PEAK_BITS)
    tables = {
        "exponential": np.exp(-np.arange(2048) / SCALE) * 65535,
        "occlusion": 256 / (1 + np.exp(-logits)),
        "blend": 256 / (1 + np.exp(-(logits + BLEND_BIAS))),
        "heat": heat,
    }
    return {name: np.floor(t + 0.5).astype(np.uint16) for name, t in tables.items()}


def _input(channels: int, extent: str, low: int, high: int) -> Item:
    return {"channels": channels, "extent": extent, "range": [low, high]}


def _key_graph(twin: FaceTwin, tensors: dict[str, npt.NDArray[Any]]) -> Item:
    """What is computed once for a key picture."""
    b, net = _Builder(tensors), twin.synthesis
    small = b.add("area_resize", ["key"], "key.resized", extent=f"{MOTION_GRID}x{MOTION_GRID}")
    small = b.add("offset", [small], "small", value=-128)
    x = b.add("offset", ["key"], "key.centred", value=-128)
    x = b.add("pixel_unshuffle", [x], "key.unshuffled")
    high = b.conv("high", net.key_high, x)
    low = b.conv("low0", net.key_low, b.add("pixel_unshuffle", [high], "high.unshuffled"))
    low = b.conv("low", net.key_low2, low, low)
    outputs = [small, high, low]
    inputs = {"key": _input(3, "picture/1", 0, 255)}
    return {"inputs": inputs, "operators": b.operators, "outputs": outputs}


def _motion(b: _Builder, twin: FaceTwin) -> tuple[str, str, str]:
    """Names of displacement, occlusion weights and features."""
    net, count = twin.motion, twin.layout["num_points"]
    grid = f"{MOTION_GRID}x{MOTION_GRID}"
    parameters = ["key_points", "key_matrices", "points", "matrices"]
    candidates = b.add("affine_motion", parameters, "candidates", extent=grid)
    warped = b.add("warp", ["small", candidates], "candidates.warped")
    heat = b.add(
        "heat_difference",
        ["points", "key_points"],
        "heat",
        table="heat",
        shift=2 * HEAT_PEAK_BITS - 7,
        extent=grid,
    )
    x = b.add("concat", [warped, heat], "motion.in")
    s0 = b.conv("motion.enter", net.enter, x)
    s1 = b.conv("motion.down1", net.down1, b.down(s0))
    s2 = b.conv("motion.down2", net.down2, b.down(s1))
    y = b.conv("motion.down3", net.down3, b.down(s2))
    y = b.conv("motion.up3", net.up3, b.up(y), s2)
    y = b.conv("motion.up2", net.up2, b.up(y), s1)
    features = b.conv("motion.up1", net.up1, b.up(y), s0)
    head = b.conv("motion.head", net.head, features)
    logits = b.add("channels", [head], "logits", first=0, count=count + 1)
    flow = b.add("mix_motion", [logits, candidates], "flow.mixed", table="exponential")
    extra = b.add("channels", [head], "flow.head", first=count + 1, count=2)
    doubled = b.add("add", [extra, extra], "flow.correction")
    flow = b.add("add", [flow, doubled], "flow")
    logit = b.add("channels", [head], "occlusion.logit", first=count + 3, count=1)
    occlusion = b.add("table", [logit], "occlusion", first=-1024, table="occlusion")
    return flow, occlusion, features


def _picture_graph(twin: FaceTwin, tensors: dict[str, npt.NDArray[Any]]) -> Item:
    """What is computed for each picture."""
    b, net = _Builder(tensors), twin.synthesis
    flow, occlusion, features = _motion(b, twin)
    warped = b.add("warp_cubic", ["key", b.at(flow, "picture/1")], "key.moved")
    warped = b.clamp(warped, "warped", 0, 255)
    moved = {}
    for name, extent in (("high", "picture/2"), ("low", "picture/4")):
        x = b.add("warp", [name, b.at(flow, extent)], f"{name}.warped")
        moved[name] = b.add("multiply", [x, b.at(occlusion, extent)], f"{name}.moved", shift=8)
    y = b.conv("synthesis.motion", net.motion, b.at(features, "picture/4"), moved["low"])
    for i in (0, 2):
        first, second = net.residual[i], net.residual[i + 1]
        if not (isinstance(first, QuantConv) and isinstance(second, QuantConv)):
            raise TypeError("residual blocks hold QuantConv")
        y = b.conv(f"residual{i + 1}", second, b.conv(f"residual{i}", first, y), y)
    y = b.add("pixel_shuffle", [b.conv("expand", net.expand, y)], "expand.shuffled")
    y = b.clamp(b.add("add", [y, moved["high"]], "merge.sum"), "merge.in", 0)
    y = b.conv("merge2", net.merge2, b.conv("merge1", net.merge1, y), y)
    y = b.add("pixel_shuffle", [b.conv("exit", net.exit, y)], "exit.shuffled")
    rgb = b.add("channels", [y], "synthesis.centred", first=0, count=3)
    rgb = b.clamp(b.add("offset", [rgb], "synthesis.sum", value=128), "synthesised", 0, 255)
    logit = b.add("channels", [y], "blend.logit", first=3, count=1)
    blend = b.add("table", [logit], "blend", first=-1024, table="blend")
    change = b.add("subtract", [rgb, warped], "change")
    change = b.add("multiply", [change, blend], "change.weighted", shift=8)
    output = b.clamp(b.add("add", [warped, change], "output.sum"), "output", 0, 255)
    return {
        "inputs": _picture_inputs(twin),
        "operators": b.operators,
        "outputs": [output, warped],
    }


def _picture_inputs(twin: FaceTwin) -> Item:
    k = twin.layout["num_points"]
    points, matrices = (
        _input(2 * k, "1x1", -POINT_MAX, POINT_MAX),
        _input(4 * k, "1x1", -MATRIX_MAX, MATRIX_MAX),
    )
    return {
        "key": _input(3, "picture/1", 0, 255),
        "small": _input(3, f"{MOTION_GRID}x{MOTION_GRID}", -128, 127),
        "high": _input(twin.layout["high"], "picture/2", 0, ACTIVATION_MAX),
        "low": _input(twin.layout["low"], "picture/4", 0, ACTIVATION_MAX),
        "key_points": points,
        "key_matrices": matrices,
        "points": points,
        "matrices": matrices,
    }


def model_bytes(twin: FaceTwin, name: str) -> bytes:
    """The model file of a twin: graphs `key` and `picture`. Source: specification clause 13.2."""
    tensors: dict[str, npt.NDArray[Any]] = _tables()
    graphs = {"key": _key_graph(twin, tensors), "picture": _picture_graph(twin, tensors)}
    text = json.dumps(graphs, separators=(",", ":"))
    ordered = dict(sorted(tensors.items()))
    return save(ordered, metadata={"format": FORMAT, "graphs": text, "name": name})


def export_model(twin: FaceTwin, name: str, path: Path) -> None:
    """Writes the model file, whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(model_bytes(twin, name))
    part.replace(path)


def integer_parameters(parameters: MotionParameters) -> dict[str, torch.Tensor]:
    """points in 2^-10 and matrices in 2^-8, (N, C, 1, 1) int32, rounded and clipped."""
    points = torch.floor(parameters.points.flatten(1) * POINT_SCALE + 0.5)
    matrices = torch.floor(parameters.matrices.flatten(1) * MATRIX_SCALE + 0.5)
    return {
        "points": points.clamp(-POINT_MAX, POINT_MAX).int()[..., None, None],
        "matrices": matrices.clamp(-MATRIX_MAX, MATRIX_MAX).int()[..., None, None],
    }


def float_parameters(values: dict[str, torch.Tensor]) -> MotionParameters:
    """The inverse of `integer_parameters` on its grid."""
    n = len(values["points"])
    return MotionParameters(
        values["points"].float().reshape(n, -1, 2) / POINT_SCALE,
        values["matrices"].float().reshape(n, -1, 2, 2) / MATRIX_SCALE,
    )


def compare(
    model: IntegerModel,
    twin: FaceTwin,
    key: torch.Tensor,
    key_parameters: MotionParameters,
    current: MotionParameters,
) -> tuple[float, int]:
    """(mean, maximum) absolute difference of the integer output and the simulated one, 0..255.

    key: (N, 3, H, W) uint8.
    """
    size = (key.shape[2], key.shape[3])
    first, second = integer_parameters(key_parameters), integer_parameters(current)
    state = model.run("key", {"key": key}, size)
    renamed = {f"key_{name}": value for name, value in first.items()}
    out = model.run("picture", {"key": key, **state, **renamed, **second}, size)["output"]
    twin.set_quantise(True)
    with torch.no_grad():
        simulated = twin(key.float(), float_parameters(first), float_parameters(second)).output
    difference = (torch.floor(simulated + 0.5) - out).abs()
    return float(difference.mean()), int(difference.max())

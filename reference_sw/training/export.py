"""From a trained float twin to a normative model file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save

from reference_sw.decoder.synthesis import key_inputs
from reference_sw.encoder.motion_network import MOTION_GRID
from reference_sw.encoder.motion_parameters import (
    MotionParameters,
    float_parameters,
    integer_parameters,
)
from reference_sw.encoder.quantised_layers import ACTIVATION_MAX, SCALE, QuantConv
from reference_sw.encoder.restoration import RestorationNetwork
from reference_sw.encoder.twin import BLEND_BIAS, FaceTwin
from reference_sw.network.model_file import FORMAT
from reference_sw.network.runtime import IntegerModel
from reference_sw.training.graph_builder import GraphBuilder, Item, Tensors, graph_input
from reference_sw.training.motion_graphs import motion_inputs, motion_operators, motion_tables


def _tables() -> Tensors:
    """Integer tables of all families: two sigmoids, 0..256."""
    logits = np.arange(-1024, 1024) / SCALE
    tables = {
        "occlusion": 256 / (1 + np.exp(-logits)),
        "blend": 256 / (1 + np.exp(-(logits + BLEND_BIAS))),
    }
    return {name: np.floor(t + 0.5).astype(np.uint16) for name, t in tables.items()}


def _restored(b: GraphBuilder, net: RestorationNetwork) -> str:
    """The restored key picture."""
    x = b.add("pixel_unshuffle", [b.add("offset", ["key"], "coded", value=-128)], "coded.in")
    high = b.conv("restore.enter", net.enter, x)
    y = b.conv("restore.down", net.down, b.add("pixel_unshuffle", [high], "restore.unshuffled"))
    for i, (first, second) in enumerate(net.blocks()):
        y = b.conv(f"restore.second{i}", second, b.conv(f"restore.first{i}", first, y), y)
    y = b.add("pixel_shuffle", [b.conv("restore.expand", net.expand, y)], "restore.shuffled")
    y = b.clamp(b.add("add", [y, high], "restore.sum"), "restore.merged", 0)
    y = b.conv("restore.merge2", net.merge2, b.conv("restore.merge1", net.merge1, y), y)
    change = b.add("pixel_shuffle", [b.conv("restore.exit", net.exit, y)], "restore.change")
    return b.clamp(b.add("add", ["key", change], "restored.sum"), "restored", 0, 255)


def _key_graph(twin: FaceTwin, tensors: Tensors, restoration: RestorationNetwork | None) -> Item:
    """What is computed once for a key picture."""
    b, net = GraphBuilder(tensors), twin.synthesis
    key = _restored(b, restoration) if restoration else "key"
    small = b.add("area_resize", [key], "key.resized", extent=f"{MOTION_GRID}x{MOTION_GRID}")
    small = b.add("offset", [small], "small", value=-128)
    x = b.add("offset", [key], "key.centred", value=-128)
    x = b.add("pixel_unshuffle", [x], "key.unshuffled")
    high = b.conv("high", net.key_high, x)
    low = b.conv("low0", net.key_low, b.add("pixel_unshuffle", [high], "high.unshuffled"))
    low = b.conv("low", net.key_low2, low, low)
    outputs = [small, high, low, *([key] if restoration else [])]
    inputs = {"key": graph_input(3, "picture/1", 0, 255)}
    return {"inputs": inputs, "operators": b.operators, "outputs": outputs}


def _picture_graph(twin: FaceTwin, tensors: Tensors) -> Item:
    """What is computed for each picture."""
    b, net = GraphBuilder(tensors), twin.synthesis
    flow, occlusion, features = motion_operators(b, twin.motion)
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
    net = twin.synthesis
    return {
        "key": graph_input(3, "picture/1", 0, 255),
        "small": graph_input(3, f"{MOTION_GRID}x{MOTION_GRID}", -128, 127),
        "high": graph_input(net.key_high.out_channels, "picture/2", 0, ACTIVATION_MAX),
        "low": graph_input(net.key_low.out_channels, "picture/4", 0, ACTIVATION_MAX),
        **motion_inputs(twin.motion),
    }


def model_bytes(twin: FaceTwin, name: str, restoration: RestorationNetwork | None = None) -> bytes:
    """The model file of a twin: graphs `key` and `picture`. Source: specification clause 13.2."""
    tensors = _tables() | motion_tables(twin.motion)
    graphs = {
        "key": _key_graph(twin, tensors, restoration),
        "picture": _picture_graph(twin, tensors),
    }
    text = json.dumps(graphs, separators=(",", ":"))
    ordered = dict(sorted(tensors.items()))
    return save(ordered, metadata={"format": FORMAT, "graphs": text, "name": name})


def export_model(
    twin: FaceTwin, name: str, path: Path, restoration: RestorationNetwork | None = None
) -> None:
    """Writes the model file, whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(model_bytes(twin, name, restoration))
    part.replace(path)


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
    state = key_inputs(model, key, size)
    renamed = {f"key_{name}": value for name, value in first.items()}
    out = model.run("picture", {**state, **renamed, **second}, size)["output"]
    twin.set_quantise(True)
    with torch.no_grad():
        seen = state["key"].float()
        simulated = twin(seen, float_parameters(first), float_parameters(second)).output
    difference = (torch.floor(simulated + 0.5) - out).abs()
    return float(difference.mean()), int(difference.max())

"""A small model that uses every operator, with weights drawn from a seed."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import save

from reference_sw.network.model_file import FORMAT, parse_model
from reference_sw.network.runtime import IntegerModel, compile_model

Item = dict[str, Any]
K = 2


def op(name: str, inputs: str, output: str, **attributes: Any) -> Item:
    return {"op": name, "in": inputs.split(), "out": output, **attributes}


def conv(inputs: str, output: str, stride: int = 1, padding: int = 1, groups: int = 1) -> Item:
    tensors = {key: f"{output}.{key}" for key in ("weight", "bias", "shift")}
    return op("conv2d", inputs, output, stride=stride, padding=padding, groups=groups, **tensors)


def tensor_input(channels: int, extent: str, low: int, high: int) -> Item:
    return {"channels": channels, "extent": extent, "range": [low, high]}


OPERATORS: list[Item] = [
    op("area_resize", "picture", "small", extent="64x64"),
    op("offset", "small", "centred", value=-128),
    op("affine_motion", "kp km p m", "candidates", extent="64x64"),
    op("warp", "centred candidates", "moved"),
    op("heat_difference", "p kp", "heat", table="heat", shift=15, extent="64x64"),
    op("concat", "moved heat", "joined"),
    conv("joined", "c1"),
    op("clamp", "c1", "a1", low=0, high=1023),
    op("average_pool", "a1", "a1.half"),
    conv("a1.half", "c2", groups=4),
    op("clamp", "c2", "a2", low=0, high=1023),
    op("upsample", "a2", "a2.up"),
    op("channels", "a2.up", "logits0", first=0, count=3),
    op("offset", "logits0", "logits", value=-500),
    op("mix_motion", "logits candidates", "flow", table="exponential"),
    op("bilinear_resize", "flow", "flow.full", extent="picture/1"),
    op("warp_cubic", "picture flow.full", "moved.full"),
    op("clamp", "moved.full", "warped", low=0, high=255),
    op("pixel_unshuffle", "warped", "halved"),
    conv("halved", "c3", stride=2),
    op("clamp", "c3", "a3", low=-1024, high=1023),
    op("bilinear_resize", "logits", "logits.quarter", extent="picture/4"),
    op("channels", "logits.quarter", "gate.logit", first=1, count=1),
    op("table", "gate.logit", "gate", first=-512, table="sigmoid"),
    op("multiply", "a3 gate", "gated", shift=8),
    conv("gated", "c4", padding=0),
    op("pixel_shuffle", "c4", "c4.double"),
    op("pixel_shuffle", "c4.double", "c4.full"),
    op("subtract", "warped c4.full", "difference"),
    op("add", "difference picture", "sum"),
    op("clamp", "sum", "out", low=0, high=255),
]
INPUTS: Item = {
    "picture": tensor_input(3, "picture/1", 0, 255),
    "kp": tensor_input(2 * K, "1x1", -1536, 1536),
    "km": tensor_input(4 * K, "1x1", -1024, 1024),
    "p": tensor_input(2 * K, "1x1", -1536, 1536),
    "m": tensor_input(4 * K, "1x1", -1024, 1024),
}


def tensors(seed: int = 1) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    shapes = {"c1": (8, 11, 3, 3), "c2": (8, 2, 3, 3), "c3": (12, 12, 3, 3), "c4": (48, 12, 1, 1)}
    found: dict[str, np.ndarray] = {}
    for name, shape in shapes.items():
        found[f"{name}.weight"] = rng.integers(-127, 128, shape).astype(np.int8)
        found[f"{name}.bias"] = rng.integers(-5000, 5000, shape[0]).astype(np.int32)
        found[f"{name}.shift"] = rng.integers(8, 11, shape[0]).astype(np.uint8)
    found["heat"] = (2048 * np.exp(-((np.arange(192) / 45) ** 2))).astype(np.uint16)
    found["exponential"] = (65535 * np.exp(-np.arange(1024) / 128)).astype(np.uint16)
    found["sigmoid"] = (256 / (1 + np.exp(-np.arange(-512, 512) / 128))).astype(np.uint16)
    return found


def file_bytes(graphs: Any = None, found: dict[str, np.ndarray] | None = None) -> bytes:
    graphs = graphs or {
        "all": {
            "inputs": INPUTS,
            "operators": OPERATORS,
            "outputs": ["out", "flow", "gated", "moved.full"],
        }
    }
    metadata = {"format": FORMAT, "name": "every-operator", "graphs": json.dumps(graphs)}
    return bytes(save(found or tensors(), metadata=metadata))


def model(data: bytes | None = None) -> IntegerModel:
    return compile_model(parse_model(data or file_bytes()))


def inputs_for(
    compiled: IntegerModel, graph: str, size: tuple[int, int], batch: int = 1, seed: int = 2
) -> dict[str, torch.Tensor]:
    """Random integers that fill every declared range; motion parameters near rest."""
    rng = np.random.default_rng(seed)
    found = {}
    for name, info in compiled.graphs[graph].graph.inputs.items():
        shape = (batch, info.channels, *info.extent.at(*size))
        values = rng.integers(info.low, info.high + 1, shape)
        if info.channels % 4 == 0 and info.extent.divisor == 0 and info.extent.height == 1:
            values = values // 8
            values[:, 0::4] += 230
            values[:, 3::4] += 230
        found[name] = torch.from_numpy(values.clip(info.low, info.high))
    return found


def digest(compiled: IntegerModel, graph: str, values: dict[str, torch.Tensor]) -> str:
    """SHA-256 of all outputs of a graph, picture by picture."""
    picture = next(v for n, v in values.items() if v.shape[-1] > 64)
    out = compiled.run(graph, values, (picture.shape[2], picture.shape[3]))
    total = hashlib.sha256()
    for name in sorted(out):
        total.update(out[name].contiguous().numpy().astype("<i4").tobytes())
    return total.hexdigest()


def all_digests(paths: list[Path]) -> list[str]:
    """Digests of the small model and of the graph `picture` of each model file."""
    compiled = model()
    found = [digest(compiled, "all", inputs_for(compiled, "all", (128, 136), batch=2))]
    for path in paths:
        compiled = model(path.read_bytes())
        values = inputs_for(compiled, "picture", (128, 136), batch=2)
        found.append(digest(compiled, "picture", values))
    return found


def main() -> None:
    """Prints the digests that this process's environment gives."""
    torch.set_num_threads(int(sys.argv[1]))
    print("\n".join(all_digests([Path(name) for name in sys.argv[2:]])))


if __name__ == "__main__":
    main()

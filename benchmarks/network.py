"""Integer networks against 40 ms a picture, and against the same network in float."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import torch

from reference_sw.decoder.parameters import UNITS
from reference_sw.decoder.synthesis import key_inputs
from reference_sw.encoder.motion_parameters import float_parameters
from reference_sw.encoder.twin_of_model import load_twin
from reference_sw.network.runtime import IntegerModel, load_model

Row = tuple[str, float, float, float, float]
MODELS = Path(__file__).parents[1] / "reference_sw" / "models"
SIZE = (256, 256)
ROUNDS = 7
REAL_TIME = 1 / 25
LEAST_AGAINST_FLOAT = 0.8


def run() -> list[Row]:
    """Return rows (name, ours, peer, ratio, target): seconds, seconds, peer / ours, at least."""
    rows: list[Row] = []
    for path in sorted(MODELS.glob("*.safetensors")):
        if not path.name.endswith(".analysis.safetensors"):
            rows += _rows_of(path)
    return rows


def _rows_of(path: Path) -> list[Row]:
    model = load_model(path)
    twin = load_twin(model)
    twin.set_quantise(False)
    key = torch.randint(0, 256, (1, 3, *SIZE), generator=torch.manual_seed(1))
    own, other = _parameters(model, 0), _parameters(model, 40)
    inputs = {**key_inputs(model, key, SIZE), **other}
    inputs |= {f"key_{name}": value for name, value in own.items()}
    pair = [float_parameters(own), float_parameters(other)]

    def ours() -> None:
        model.run("picture", inputs, SIZE)

    def with_key() -> None:
        model.run("key", {"key": key}, SIZE)
        model.run("picture", inputs, SIZE)

    def peer() -> None:
        with torch.no_grad():
            twin(key.float(), *pair)

    ours_s, with_key_s, peer_s = (_least_seconds(f) for f in (ours, with_key, peer))
    threads = torch.get_num_threads()
    name = f"{model.name}, 256x256, {threads} thread{'s' if threads > 1 else ''}"
    return [
        (f"{name}, 25 pictures/s", ours_s, REAL_TIME, REAL_TIME / ours_s, 1.0),
        (f"{name}, float twin", with_key_s, peer_s, peer_s / with_key_s, LEAST_AGAINST_FLOAT),
    ]


def _parameters(model: IntegerModel, moved: int) -> dict[str, torch.Tensor]:
    """Parameters of a picture in the shapes of the model's inputs; matrices are the identity."""
    found = {}
    for name in UNITS:
        info = model.graphs["picture"].graph.inputs.get(name)
        if info is None:
            continue
        shape = (1, info.channels, *info.extent.at(*SIZE))
        if name == "matrices":
            identity = (256 * torch.eye(2, dtype=torch.int64)).flatten()
            found[name] = identity.repeat(info.channels // 4).reshape(shape)
        else:
            found[name] = torch.randint(-700, 700, shape, generator=torch.manual_seed(2)) + moved
    return found


def _least_seconds(run_once: Callable[[], None]) -> float:
    run_once()
    times = []
    for _ in range(ROUNDS):
        since = time.perf_counter()
        run_once()
        times.append(time.perf_counter() - since)
    return min(times)

"""The float twin of a shipped model, so that an encoder can follow gradients through it."""

from __future__ import annotations

import torch
from torch import Tensor

from reference_sw.encoder.feature_motion import FeatureMotion
from reference_sw.encoder.quantised_layers import SCALE, QuantConv
from reference_sw.encoder.twin import FaceTwin, keypoint_twin
from reference_sw.network.errors import ModelError
from reference_sw.network.runtime import IntegerModel

# Names of the twin's modules to names of the model's tensors.
_RENAMED = {
    "synthesis.key_high": "high",
    "synthesis.key_low": "low0",
    "synthesis.key_low2": "low",
    "synthesis.expand": "expand",
    "synthesis.merge1": "merge1",
    "synthesis.merge2": "merge2",
    "synthesis.exit": "exit",
}


def _name(module: str) -> str:
    """The prefix of the tensors of a module."""
    if module.startswith("synthesis.residual."):
        return f"residual{module.rsplit('.', 1)[1]}"
    return _RENAMED.get(module, module)


def _tensor(model: IntegerModel, name: str) -> Tensor:
    if name not in model.tensors:
        raise ModelError(f"model {model.name}: no tensor {name}: not a network of this family")
    return torch.from_numpy(model.tensors[name]).double()


def _empty_twin(model: IntegerModel) -> FaceTwin:
    """A twin of the model's family and sizes."""

    def outputs(name: str) -> int:
        return len(_tensor(model, f"{name}.shift"))

    low, high, width = outputs("low"), outputs("high"), outputs("motion.enter")
    grid = (
        model.graphs["picture"].graph.inputs.get("features") if "picture" in model.graphs else None
    )
    if grid is not None:
        shape = (grid.channels, grid.extent.height, grid.extent.width)
        return FaceTwin(FeatureMotion(*shape, width), low, high)
    return keypoint_twin(outputs("motion.head") - 4, width, low, high)


def load_twin(model: IntegerModel) -> FaceTwin:
    """A twin with exactly the model's weights that simulates its rounding.

    Its parameters want no gradient. Source: specification clause 12.4.
    """
    twin = _empty_twin(model)
    for name, module in twin.named_modules():
        if not isinstance(module, QuantConv) or module.bias is None:
            continue
        prefix = _name(name)
        factor = 2.0 ** -_tensor(model, f"{prefix}.shift")
        weight = _tensor(model, f"{prefix}.weight") * factor[:, None, None, None]
        bias = _tensor(model, f"{prefix}.bias") * factor / SCALE
        if weight.shape != module.weight.shape:
            raise ModelError(
                f"model {model.name}: {prefix}.weight {tuple(weight.shape)}: shall be "
                f"{tuple(module.weight.shape)}"
            )
        with torch.no_grad():
            module.weight.copy_(weight)
            module.bias.copy_(bias)
    twin.set_quantise(True)
    return twin.requires_grad_(False).eval()

"""Checkpoints: weights and optimiser state as safetensors, so that a run can go on."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn


class CheckpointError(ValueError):
    """A checkpoint that does not fit the run."""


def save_checkpoint(
    path: Path, modules: dict[str, nn.Module], optimisers: dict[str, torch.optim.Adam], step: int
) -> None:
    """Writes the file, whole or not at all."""
    tensors: dict[str, Tensor] = {}
    for name, module in modules.items():
        tensors |= {f"{name}/{key}": value for key, value in module.state_dict().items()}
    for name, optimiser in optimisers.items():
        for i, parameter in enumerate(optimiser.param_groups[0]["params"]):
            for key, value in optimiser.state[parameter].items():
                tensors[f"{name}/{i}/{key}"] = torch.as_tensor(value)
    part = path.with_name(path.name + ".part")
    copies = {key: value.detach().clone().contiguous() for key, value in tensors.items()}
    save_file(copies, part, metadata={"format": "gvc-checkpoint-1", "step": str(step)})
    part.replace(path)


def load_checkpoint(
    path: Path, modules: dict[str, nn.Module], optimisers: dict[str, torch.optim.Adam]
) -> int:
    """Restores modules and optimisers whose state the file holds; returns the step."""
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in list(file.keys())}
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{path}: cannot be read: {error}") from error
    if header.get("format") != "gvc-checkpoint-1" or not header.get("step", "").isdecimal():
        raise CheckpointError(f"{path}: not a checkpoint of format gvc-checkpoint-1")
    for name, module in modules.items():
        part = {k.split("/", 1)[1]: v for k, v in tensors.items() if k.startswith(f"{name}/")}
        if not part:
            continue
        try:
            module.load_state_dict(part)
        except RuntimeError as error:
            text = " ".join(str(error).split())[:200]
            raise CheckpointError(f"{path}: {name}: {text}") from error
    for name, optimiser in optimisers.items():
        for i, parameter in enumerate(optimiser.param_groups[0]["params"]):
            for key, value in optimiser.state[parameter].items():
                if f"{name}/{i}/{key}" in tensors:
                    value.copy_(tensors[f"{name}/{i}/{key}"])
    return int(header["step"])
